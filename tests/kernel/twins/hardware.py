"""Hardware of which nothing is known: what is read is chance, the same chance for every execution with one seed.

The n-th read of an address gives a number that depends on nothing but the seed, the address and n, unless memory was
written there. All accesses are noted, so that two executions can be compared.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import pytest

from keelback.lang import memory, registers, u64
from keelback.lang.memory import FAKE_ADDRESSES_START
from keelback.lang.registers import Device, Register, register_width_bits

SOME_CLASSES = (0x01, 0x07, 0x15, 0x16, 0x17, 0x18, 0x20, 0x24, 0x2F, 0x3C)
"""Of exceptions (Arm DDI 0487, ESR_EL2.EC): what components and guests do most."""
ACCESS_LIMIT = 600
SOME_WORDS = (0, 1, 2, 3, 0xFF, 1023, 1 << 31, (1 << 64) - 1)

Access: TypeAlias = tuple[int, int, int | None]
"""Address, width in bytes, and what was written, if it was."""


class Exhausted(Exception):
    """There were more accesses than anybody needs."""


class Hardware:
    """Registers and memory. `given` is what memory holds, in pieces by address, `answers` what is always read at an
    address; `end` is called when it is too much."""

    def __init__(
        self,
        seed: int,
        given: Mapping[int, bytes],
        answers: Mapping[int, int],
        end: Callable[[], None] = lambda: None,
    ) -> None:
        self._answers = answers
        self._end = end
        self._seed = seed
        self._bytes = {start + offset: byte for start, data in given.items() for offset, byte in enumerate(data)}
        self._given = [range(start, start + len(data)) for start, data in given.items()]
        self._reads: Counter[int] = Counter()
        self.accesses: list[Access] = []

    def read(self, address: int, width_bytes: int) -> int:
        self._note((address, width_bytes, None))
        if any(address in part for part in self._given):
            return sum(self._bytes.get(address + n, 0) << 8 * n for n in range(width_bytes))
        if address in self._answers:
            return self._answers[address] & (1 << 8 * width_bytes) - 1
        self._reads[address] += 1
        chance = random.Random(hash((self._seed, address, self._reads[address])))
        return draw_word(chance) & (1 << 8 * width_bytes) - 1

    def write(self, address: int, width_bytes: int, value: int) -> None:
        self._note((address, width_bytes, value))

    def _note(self, access: Access) -> None:
        self.accesses.append(access)
        if len(self.accesses) > ACCESS_LIMIT:
            self._end()
            raise Exhausted


def draw_word(chance: random.Random) -> int:
    """A number as the kernel may find it anywhere: often small, or of few bits."""
    kind = chance.randrange(5)
    if kind == 0:
        return chance.choice(SOME_WORDS)
    if kind == 1:
        return chance.randrange(64)
    if kind == 2:
        return 1 << chance.randrange(64)
    if kind == 3:
        return chance.choice(SOME_CLASSES) << 26 | chance.getrandbits(26)
    return chance.getrandbits(64)


@contextmanager
def connected(hardware: Hardware, system_registers: Mapping[str, int]) -> Generator[None]:
    """CPython's windows, devices and system registers (at the addresses given, by name) are this hardware."""
    read_bytes, write_bytes = memory.read_bytes, memory.write_bytes

    def read(address: int, length: int) -> bytes:
        if address >= FAKE_ADDRESSES_START:
            return read_bytes(address, length)
        return hardware.read(address, length).to_bytes(length, "little")

    def write(address: int, data: bytes) -> None:
        if address >= FAKE_ADDRESSES_START:
            write_bytes(address, data)
        else:
            hardware.write(address, len(data), int.from_bytes(data, "little"))

    def read_raw(device: Device, offset: int) -> int:
        return hardware.read(device.base + offset, width_of(device, offset))

    def write_raw(device: Device, offset: int, value: int) -> None:
        hardware.write(device.base + offset, width_of(device, offset), value)

    def read_register(register: Any) -> u64:
        return u64(hardware.read(system_registers[register.name], 8))

    def write_register(register: Any, value: u64) -> None:
        hardware.write(system_registers[register.name], 8, int(value))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "read_bytes", read)
        patch.setattr(memory, "write_bytes", write)
        patch.setattr(Device, "read_raw", read_raw)
        patch.setattr(Device, "write_raw", write_raw)
        patch.setattr(registers.ReadOnlySystemRegister, "read", read_register)
        patch.setattr(registers.SystemRegister, "write", write_register)
        yield


def width_of(device: Device, offset: int) -> int:
    """How wide the register is that lies there, in bytes."""
    for declared in vars(type(device)).values():
        if isinstance(declared, Register):
            known: Register[Any] = declared
            if any(known.offset + n * known.stride == offset for n in range(known.count)):
                return register_width_bits(known.kind) // 8
    raise LookupError(f"no register at {offset:#x}")

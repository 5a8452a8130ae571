"""Runs a component in CPython: modules loaded afresh, a kernel that records, rings seen from outside."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Generator, Mapping, MutableMapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from keelback.abi import syscalls
from keelback.lang import active_parameters
from keelback.lang.memory import read_bytes, write_bytes

PAGE_BYTES = 4096
RING_HEADER_BYTES = 16

NUMBER_OFFSET = 0x58
ANSWER_REGISTERS = (8, 9, 10, 0, 1, 2, 3, 4, 5, 6, 7)

Words = tuple[int, ...]
Handler = Callable[[int, Words], Words]
"""(slot, arguments) -> (status, x9, x10, x0, ...), what is missing being 0."""


class Kernel:
    """Stands in for the kernel: records every system call, and answers as `handlers` say, else with OK and zeros."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int, Words]] = []
        self.handlers: dict[int, Handler] = {}

    def enter(self, registers: MutableMapping[int, int], number: int) -> None:
        """A system call: `registers` holds x0 to x10 by offset in the kernel port, and afterwards the answer."""
        words = tuple(registers.get(8 * index, 0) for index in range(8))
        slot = registers.get(64, 0)
        self.calls.append((number, slot, words))
        handler = self.handlers.get(number)
        answer = (*(handler(slot, words) if handler else ()), *[0] * 11)[:11]
        for register, value in zip(ANSWER_REGISTERS, answer, strict=True):
            registers[8 * register] = value

    def take_signals(self) -> list[int]:
        """Slots signalled since the last time, in order."""
        slots = [slot for number, slot, _ in self.calls if number == syscalls.SIGNAL]
        self.calls.clear()
        return slots


class Component:
    """One component: `module(name)` is its own instance of a module, with its own state."""

    def __init__(
        self, root: str, parameters: Mapping[str, int | str], extra: tuple[str, ...], folder: Path | None
    ) -> None:
        self.kernel = Kernel()
        with _own_modules(folder) as modules, active_parameters(parameters):
            self.root: Any = importlib.import_module(root)
            for name in extra:
                importlib.import_module(name)
            gates: Any = importlib.import_module("keelback.user.runtime.gates")
            port: Any = gates.kernel_port
            port.on_write = partial(self._port_written, port.bus)
            self.modules: dict[str, ModuleType] = modules()

    def _port_written(self, bus: dict[int, int], offset: int, value: int) -> None:
        if offset == NUMBER_OFFSET:
            self.kernel.enter(bus, value)

    def module(self, name: str) -> Any:
        """Module `name`, as this component has it."""
        return self.modules[name]


def load(
    root: str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    extra: tuple[str, ...] = (),
    folder: Path | None = None,
) -> Component:
    """A fresh component; `folder` holds root modules that are not in the package."""
    return Component(root, parameters or {}, extra, folder)


@contextmanager
def _own_modules(folder: Path | None) -> Generator[Callable[[], dict[str, ModuleType]]]:
    siblings = {path.stem for path in folder.glob("*.py")} if folder else set[str]()

    def is_own(name: str) -> bool:
        return name in siblings or name == "keelback.user" or name.startswith("keelback.user.")

    before = {name: sys.modules.pop(name) for name in list(sys.modules) if is_own(name)}
    if folder:
        sys.path.insert(0, str(folder))
    try:
        yield lambda: {name: module for name, module in sys.modules.items() if is_own(name)}
    finally:
        if folder:
            sys.path.remove(str(folder))
        for name in [name for name in sys.modules if is_own(name)]:
            del sys.modules[name]
        sys.modules.update(before)


class Ring:
    """The other side of a component's ring, written on its own after docs/reference/runtime.md."""

    def __init__(self, address: int, size_bytes: int = PAGE_BYTES) -> None:
        self.address = address
        self.capacity = size_bytes - RING_HEADER_BYTES
        write_bytes(address, bytes(size_bytes))

    def field(self, offset: int) -> int:
        """head 0, tail 4, wanted 8."""
        return int.from_bytes(read_bytes(self.address + offset, 4), "little")

    def set_field(self, offset: int, value: int) -> None:
        """As a writer or reader would, or as none should."""
        write_bytes(self.address + offset, value.to_bytes(4, "little"))

    def waiting(self) -> int:
        """Bytes in the ring."""
        return (self.field(0) - self.field(4)) % self.capacity

    def feed(self, data: bytes) -> None:
        """Write, as the ring's writer."""
        assert len(data) < self.capacity - self.waiting(), "the test puts more than fits"
        head = self.field(0)
        for value in data:
            write_bytes(self.address + RING_HEADER_BYTES + head, bytes([value]))
            head = (head + 1) % self.capacity
        self.set_field(0, head)

    def drain(self) -> bytes:
        """Read all, as the ring's reader."""
        start, count = self.field(4), self.waiting()
        content = read_bytes(self.address + RING_HEADER_BYTES, self.capacity)
        self.set_field(4, (start + count) % self.capacity)
        return (content + content)[start : start + count]

"""Programs on the host: traps, callbacks, globals, system registers."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.compiler import HostProgram
from keelback.lang import Trap, TrapKind
from tests.compiler.support import on_host

PROGRAM = """
window: Final = Memory(0x1000, 64)
state: Final = array(u64, 2)
SYSTEM: Final = SystemRegister("esr_el2")
OTHER: Final = SystemRegister("s3_4_c12_c11_0")


class Port(Device):
    DATA = ReadWrite(u32, 0x4)


port: Final = Port(0x9000_0000)


def add(a: u8, b: u8) -> u8:
    return a + b


def read_window(offset: u64) -> u64:
    return window.load_u64(offset) + 1


def store(value: u64) -> None:
    state[1] = value


def exchange(value: u64) -> u64:
    old = SYSTEM.read()
    SYSTEM.write(value)
    OTHER.write(old)
    return old


def send(value: u32) -> u32:
    port.DATA.write(value)
    return port.DATA.read()


def divide(a: i64, b: bool) -> tuple[i64, bool]:
    return a - 1, not b
"""


@pytest.fixture
def compiled(tmp_path: Path) -> HostProgram:
    return on_host(tmp_path, PROGRAM)


def test_a_trap_is_an_exception_and_leaves_the_program_usable(compiled: HostProgram) -> None:
    for _ in range(3):
        with pytest.raises(Trap) as caught:
            compiled.call("program.add", 200, 100)
        assert caught.value.kind is TrapKind.OVERFLOW
        assert compiled.call("program.add", 100, 100) == 200


def test_results_have_their_signs_and_numbers(compiled: HostProgram) -> None:
    assert compiled.call("program.divide", -4, 1) == (-5, 0)
    assert compiled.call("program.store", 3) is None


def test_globals_are_live_memory(compiled: HostProgram) -> None:
    compiled.call("program.store", 2**63 + 5)
    memory = compiled.global_memory("program.state")
    assert bytes(memory) == bytes(8) + (2**63 + 5).to_bytes(8, "little")
    memory[:] = bytes(16)
    assert bytes(compiled.global_memory("program.state")) == bytes(16)


def test_raw_accesses_go_where_they_are_connected_once_each(compiled: HostProgram) -> None:
    seen: list[tuple[int, ...]] = []

    def read(address: int, width_bytes: int) -> int:
        seen.append((address, width_bytes))
        return 41

    compiled.connect(read, lambda address, width, value: seen.append((address, width, value)))
    assert compiled.call("program.read_window", 8) == 42
    assert compiled.call("program.send", 7) == 41
    assert seen == [(0x1008, 8), (0x9000_0004, 4, 7), (0x9000_0004, 4)]


def test_what_a_callback_raises_comes_out_of_the_call(compiled: HostProgram) -> None:
    def read(address: int, width_bytes: int) -> int:
        raise LookupError(f"nothing at {address:#x}")

    compiled.connect(read, lambda address, width, value: None)
    with pytest.raises(LookupError, match="nothing at 0x1000"):
        compiled.call("program.read_window", 0)
    assert compiled.call("program.add", 1, 1) == 2


def test_a_callback_may_call_and_even_trap(compiled: HostProgram) -> None:
    def read(address: int, width_bytes: int) -> int:
        with pytest.raises(Trap):
            compiled.call("program.add", 255, 1)
        return int(str(compiled.call("program.add", 2, 3)))

    compiled.connect(read, lambda address, width, value: None)
    assert compiled.call("program.read_window", 0) == 6
    with pytest.raises(Trap) as caught:
        compiled.call("program.read_window", 57)
    assert caught.value.kind is TrapKind.MEMORY


def test_system_registers_have_addresses_by_name(compiled: HostProgram) -> None:
    assert set(compiled.system_registers) == {"esr_el2", "s3_4_c12_c11_0"}
    registers = {address: 0 for address in compiled.system_registers.values()}

    def write(address: int, width_bytes: int, value: int) -> None:
        registers[address] = value

    compiled.connect(lambda address, width: registers[address], write)
    registers[compiled.system_registers["esr_el2"]] = 0x96000045
    assert compiled.call("program.exchange", 3) == 0x96000045
    assert registers[compiled.system_registers["s3_4_c12_c11_0"]] == 0x96000045
    assert registers[compiled.system_registers["esr_el2"]] == 3


def test_system_registers_can_be_kept_without_callbacks(compiled: HostProgram) -> None:
    def refuse(address: int, width_bytes: int) -> int:
        raise AssertionError("nobody is asked")

    compiled.connect(refuse, lambda address, width_bytes, value: None)
    registers = compiled.keep_registers()
    assert dict(registers) == {"esr_el2": 0, "s3_4_c12_c11_0": 0}
    registers["esr_el2"] = 0x96000045
    assert compiled.call("program.exchange", (1 << 64) - 1) == 0x96000045
    assert dict(registers) == {"esr_el2": (1 << 64) - 1, "s3_4_c12_c11_0": 0x96000045}
    with pytest.raises(AssertionError, match="nobody is asked"):
        compiled.call("program.send", 1)


def test_constants_are_told(tmp_path: Path) -> None:
    text = "K: Final = constants(u32, (1, 2))\n\n\ndef get(i: u64) -> u32:\n    return K[i]\n"
    assert on_host(tmp_path, PROGRAM + text).constants == {"program.K"}


def test_wrong_calls_are_told(compiled: HostProgram) -> None:
    with pytest.raises(TypeError, match="takes 2 arguments, 1 given"):
        compiled.call("program.add", 1)
    with pytest.raises(KeyError):
        compiled.call("program.missing")

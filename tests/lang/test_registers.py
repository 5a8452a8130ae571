"""Device and system registers in CPython."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from keelback.lang import (
    Bitfield,
    Device,
    PhysAddr,
    ReadOnly,
    ReadOnlyArray,
    ReadOnlySystemRegister,
    ReadWrite,
    ReadWriteArray,
    SystemRegister,
    TrapKind,
    WriteOnly,
    WriteOnlyArray,
    bitfield,
    bits,
    expect_trap,
    i64,
    u8,
    u32,
    u64,
)
from keelback.lang.registers import register_width_bits, system_registers


@bitfield(u32)
class Status(Bitfield[u32]):
    busy: bool = bits(3)


class Uart(Device):
    DATA = ReadWrite(u32, 0x00)
    STATUS = ReadOnly(Status, 0x18)
    CLEAR = WriteOnly(u32, 0x44)
    ROUTE = ReadWriteArray(u64, 0x100, count=4, stride=8)
    IDS = ReadOnlyArray(u32, 0xFE0, count=8, stride=4)
    KICK = WriteOnlyArray(u8, 0x200, count=2, stride=1)


@pytest.fixture(autouse=True)
def _fresh_processor() -> Generator[None]:
    system_registers.clear()
    yield
    system_registers.clear()


def test_the_bus_holds_raw_values() -> None:
    uart = Uart(0x900_0000)
    assert uart.base == 0x900_0000
    assert uart.DATA.read() == u32(0)
    uart.DATA.write(u32(0x41))
    assert uart.bus == {0x00: 0x41}
    assert uart.DATA.read() == u32(0x41)
    uart.bus[0x18] = 8
    assert uart.STATUS.read().busy
    assert type(uart.STATUS.read()) is Status


def test_devices_are_separate() -> None:
    first, second = Uart(0), Uart(0x1000)
    first.DATA.write(u32(1))
    assert second.DATA.read() == 0
    assert first.DATA.read() == 1


def test_rows_of_registers() -> None:
    uart = Uart(0)
    uart.ROUTE.write(3, u64(5))
    uart.ROUTE.write(u32(1), u64(6))
    uart.KICK.write(1, u8(2))
    assert uart.bus == {0x118: 5, 0x108: 6, 0x201: 2}
    assert uart.ROUTE.read(u64(3)) == u64(5)
    assert uart.IDS.read(7) == u32(0)
    for index in (4, -1, u64(4)):
        with expect_trap(TrapKind.INDEX):
            uart.ROUTE.read(index)
    with expect_trap(TrapKind.INDEX):
        uart.KICK.write(2, u8(1))


def test_models_see_every_access() -> None:
    uart = Uart(0)
    seen: list[tuple[int, int]] = []
    uart.on_read = lambda offset: 0x10 if offset == 0x18 else None
    uart.on_write = lambda offset, value: seen.append((offset, value))
    uart.bus[0] = 3
    assert uart.STATUS.read() == Status.from_word(u32(0x10))
    assert uart.DATA.read() == 3
    uart.CLEAR.write(u32(7))
    assert seen == [(0x44, 7)]


@pytest.mark.parametrize("value", [1, u64(1), True])
def test_writes_are_typed(value: Any) -> None:
    uart = Uart(0)
    with pytest.raises(TypeError, match="DATA takes a u32"):
        uart.DATA.write(value)
    assert uart.bus == {}


def test_access_follows_the_declaration() -> None:
    uart: Any = Uart(0)
    for name, operation in (("STATUS", "write"), ("CLEAR", "read"), ("IDS", "write"), ("KICK", "read")):
        with pytest.raises(AttributeError):
            getattr(getattr(uart, name), operation)


def test_a_value_too_wide_for_the_register_traps_in_the_model() -> None:
    uart = Uart(0)
    uart.bus[0] = 1 << 32
    with expect_trap(TrapKind.CONVERT):
        uart.DATA.read()


def test_metadata() -> None:
    declared = Uart.ROUTE
    assert (declared.kind, declared.offset, declared.count, declared.stride) == (u64, 0x100, 4, 8)
    assert (Uart.DATA.name, Uart.DATA.count, Uart.DATA.device) == ("DATA", 1, None)
    uart = Uart(0)
    assert uart.DATA.device is uart
    assert uart.DATA is uart.DATA
    with pytest.raises(TypeError, match="DATA is a declaration"):
        Uart.DATA.read()
    assert [register_width_bits(kind) for kind in (u8, u32, PhysAddr, Status)] == [8, 32, 64, 32]


def test_declarations_are_checked() -> None:
    with pytest.raises(ValueError, match="not aligned"):
        ReadOnly(u32, 2)
    with pytest.raises(ValueError, match="not aligned"):
        ReadOnlyArray(u32, 0, count=2, stride=2)
    for kind in (i64, bool, str):
        with pytest.raises(TypeError, match="a register holds"):
            ReadOnly(kind, 0)


def test_system_registers() -> None:
    esr, again = SystemRegister("esr_el2"), ReadOnlySystemRegister("esr_el2")
    assert esr.read() == u64(0)
    esr.write(u64(5))
    assert again.read() == u64(5)
    assert system_registers == {"esr_el2": 5}
    assert not hasattr(again, "write")
    wrong: Any = 5
    with pytest.raises(TypeError, match="esr_el2 takes a u64"):
        esr.write(wrong)

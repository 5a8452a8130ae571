"""Every line marked `# refused` must be refused by both checkers, and no other line."""

from __future__ import annotations

from typing import Final

from keelback.lang import (
    Bitfield,
    Device,
    Memory,
    ReadOnly,
    ReadOnlyArray,
    ReadOnlySystemRegister,
    ReadWrite,
    SystemRegister,
    WriteOnly,
    WriteOnlyArray,
    array,
    asm,
    between,
    bitfield,
    bits,
    byte_at,
    bytes_of,
    entry,
    hook,
    naked,
    parameter,
    u8,
    u16,
    u32,
    u64,
)


@bitfield(u32)
class Status(Bitfield[u32]):
    busy: bool = bits(3)


class Uart(Device):
    DATA = ReadWrite(u32, 0x00)
    STATUS = ReadOnly(Status, 0x18)
    CLEAR = WriteOnly(u32, 0x44)
    IDS = ReadOnlyArray(u32, 0xFE0, count=8, stride=4)
    KICK = WriteOnlyArray(u8, 0x200, count=2, stride=1)


uart: Final = Uart(0x0900_0000)
esr: Final = SystemRegister("esr_el2")
midr: Final = ReadOnlySystemRegister("midr_el1")
ram: Final = Memory(0x4000_0000, 0x1000)


def registers(word: u64) -> u32:
    uart.DATA.write(1)  # refused
    uart.DATA.write(word)  # refused
    uart.STATUS.write(Status())  # refused
    uart.CLEAR.read()  # refused
    uart.IDS.read()  # refused
    uart.IDS.write(0, u32(1))  # refused
    uart.KICK.read(0)  # refused
    uart.KICK.write(0, u32(1))  # refused
    uart.MISSING.read()  # refused
    _ = uart.STATUS.read() + 1  # refused
    esr.write(1)  # refused
    midr.write(word)  # refused
    return esr.read()  # refused


def memory(offset: u64, narrow: u32) -> u64:
    ram.load_u8(0)  # refused
    ram.load_u8(narrow)  # refused
    ram.store_u16(offset, u8(1))  # refused
    ram.store_u16(offset, 1)  # refused
    ram.fill(offset, offset, 0)  # refused
    ram.copy(offset, 0x4000, offset, offset)  # refused
    _ = Memory(offset, 16)  # refused
    _ = bytes_of(array(u16, 4))  # refused
    return ram.load_u32(offset)  # refused


def others(offset: u64) -> None:
    _ = byte_at("text", 0)  # refused
    _ = byte_at(offset, offset)  # refused
    _ = parameter("name", "text")  # refused
    for _index in between(u32(0), offset):  # refused
        pass


@asm("nop")
def model(value: u64) -> u64:
    return value


@naked("ret")
def bare(value: u64) -> None: ...


@entry("start")
def start(value: u64) -> None: ...


@hook
def hooked(value: u64) -> None: ...


def decorated_functions_keep_their_types() -> u32:
    model(3)  # refused
    bare(u32(3))  # refused
    start()  # refused
    hooked("text")  # refused
    return model(u64(1))  # refused

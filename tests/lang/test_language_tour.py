"""One small program that uses every part of the language together."""

from __future__ import annotations

from typing import Final

from keelback.lang import (
    Array,
    Bitfield,
    Device,
    Memory,
    ReadOnly,
    ReadWrite,
    ReadWriteArray,
    Ref,
    Struct,
    SystemRegister,
    array,
    asm,
    bitfield,
    bits,
    bytes_of,
    constants,
    embedded,
    struct,
    u8,
    u32,
    u64,
    upto,
)


@bitfield(u64)
class Entry(Bitfield[u64]):
    valid: bool = bits(0)
    output: u64 = bits(47, 12)


@struct
class Context(Struct):
    registers: Array[u64] = array(u64, 31)
    pc: u64 = u64(0)


@struct
class Notification:
    pending: u64 = u64(0)
    waiter: Ref[Thread] | None = None  # a struct defined further down


@struct
class Thread(Struct):
    priority: u8 = u8(1)
    context: Context = embedded(Context)
    entry: Entry = Entry()
    runnable: bool = False
    wake_value: u64 = u64(0)


class Gicd(Device):
    CTLR = ReadWrite(u32, 0x0)
    TYPER = ReadOnly(u32, 0x4)
    ISENABLER = ReadWriteArray(u32, 0x100, count=32, stride=4)


threads: Final = array(Thread, 4)
notification: Final = Notification()
gicd: Final = Gicd(0x0800_0000)
esr: Final = SystemRegister("esr_el2")
buffer: Final = array(u8, 16)
window: Final = bytes_of(buffer)
primes: Final = constants(u32, (2, 3, 5, 7))
ram: Final = Memory(0x4000_0000, 0x1000)


@asm("add {result}, {value}, #1")
def increment(value: u64) -> u64:
    return value.wrapping_add(1)


def signal(target: Notification, badge: u64) -> Thread | None:
    target.pending = target.pending | badge
    woken = target.waiter
    if woken is None:
        return None
    target.waiter = None
    woken.wake_value = target.pending
    target.pending = u64(0)
    return woken


def sum_of_primes() -> u32:
    total = u32(0)
    for index in upto(4):
        total += primes[index]
    return total


def test_signal_wakes_the_waiter() -> None:
    notification.waiter = threads[2]
    woken = signal(notification, u64(8))
    assert woken is threads[2]
    assert threads[2].wake_value == 8
    assert notification.waiter is None


def test_structs_hold_their_own_parts() -> None:
    threads[0].context.registers[3] = u64(7)
    assert threads[1].context.registers[3] == 0
    threads[1].copy_from(threads[0])
    threads[0].context.registers[3] = u64(9)
    assert threads[1].context.registers[3] == 7


def test_hardware_models() -> None:
    gicd.CTLR.write(gicd.CTLR.read() | 1)
    gicd.ISENABLER.write(2, u32(5))
    assert gicd.bus == {0x0: 1, 0x108: 5}
    esr.write(u64(3))
    assert esr.read() == 3
    assert increment(u64(u64.MAX)) == 0


def test_memory_and_its_array_share_bytes() -> None:
    window.store_u32(u64(4), u32(0x0403_0201))
    assert buffer[6] == 3
    buffer[5] = u8(0xFF)
    assert window.load_u16(u64(4)) == 0xFF01
    ram.copy(u64(0), window, u64(4), u64(2))
    assert ram.load_u64(u64(0)) == 0xFF01


def test_loops_and_tables() -> None:
    assert sum_of_primes() == 17
    assert Entry(valid=True, output=u64(3)).word == 0x3001

"""Structs, arrays, bitfields, registers and memory, as a kernel uses them."""

from __future__ import annotations

from typing import Final, NoReturn

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
    WriteOnly,
    address_of,
    array,
    asm,
    between,
    bitfield,
    bits,
    byte_at,
    byte_count,
    bytes_of,
    constants,
    embedded,
    entry,
    hook,
    inline,
    naked,
    noinline,
    offset_of,
    parameter,
    size_of,
    struct,
    text_parameter,
    u8,
    u32,
    u64,
    unreachable,
    upto,
)

THREAD_COUNT: Final = parameter("thread_count", 8)
NAME: Final = text_parameter("name", "vault")


@bitfield(u64)
class Stage2Entry(Bitfield[u64]):
    valid: bool = bits(0)
    output: u64 = bits(47, 12)


@bitfield(u32)
class Status(Bitfield[u32]):
    count: u32 = bits(7, 0)


@struct
class Context(Struct):
    registers: Array[u64] = array(u64, 31)


@struct
class Queue:
    head: Ref[Thread] | None = None
    length: u32 = u32(0)

    def is_empty(self) -> bool:
        return self.head is None


@struct
class Thread(Struct):
    priority: u8 = u8(0)
    runnable: bool = False
    entry: Stage2Entry = Stage2Entry()
    context: Context = embedded(Context)
    next: Ref[Thread] | None = None


class Gicd(Device):
    CTLR = ReadWrite(u32, 0x0000)
    STATUS = ReadOnly(Status, 0x0008)
    CLEAR = WriteOnly(u32, 0x0010)
    ISENABLER = ReadWriteArray(u32, 0x0100, count=32, stride=4)


threads: Final = array(Thread, THREAD_COUNT)
idle: Final = Thread(priority=u8(1), runnable=True)
queue: Final = Queue()
gicd: Final = Gicd(0x0800_0000)
esr: Final = SystemRegister("esr_el2")
primes: Final = constants(u32, (2, 3, 5))
buffer: Final = array(u8, 64)
window: Final = bytes_of(buffer)
ram: Final = Memory(0x4000_0000, 0x1000)
CONTEXT_OFFSET: Final = offset_of(Thread, "context.registers") + size_of(Context)


def push(thread: Thread) -> None:
    thread.next = queue.head
    queue.head = thread
    queue.length += 1
    thread.context.registers[3] = u64(4)
    thread.context.copy_from(idle.context)


def first_priority() -> u8:
    head = queue.head
    if head is None:
        return u8(0)
    return head.priority


def map_page(output: u64) -> u64:
    made = Stage2Entry(valid=True, output=output)
    threads[0].entry = Stage2Entry.from_word(made.word)
    return threads[0].entry.output


def hardware(index: u32) -> u32:
    gicd.CTLR.write(gicd.CTLR.read() | 1)
    gicd.CLEAR.write(u32(1))
    gicd.ISENABLER.write(index, gicd.ISENABLER.read(0))
    esr.write(esr.read() | 1)
    return gicd.STATUS.read().count


def memory(part: Memory, offset: u64) -> u64:
    part.store_u32(offset, part.load_u32(offset + 4))
    part.copy(u64(0), window, offset, u64(8))
    part.narrow(offset, u64(8)).fill(u64(0), u64(8), u8(0))
    return part.address_of(offset) + part.size_bytes + address_of(threads)


def loops(limit: u32) -> u32:
    total = u32(0)
    for index in upto(limit):
        total += index
    for index in between(u32(1), limit):
        total += index
    for position in upto(len(primes)):
        total += primes[position]
    for position in upto(byte_count(NAME)):
        total += u32(byte_at(NAME, position))
    return total


def pair(value: u64) -> tuple[u64, bool]:
    return value, value == 0


@asm("mrs {result}, cntvct_el0", clobbers=("memory",), registers={"value": "x8"}, results=("x0",))
def counter(value: u64) -> u64:
    return value


@naked("b {handle}", symbol="vectors", align=2048)
def vectors() -> None:
    """Where the machine enters."""


@entry("el2_irq")
@noinline
def handle(cause: u64) -> None:
    value, is_zero = pair(counter(cause))
    if not is_zero:
        stop(value)


@hook
@inline
def stop(value: u64) -> NoReturn:
    assert value != 0
    unreachable()

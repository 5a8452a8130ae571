"""The serial line as the console sees it: two rings shared with its driver. Knows nothing of lines or marks."""

from __future__ import annotations

from typing import Final

from keelback.lang import Memory, Struct, parameter, struct, u8, u64
from keelback.user.runtime.rings import (
    RingReader,
    RingWriter,
    attach_reader,
    attach_writer,
    publish,
    put_byte,
    release,
    room_count,
    take_byte,
    waiting_count,
    want_room,
)
from keelback.user.runtime.syscalls import signal

RING_BYTES: Final = 4096
DRIVER_SLOT: Final = parameter("output_slot", 3)

sending: Final = Memory(parameter("output_address", 0x1000_0000), RING_BYTES)
receiving: Final = Memory(parameter("input_address", 0x1000_1000), RING_BYTES)
writer: Final = RingWriter()
reader: Final = RingReader()


@struct
class Budget(Struct):
    """What is known without looking into shared memory again."""

    room: u64 = u64(0)  # bytes that certainly fit
    unsent: bool = False  # bytes were emitted since the last flush


budget: Final = Budget()


def attach_serial() -> None:
    """Take up both rings."""
    attach_writer(writer, sending)
    attach_reader(reader, receiving)


def has_room(count: u64) -> bool:
    """`count` bytes can be emitted now."""
    if budget.room < count:
        budget.room = room_count(writer, sending)
    return budget.room >= count


def await_room(count: u64) -> bool:
    """Ask the driver for a signal when it has sent; True if `count` bytes fit by now."""
    return want_room(writer, sending, count)


def emit(value: u8) -> None:
    """Send one byte; the caller has made sure of the room."""
    if put_byte(writer, sending, value):
        budget.room -= 1
        budget.unsent = True


def flush() -> None:
    """Let the driver send what was emitted."""
    if budget.unsent:
        budget.unsent = False
        publish(writer, sending)
        signal(u64(DRIVER_SLOT))


def received_count() -> u64:
    """Typed bytes that wait."""
    return waiting_count(reader, receiving)


def take_received() -> u8:
    """The next of them."""
    value, _ = take_byte(reader, receiving)
    return value


def release_received() -> None:
    """Let the driver have the room of those taken."""
    if release(reader, receiving):
        signal(u64(DRIVER_SLOT))

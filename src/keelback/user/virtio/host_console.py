"""The guest's console towards the system: one byte ring to the console multiplexer, one back. Both UART models use it.

Nothing is lost on the way out: when the ring is full the monitor waits, and with it its guest and nobody else. On the
way in the multiplexer waits (or drops) when the guest does not read. What is typed goes to one of the two: see
`HostConsole`.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors
from keelback.abi.messages import OWN_NOTIFICATION_SLOT
from keelback.lang import Memory, Struct, embedded, parameter, struct, u8, u64, upto
from keelback.user.runtime import syscalls
from keelback.user.runtime.rings import (
    RingReader,
    RingWriter,
    attach_reader,
    attach_writer,
    publish,
    put_byte,
    release,
    take_byte,
    waiting_count,
    want_room,
)

RING_BYTES: Final = 4096
OUT_ADDRESS: Final = parameter("console_out_address", 0)
OUT_SLOT: Final = parameter("console_out_slot", 0)
IN_ADDRESS: Final = parameter("console_in_address", 0)
HAS_OUTPUT: Final = OUT_ADDRESS != 0
HAS_INPUT: Final = IN_ADDRESS != 0

out_ring: Final = Memory(OUT_ADDRESS, RING_BYTES)
in_ring: Final = Memory(IN_ADDRESS, RING_BYTES)


@struct
class HostConsole(Struct):
    """Both rings, seen from this side."""

    writer: RingWriter = embedded(RingWriter)
    reader: RingReader = embedded(RingReader)
    console_used: bool = False  # the guest wrote to its virtio console
    uart_listens: bool = False  # the guest's UART driver wants to be told of input
    woken: bool = False  # notification bits were taken while waiting for room: look at the input


host: Final = HostConsole()


def attach_console() -> None:
    """Take up the rings; once, before use."""
    if HAS_OUTPUT:
        attach_writer(host.writer, out_ring)
    if HAS_INPUT:
        attach_reader(host.reader, in_ring)


def send_bytes(source: Memory, count: u64) -> None:
    """Send the first `count` bytes of `source`, waiting for room where needed."""
    if not HAS_OUTPUT:
        return
    for index in upto(count):
        if not put_waiting(source.load_u8(index)):
            return
    show_output()


def hold_byte(value: u8) -> None:
    """Put one byte, waiting for room if needed; the multiplexer sees it with the next `show_output`, or when it is
    full.
    """
    if HAS_OUTPUT:
        put_waiting(value)


def show_output() -> None:
    """Let the multiplexer have what was put."""
    if HAS_OUTPUT:
        publish(host.writer, out_ring)
        syscalls.signal(u64(OUT_SLOT))


def put_waiting(value: u8) -> bool:
    """Put one byte; False when there will never be room, because the notification cannot be waited for."""
    while not put_byte(host.writer, out_ring, value):
        show_output()
        if not wait_for_room():
            return False
    return True


def wait_for_room() -> bool:
    """Wait until the multiplexer took something; False when waiting is refused."""
    while not want_room(host.writer, out_ring, u64(1)):
        status, _ = syscalls.wait(u64(OWN_NOTIFICATION_SLOT))
        if status != errors.OK:
            return False
        host.woken = True
    return True


def input_count() -> u64:
    """Bytes typed and not yet taken; look again after each notification."""
    if not HAS_INPUT:
        return u64(0)
    return waiting_count(host.reader, in_ring)


def take_input(target: Memory, count: u64) -> None:
    """Move `count` bytes, at most what `input_count` said, to the start of `target`."""
    for index in upto(count):
        value, _ = take_byte(host.reader, in_ring)
        target.store_u8(index, value)


def release_input() -> None:
    """Give the room of the bytes taken back, and wake the multiplexer if it waits for that."""
    if HAS_INPUT and release(host.reader, in_ring):
        syscalls.signal(u64(OUT_SLOT))

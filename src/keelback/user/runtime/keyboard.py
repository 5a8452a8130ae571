"""What is typed to this component, a line at a time.

Does not edit or echo: the console has done that before it sends a line.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Array, Memory, Struct, array, byte_at, byte_count, parameter, struct, u8, u64, upto
from keelback.user.runtime import syscalls
from keelback.user.runtime.log import LOG_SLOT
from keelback.user.runtime.rings import RingReader, attach_reader, release, take_byte, waiting_count

LINE_BYTES: Final = 128
RING_BYTES: Final = 4096
KEYBOARD_ADDRESS: Final = parameter("console_in_address", 0)
KEYBOARD_BIT: Final = parameter("console_in_bit", 0)
HAS_KEYBOARD: Final = KEYBOARD_ADDRESS != 0

LINE_FEED: Final = 0x0A


@struct
class TypedLine(Struct):
    """A line as typed, without its line feed; what is longer than `LINE_BYTES` is cut off."""

    text: Array[u8] = array(u8, LINE_BYTES)
    count: u64 = u64(0)
    complete: bool = False  # the next byte starts a new line


typed: Final = TypedLine()
reader: Final = RingReader()
ring: Final = Memory(KEYBOARD_ADDRESS, RING_BYTES)


def attach_keyboard() -> None:
    """Take up the ring; the runtime does this before `init`."""
    if HAS_KEYBOARD:
        attach_reader(reader, ring)


def take_line() -> bool:
    """True when a whole line is in `typed` now; call again until False after each signal."""
    if not HAS_KEYBOARD:
        return False
    if typed.complete:
        typed.count = u64(0)
        typed.complete = False
    waiting_count(reader, ring)
    present = True
    while present and not typed.complete:
        value, present = take_byte(reader, ring)
        if present:
            add_typed(value)
    if release(reader, ring):
        syscalls.signal(u64(LOG_SLOT))
    return typed.complete


def add_typed(value: u8) -> None:
    """One more byte from the console."""
    if value == LINE_FEED:
        typed.complete = True
    elif typed.count < LINE_BYTES:
        typed.text[typed.count] = value
        typed.count += 1


def line_starts_with(text: str) -> bool:
    """The typed line begins with `text`."""
    if typed.count < byte_count(text):
        return False
    for index in upto(byte_count(text)):
        if typed.text[index] != byte_at(text, index):
            return False
    return True

"""Lines to the console: put pieces, then `end_line`. A component without a log ring says nothing.

Never waits: a line that does not fit into the ring is dropped and counted, and the count is told as soon as there is
room, so a stuck console cannot stop a component. A line longer than `LINE_BYTES` is cut and ends in `...`.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Array, Memory, Struct, array, byte_at, byte_count, parameter, struct, u8, u64, upto
from keelback.user.runtime import syscalls
from keelback.user.runtime.rings import RingWriter, attach_writer, publish, put_byte, room_count

LINE_BYTES: Final = 240
RING_BYTES: Final = 4096
LOG_ADDRESS: Final = parameter("log_address", 0)
LOG_SLOT: Final = parameter("log_slot", 0)
HAS_LOG: Final = LOG_ADDRESS != 0

LOST_LINE_BYTES: Final = 64  # room for the line that tells how many were lost
LINE_FEED: Final = 0x0A
FULL_STOP: Final = 0x2E
DIGIT_ZERO: Final = 0x30


@struct
class Line(Struct):
    """The line being put together."""

    text: Array[u8] = array(u8, LINE_BYTES)
    count: u64 = u64(0)  # bytes of `text` in use
    cut: bool = False  # more was put than fits
    lost_count: u64 = u64(0)  # lines dropped since the last one that fitted


line: Final = Line()
writer: Final = RingWriter()
ring: Final = Memory(LOG_ADDRESS, RING_BYTES)


def attach_log() -> None:
    """Take up the log ring; the runtime does this before `init`."""
    if HAS_LOG:
        attach_writer(writer, ring)


def put_character(value: u8) -> None:
    """Add one byte to the line."""
    if line.count >= LINE_BYTES:
        line.cut = True
        return
    line.text[line.count] = value
    line.count += 1


def put_text(text: str) -> None:
    """Add a text to the line."""
    for index in upto(byte_count(text)):
        put_character(byte_at(text, index))


def put_hex_digits(value: u64, digit_count: u64) -> None:
    """Add the low `digit_count` (1 to 16) hexadecimal digits of `value`, leading zeros included."""
    for index in upto(digit_count):
        digit = (value >> ((digit_count - 1 - index) * 4)) & 15
        put_character(byte_at("0123456789abcdef", digit))


def put_hex(value: u64) -> None:
    """Add `value` as 0x and sixteen digits."""
    put_text("0x")
    put_hex_digits(value, u64(16))


def put_number(value: u64) -> None:
    """Add `value` in decimal, without leading zeros."""
    divisor = u64(1)
    while value // divisor >= 10:
        divisor = divisor * 10
    while divisor > 0:
        put_character(u8((value // divisor) % 10) + DIGIT_ZERO)
        divisor = divisor // 10


def end_line() -> None:
    """Send the line to the console and start an empty one."""
    if HAS_LOG:
        mark_cut()
        send_line()
    line.count = u64(0)
    line.cut = False


def mark_cut() -> None:
    """End a line that was cut in `...`."""
    if line.cut:
        for back in upto(3):
            line.text[LINE_BYTES - 1 - back] = u8(FULL_STOP)


def send_line() -> None:
    """Write the line into the ring, whole or not at all, and tell the console."""
    room = room_count(writer, ring)
    needed = line.count + 1
    if line.lost_count > 0:
        needed += LOST_LINE_BYTES
    if room < needed:
        if line.lost_count < u64.MAX:
            line.lost_count += 1
        return
    if line.lost_count > 0:
        send_lost_count()
    for index in upto(line.count):
        put_byte(writer, ring, line.text[index])
    put_byte(writer, ring, u8(LINE_FEED))
    publish(writer, ring)
    syscalls.signal(u64(LOG_SLOT))


def send_lost_count() -> None:
    """Write the line that says how many were dropped. There is room: `LOST_LINE_BYTES`."""
    send_text("(lines lost for want of room: ")
    divisor = u64(1)
    while line.lost_count // divisor >= 10:
        divisor = divisor * 10
    while divisor > 0:
        put_byte(writer, ring, u8((line.lost_count // divisor) % 10) + DIGIT_ZERO)
        divisor = divisor // 10
    send_text(")\n")
    line.lost_count = u64(0)


def send_text(text: str) -> None:
    """Write a text straight into the ring."""
    for index in upto(byte_count(text)):
        put_byte(writer, ring, byte_at(text, index))


def log(text: str) -> None:
    """One line of text."""
    put_text(text)
    end_line()


def log_hex(text: str, value: u64) -> None:
    """One line: the text, a space, the value in hexadecimal."""
    put_text(text)
    put_text(" ")
    put_hex(value)
    end_line()


def log_number(text: str, value: u64) -> None:
    """One line: the text, a space, the value in decimal."""
    put_text(text)
    put_text(" ")
    put_number(value)
    end_line()

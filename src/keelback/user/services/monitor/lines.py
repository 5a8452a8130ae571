"""Reads the line table that the system description made (docs/reference/line-table.md). Writes nothing, logs nothing.

The table is trusted like the monitor's own code, for it comes from the same build; that its magic is there and that
every number stays inside is checked all the same, so that a wrong table costs the source line, not the monitor.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Memory, parameter, u64

LINES_ADDRESS: Final = parameter("lines_address", 0)
LINES_SIZE: Final = parameter("lines_size", 0)

MAGIC: Final = 0x314E494C  # "LIN1"
HEADER_BYTES: Final = 16
ENTRY_BYTES: Final = 8
NOT_FOUND: Final = 0
"""Offset of no row: a table begins with its header."""

table: Final = Memory(LINES_ADDRESS, max(LINES_SIZE, HEADER_BYTES))


def number_at(offset: u64) -> u64:
    """The u32 at `offset`, 0 outside the table."""
    if LINES_SIZE < 4 or offset > LINES_SIZE - 4:
        return u64(0)
    return u64(table.load_u32(offset))


def short_at(offset: u64) -> u64:
    """The u16 at `offset`, 0 outside the table."""
    if LINES_SIZE < 2 or offset > LINES_SIZE - 2:
        return u64(0)
    return u64(table.load_u16(offset))


def has_table() -> bool:
    """There is one and it begins as it should."""
    return LINES_SIZE >= HEADER_BYTES and number_at(u64(0)) == MAGIC


def find_row(image: u64, address: u64) -> u64:
    """Offset of the row that covers `address` in image number `image`, or NOT_FOUND."""
    if not has_table() or image >= number_at(u64(4)):
        return u64(NOT_FOUND)
    entry = image * ENTRY_BYTES + HEADER_BYTES
    first = number_at(entry)
    low = u64(0)
    high = number_at(entry + 4)
    while low < high:
        middle = low + (high - low) // 2
        if number_at(first + middle * ENTRY_BYTES) <= address:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return u64(NOT_FOUND)
    row = first + (low - 1) * ENTRY_BYTES
    return row if line_of(row) != 0 else u64(NOT_FOUND)


def line_of(row: u64) -> u64:
    """The row's line number."""
    return short_at(row + 6)


def name_entry(row: u64) -> u64:
    """Offset of the entry of the row's file in the file list."""
    return number_at(u64(4)) * ENTRY_BYTES + HEADER_BYTES + short_at(row + 4) * ENTRY_BYTES


def name_offset(row: u64) -> u64:
    """Where the name of the row's file starts; NOT_FOUND if that is not inside the table."""
    entry = name_entry(row)
    start = number_at(entry)
    count = number_at(entry + 4)
    return start if start + count <= LINES_SIZE else u64(NOT_FOUND)


def name_count(row: u64) -> u64:
    """Bytes of the name of the row's file."""
    return number_at(name_entry(row) + 4)

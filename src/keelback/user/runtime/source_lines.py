"""Reads a line table (docs/reference/line-table.md) that lies in a memory window: `size` bytes from `start` on.

The table is trusted like the reader's own code, for it comes from the same build; that its magic is there and that
every number stays inside is checked all the same, so that a wrong table costs the source line, not the reader. Offsets
count from the start of the table.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Memory, u64, upto
from keelback.user.runtime.log import put_character, put_number, put_text

MAGIC: Final = 0x314E494C  # "LIN1"
HEADER_BYTES: Final = 16
ENTRY_BYTES: Final = 8
NOT_FOUND: Final = 0
"""Offset of no row: a table begins with its header."""


def number_at(table: Memory, start: u64, size: u64, offset: u64) -> u64:
    """The u32 at `offset`, 0 outside the table."""
    if size < 4 or offset > size - 4:
        return u64(0)
    return u64(table.load_u32(start + offset))


def short_at(table: Memory, start: u64, size: u64, offset: u64) -> u64:
    """The u16 at `offset`, 0 outside the table."""
    if size < 2 or offset > size - 2:
        return u64(0)
    return u64(table.load_u16(start + offset))


def has_table(table: Memory, start: u64, size: u64) -> bool:
    """There is one and it begins as it should."""
    return size >= HEADER_BYTES and number_at(table, start, size, u64(0)) == MAGIC


def find_row(table: Memory, start: u64, size: u64, image: u64, address: u64) -> u64:
    """Offset of the row that covers `address` in image number `image`, or NOT_FOUND."""
    if not has_table(table, start, size) or image >= number_at(table, start, size, u64(4)):
        return u64(NOT_FOUND)
    entry = image * ENTRY_BYTES + HEADER_BYTES
    first = number_at(table, start, size, entry)
    low = u64(0)
    high = number_at(table, start, size, entry + 4)
    while low < high:
        middle = low + (high - low) // 2
        if number_at(table, start, size, first + middle * ENTRY_BYTES) <= address:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return u64(NOT_FOUND)
    row = first + (low - 1) * ENTRY_BYTES
    return row if line_of(table, start, size, row) != 0 else u64(NOT_FOUND)


def line_of(table: Memory, start: u64, size: u64, row: u64) -> u64:
    """The row's line number."""
    return short_at(table, start, size, row + 6)


def name_entry(table: Memory, start: u64, size: u64, row: u64) -> u64:
    """Offset of the entry of the row's file in the file list."""
    images = number_at(table, start, size, u64(4))
    return images * ENTRY_BYTES + HEADER_BYTES + short_at(table, start, size, row + 4) * ENTRY_BYTES


def name_offset(table: Memory, start: u64, size: u64, row: u64) -> u64:
    """Where the name of the row's file starts; NOT_FOUND if that is not inside the table."""
    entry = name_entry(table, start, size, row)
    name = number_at(table, start, size, entry)
    count = number_at(table, start, size, entry + 4)
    return name if name + count <= size else u64(NOT_FOUND)


def name_count(table: Memory, start: u64, size: u64, row: u64) -> u64:
    """Bytes of the name of the row's file."""
    return number_at(table, start, size, name_entry(table, start, size, row) + 4)


def put_place(table: Memory, start: u64, size: u64, image: u64, address: u64) -> None:
    """Add `file:line` of an address of code to the log line, or that the table does not know it."""
    row = find_row(table, start, size, image, address)
    name = name_offset(table, start, size, row) if row != NOT_FOUND else u64(NOT_FOUND)
    if name == NOT_FOUND:
        put_text("unknown source")
        return
    for place in upto(name_count(table, start, size, row)):
        put_character(table.load_u8(start + name + place))
    put_text(":")
    put_number(line_of(table, start, size, row))

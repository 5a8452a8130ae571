"""The kernel's line table: from an address of its code to `path:line`. Format: docs/reference/line-table.md."""

from __future__ import annotations

from typing import Final

from keelback.kernel.arch import interface
from keelback.kernel.state import boot
from keelback.lang import u64, upto

MAGIC: Final = 0x314E_494C
ROWS: Final = 16
FILES: Final = 24
"""Offset of the file list in a table with one image."""
ROW_BYTES: Final = 8
NAME_LIMIT: Final = 256


def load(offset: u64) -> u64:
    """A word of the table."""
    return u64(interface.physical.load_u32(boot.lines_address + offset))


def put_location(address: u64) -> None:
    """Print `path:line` of an address, and the address itself if that is not known."""
    if boot.lines_address == 0 or load(u64(0)) != MAGIC:
        interface.put_hexadecimal(address)
        return
    row = find_row(address)
    place = load(row + 4)
    if load(row) > address or place >> 16 == 0:
        interface.put_hexadecimal(address)
        return
    entry = FILES + (place & 0xFFFF) * 8
    name = load(entry)
    length = load(entry + 4)
    for index in upto(min(length, u64(NAME_LIMIT))):
        interface.put(interface.physical.load_u8(boot.lines_address + name + index))
    interface.put_text(":")
    interface.put_decimal(place >> 16)


def find_row(address: u64) -> u64:
    """Offset of the last row at or before an address; of the first row if all are behind it."""
    start = load(u64(ROWS))
    low = u64(0)
    high = load(u64(ROWS + 4))
    while high > low + 1:
        middle = (low + high) // 2
        if load(start + middle * ROW_BYTES) <= address:
            low = middle
        else:
            high = middle
    return start + low * ROW_BYTES

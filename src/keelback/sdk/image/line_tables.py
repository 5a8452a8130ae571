"""Writes line tables, with which the machine turns a code address into file:line (docs/reference/line-table.md)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

from keelback.sdk.system.units import align_up

MAGIC = 0x314E_494C
LINE_MAX = 0xFFFF

Row = tuple[int, str, int]
"""Address, file, line (0: no source from here on)."""


def tidy_rows(rows: Iterable[Row], text_end: int) -> list[Row]:
    """Sorted by address, one row per address, no repeats, and a last row that ends the text."""
    by_address: dict[int, Row] = {}
    for row in rows:
        if row[0] < text_end:
            by_address[row[0]] = row
    tidy: list[Row] = []
    for address in sorted(by_address):
        row = by_address[address]
        if not tidy or tidy[-1][1:] != row[1:]:
            tidy.append(row)
    return [*tidy, (text_end, "", 0)]


def relative_name(file: str, base: Path) -> str:
    """A source file as people write it: relative to the description's folder, the package, or in full."""
    package = Path(__file__).resolve().parents[3]
    path = Path(os.path.normpath(file))
    for folder in (base, package):
        if path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return str(path)


def build_line_table(images: Sequence[Sequence[Row]]) -> bytes:
    """One table for the rows of each image, in the images' order; rows as `tidy_rows` makes them."""
    files = sorted({row[1] for rows in images for row in rows if row[2]})
    numbers = {name: index for index, name in enumerate(files)}
    header_bytes = 16 + 8 * len(images) + 8 * len(files)
    offset, image_list, body = header_bytes, b"", b""
    for rows in images:
        image_list += struct.pack("<II", offset, len(rows))
        packed = b"".join(
            struct.pack("<IHH", address, numbers.get(name, 0), min(line, LINE_MAX)) for address, name, line in rows
        )
        body += packed
        offset += len(packed)
    file_list, names = b"", b""
    for name in files:
        text = name.encode()
        file_list += struct.pack("<II", offset + len(names), len(text))
        names += text.ljust(align_up(len(text), 4), b"\0")
    size_bytes = offset + len(names)
    header = struct.pack("<IIII", MAGIC, len(images), len(files), size_bytes)
    return header + image_list + file_list + body + names


def find_line(table: bytes, image: int, address: int) -> tuple[str, int] | None:
    """What the machine finds for an address: (file, line), or None."""
    rows_offset, row_count = struct.unpack_from("<II", table, 16 + 8 * image)
    image_count = struct.unpack_from("<I", table, 4)[0]
    rows = [struct.unpack_from("<IHH", table, rows_offset + 8 * index) for index in range(row_count)]
    before = [row for row in rows if row[0] <= address]
    if not before or before[-1][2] == 0:
        return None
    name_offset, name_bytes = struct.unpack_from("<II", table, 16 + 8 * image_count + 8 * before[-1][1])
    return table[name_offset : name_offset + name_bytes].decode(), before[-1][2]

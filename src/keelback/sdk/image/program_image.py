"""Linked programs as data that a component can load: a header that says what goes where, and the contents.

All of it is little endian words of 64 bits; the format is described in docs/reference/program-image.md and read by
components, so it changes only together with `FORMAT`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from keelback.abi import mappings
from keelback.compiler import LinkedImage
from keelback.sdk.image.memory_image import read_window
from keelback.sdk.system.units import PAGE_BYTES, align_up

MAGIC = int.from_bytes(b"KEELPROG", "little")
FORMAT = 2
HEADER = struct.Struct("<8Q")
"""Magic, format, bytes of the whole, entry, top of the stack, count of segments, offset and bytes of the line table."""
SEGMENT = struct.Struct("<8Q")
"""Virtual address, bytes in memory, offset of the contents, bytes of the contents, rights, three zeros."""


@dataclass(frozen=True)
class ProgramSegment:
    """Whole pages of a program's memory; what the contents do not fill is zero. Rights are keelback.abi.mappings."""

    address: int
    size_bytes: int
    content: bytes
    rights: int


def program_segments(image: LinkedImage) -> list[ProgramSegment]:
    """Text, read-only data, data with its zeros, stack: the pieces that a linked component consists of."""
    at = image.symbols
    windows = (
        (at["__text_start"], at["__text_end"], mappings.READ | mappings.EXECUTE),
        (at["__text_end"], at["__rodata_end"], mappings.READ),
        (at["__rodata_end"], at["__data_end"], mappings.READ | mappings.WRITE),
    )
    found = [
        ProgramSegment(start, end - start, read_window(image, start, end).rstrip(b"\0"), rights)
        for start, end, rights in windows
        if end > start
    ]
    bottom, top = at["__stack_bottom"], at["__stack_top"]
    return [*found, ProgramSegment(bottom, top - bottom, b"", mappings.READ | mappings.WRITE)]


def pack_program(image: LinkedImage, lines: bytes) -> bytes:
    """The header, one descriptor for each segment, and behind them the contents, each from a new page on; then
    the line table, so that whoever loads the program can tell where it faulted."""
    segments = program_segments(image)
    offset = align_up(HEADER.size + SEGMENT.size * len(segments), PAGE_BYTES)
    described, contents = b"", b""
    for segment in segments:
        content_bytes = len(segment.content)
        described += SEGMENT.pack(
            segment.address, segment.size_bytes, offset + len(contents), content_bytes, segment.rights, 0, 0, 0
        )
        contents += segment.content.ljust(align_up(content_bytes, PAGE_BYTES), b"\0")
    lines_offset = offset + len(contents)
    stack = image.symbols["__stack_top"]
    size_bytes = lines_offset + len(lines)
    header = HEADER.pack(MAGIC, FORMAT, size_bytes, image.entry, stack, len(segments), lines_offset, len(lines))
    return (header + described).ljust(offset, b"\0") + contents + lines

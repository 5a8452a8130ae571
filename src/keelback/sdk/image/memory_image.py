"""Bytes at physical addresses: what a linked file loads, and the flat image put together from many pieces."""

from __future__ import annotations

import struct

from keelback.compiler import LinkedImage

HEADER_TEXT_OFFSET = 8
HEADER_MAGIC = b"ARM\x64"
HEADER_MAGIC_OFFSET = 56


class MemoryImage:
    """A contiguous piece of memory from `base` on, zero where nothing was written."""

    def __init__(self, base: int, size_bytes: int) -> None:
        self.base = base
        self.content = bytearray(size_bytes)

    def write(self, address: int, data: bytes) -> None:
        """Put `data` at `address`."""
        offset = address - self.base
        assert offset >= 0 and offset + len(data) <= len(self.content), f"{address:#x} lies outside the image"
        self.content[offset : offset + len(data)] = data

    def read(self, address: int, count: int) -> bytes:
        """The bytes at `address`."""
        offset = address - self.base
        return bytes(self.content[offset : offset + count])

    def load(self, image: LinkedImage) -> None:
        """Write the segments of a linked file at their addresses."""
        for segment in image.segments:
            if segment.data:
                self.write(segment.address, segment.data)


def read_window(image: LinkedImage, start: int, end: int) -> bytes:
    """What a linked file loads from `start` to `end`, zeros included."""
    window = MemoryImage(start, end - start)
    for segment in image.segments:
        first, last = max(start, segment.address), min(end, segment.address + len(segment.data))
        if first < last:
            window.write(first, segment.data[first - segment.address : last - segment.address])
    return bytes(window.content)


def write_boot_header(image: MemoryImage, text_offset: int, image_bytes: int) -> None:
    """Fill the sizes of the arm64 boot header (Linux, Documentation/arm64/booting.rst) the kernel begins with.

    `image_bytes` counts the zeros behind the file, too, so that the boot loader leaves that memory alone.
    """
    magic = image.read(image.base + HEADER_MAGIC_OFFSET, len(HEADER_MAGIC))
    if magic != HEADER_MAGIC:
        raise ValueError(f"the kernel does not begin with an arm64 boot header: {magic!r} at offset 56")
    sizes = struct.pack("<QQ", text_offset, image_bytes)
    image.write(image.base + HEADER_TEXT_OFFSET, sizes)

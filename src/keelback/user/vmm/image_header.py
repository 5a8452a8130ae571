"""The first 64 bytes of an arm64 Linux kernel Image (Documentation/arm64/booting.rst, 4), and whether it can run
here.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Memory, u64

HEADER_BYTES: Final = 64
TEXT_OFFSET: Final = 8
IMAGE_SIZE: Final = 16
FLAGS: Final = 24
MAGIC: Final = 56
MAGIC_VALUE: Final = 0x644D_5241
"""ARM\\x64"""
BIG_ENDIAN: Final = 1
PAGE_SIZE_SHIFT: Final = 1
"""Flags bits 2:1: 1 is 4 KiB, 0 unspecified."""
PLACEMENT_BYTES: Final = 0x20_0000

# What is wrong with a header.
GOOD: Final = 0
TOO_SHORT: Final = 1
NO_MAGIC: Final = 2
WRONG_ENDIAN: Final = 3
NO_SIZE: Final = 4
MISPLACED: Final = 5


def check_header(image: Memory, place: u64) -> u64:
    """GOOD, or what is wrong with starting this Image at guest physical `place`."""
    if image.size_bytes < HEADER_BYTES:
        return u64(TOO_SHORT)
    if image.load_u32(u64(MAGIC)) != MAGIC_VALUE:
        return u64(NO_MAGIC)
    if image.load_u64(u64(FLAGS)) & BIG_ENDIAN != 0:
        return u64(WRONG_ENDIAN)
    if image.load_u64(u64(IMAGE_SIZE)) == 0:
        return u64(NO_SIZE)
    if place.wrapping_sub(image.load_u64(u64(TEXT_OFFSET))) % PLACEMENT_BYTES != 0:
        return u64(MISPLACED)
    return u64(GOOD)


def needed_bytes(image: Memory) -> u64:
    """RAM the kernel uses from its first byte on before it reads its device tree; at least the file's size."""
    return max(image.load_u64(u64(IMAGE_SIZE)), image.size_bytes)

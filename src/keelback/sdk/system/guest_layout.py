"""Where things lie inside a guest, by Linux's boot protocol (Documentation/arm64/booting.rst).

The device tree is in the first 2 MiB of RAM, the kernel behind it on a 2 MiB boundary, the initial RAM disk behind the
kernel. Copies nothing.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from keelback.sdk.system.units import BLOCK_BYTES, align_up

GUEST_RAM_BASE = 0x4000_0000
IMAGE_HEADER_BYTES = 64

_IMAGE_MAGIC = b"ARM\x64"
_IMAGE_MAGIC_OFFSET = 56
_IMAGE_SIZES_OFFSET = 8


@dataclass(frozen=True)
class GuestLayout:
    """Guest physical addresses, and where the last of them ends."""

    tree: int
    kernel: int
    initrd: int
    end: int


def is_arm64_image(header: bytes) -> bool:
    """Whether a file with this beginning is an arm64 Linux Image."""
    return header[_IMAGE_MAGIC_OFFSET : _IMAGE_MAGIC_OFFSET + 4] == _IMAGE_MAGIC


def lay_out_guest(kernel_header: bytes, kernel_bytes: int, initrd_bytes: int) -> GuestLayout:
    """Place a kernel Image (with the room its header asks for) and an initial RAM disk."""
    text_offset, image_bytes = struct.unpack_from("<QQ", kernel_header, _IMAGE_SIZES_OFFSET)
    kernel = GUEST_RAM_BASE + BLOCK_BYTES + text_offset
    kernel_end = kernel + max(image_bytes, kernel_bytes)
    initrd = align_up(kernel_end, BLOCK_BYTES)
    return GuestLayout(GUEST_RAM_BASE, kernel, initrd, initrd + initrd_bytes if initrd_bytes else kernel_end)

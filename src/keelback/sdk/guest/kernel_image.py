"""Unpack a distribution's arm64 kernel to the flat `Image` that a boot loader starts.

Accepts what Debian ships: a plain Image, a gzip-compressed one, and an EFI "zboot" Image (a small EFI program that
carries the compressed kernel; Linux, drivers/firmware/efi/libstub/zboot-header.S). Does not place it in memory.
"""

from __future__ import annotations

import gzip
import lzma
import struct
import zlib

GZIP_MAGIC = b"\x1f\x8b"
_ZBOOT_TAG = b"zimg"
_ARM64_MAGIC = b"ARM\x64"
_ARM64_MAGIC_OFFSET = 56
_HEADER_BYTES = 64


class KernelImageError(ValueError):
    """The file is no arm64 kernel that this module can unpack."""


def unpack_kernel(data: bytes) -> bytes:
    """The plain arm64 Image inside `data`. Raises KernelImageError."""
    try:
        if data[:2] == GZIP_MAGIC:
            data = gzip.decompress(data)
        elif data[4:8] == _ZBOOT_TAG:
            data = _unpack_zboot(data)
    except (EOFError, OSError, lzma.LZMAError, struct.error, zlib.error) as broken:
        raise KernelImageError(f"the compressed kernel is damaged: {broken}") from broken
    if len(data) < _HEADER_BYTES or data[_ARM64_MAGIC_OFFSET : _ARM64_MAGIC_OFFSET + 4] != _ARM64_MAGIC:
        raise KernelImageError('no arm64 Linux Image: "ARM\\x64" is not at offset 56')
    return data


def _unpack_zboot(data: bytes) -> bytes:
    offset, size = struct.unpack_from("<II", data, 8)
    method = data[24:56].split(b"\0")[0].decode("ascii", "replace")
    payload = data[offset : offset + size]
    if len(payload) != size:
        raise KernelImageError(f"the EFI kernel ends at {len(data)} bytes, inside its payload of {size} at {offset}")
    if method == "gzip":
        return gzip.decompress(payload)
    if method in ("xzkern", "xz"):
        return lzma.decompress(payload)
    raise KernelImageError(f"the EFI kernel is compressed with {method!r}; known are gzip and xzkern")

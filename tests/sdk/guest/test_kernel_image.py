"""Unpacking kernels: every container that Debian has used, and damaged ones."""

from __future__ import annotations

import gzip
import lzma
import struct

import pytest

from keelback.sdk.guest.kernel_image import KernelImageError, unpack_kernel

IMAGE = bytes(56) + b"ARM\x64" + bytes(4) + b"the kernel itself" * 40


def zboot(payload: bytes, method: bytes, *, size: int | None = None) -> bytes:
    """An EFI program as CONFIG_EFI_ZBOOT makes it: "MZ", "zimg", offset and size of the payload, its compression."""
    header = bytearray(64)
    header[0:2] = b"MZ"
    header[4:8] = b"zimg"
    struct.pack_into("<II", header, 8, len(header), len(payload) if size is None else size)
    header[24 : 24 + len(method)] = method
    return bytes(header) + payload


def test_a_plain_image_is_taken_as_it_is() -> None:
    assert unpack_kernel(IMAGE) == IMAGE


def test_gzip_is_unpacked() -> None:
    assert unpack_kernel(gzip.compress(IMAGE)) == IMAGE


def test_an_efi_image_with_gzip_is_unpacked() -> None:
    assert unpack_kernel(zboot(gzip.compress(IMAGE), b"gzip")) == IMAGE


def test_an_efi_image_with_xz_is_unpacked() -> None:
    assert unpack_kernel(zboot(lzma.compress(IMAGE), b"xzkern")) == IMAGE


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "no arm64 Linux Image", id="empty"),
        pytest.param(bytes(64), "no arm64 Linux Image", id="zeros"),
        pytest.param(gzip.compress(b"an x86 kernel"), "no arm64 Linux Image", id="another kernel"),
        pytest.param(gzip.compress(IMAGE)[:-20], "damaged", id="gzip cut off"),
        pytest.param(zboot(gzip.compress(IMAGE)[:-20], b"gzip"), "damaged", id="payload cut off"),
        pytest.param(zboot(lzma.compress(IMAGE), b"xzkern", size=1 << 30), "ends at", id="absurd size"),
        pytest.param(
            zboot(IMAGE, b"zstd22"), "compressed with 'zstd22'; known are gzip and xzkern", id="unknown method"
        ),
        pytest.param(b"MZ\0\0zimg", "damaged", id="header cut off"),
    ],
)
def test_what_is_no_kernel_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(KernelImageError, match=message):
        unpack_kernel(data)

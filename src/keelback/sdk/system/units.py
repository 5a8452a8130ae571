"""Sizes ("4 KiB", "512 MiB") and times ("2 ms") as people write them, and as numbers of bytes and nanoseconds."""

from __future__ import annotations

import re

PAGE_BYTES = 4096
BLOCK_BYTES = 2 << 20

_FACTORS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_SIZE = re.compile(r"(\d+)\s*(B|KiB|MiB|GiB)")
_NANOSECONDS = {"ns": 1, "us": 1000, "ms": 1_000_000, "s": 1_000_000_000}
_DURATION = re.compile(r"(\d+)\s*(ns|us|ms|s)")


def parse_size(text: str | int) -> int:
    """Bytes meant by "4 KiB" or a plain number; ValueError when it is neither or not positive."""
    if isinstance(text, int):
        size_bytes = text
    else:
        match = _SIZE.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"`{text}` is not a size")
        size_bytes = int(match[1]) * _FACTORS[match[2]]
    if size_bytes <= 0:
        raise ValueError(f"`{text}` is not a positive size")
    return size_bytes


def format_size(size_bytes: int) -> str:
    """The shortest exact spelling: 536870912 -> "512 MiB"."""
    for unit in ("GiB", "MiB", "KiB"):
        if size_bytes and size_bytes % _FACTORS[unit] == 0:
            return f"{size_bytes // _FACTORS[unit]} {unit}"
    return f"{size_bytes} B"


def parse_duration(text: str) -> int:
    """Nanoseconds meant by "2 ms"; ValueError when it is no time or not positive."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"`{text}` is not a time")
    duration_ns = int(match[1]) * _NANOSECONDS[match[2]]
    if duration_ns == 0:
        raise ValueError(f"`{text}` is not a positive time")
    return duration_ns


def format_duration(duration_ns: int) -> str:
    """The shortest exact spelling: 2000000 -> "2 ms"."""
    unit = next(unit for unit in ("s", "ms", "us", "ns") if duration_ns % _NANOSECONDS[unit] == 0)
    return f"{duration_ns // _NANOSECONDS[unit]} {unit}"


def align_up(value: int, alignment: int) -> int:
    """The next multiple of `alignment` (any positive number) at or above `value`."""
    return -(-value // alignment) * alignment

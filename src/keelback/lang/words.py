"""Neighbouring fields of a struct as one word, for programs that ask about several of them at once."""

from __future__ import annotations

from typing import Final

from keelback.lang.integers import Unsigned, u32, u64

BOOL_BITS: Final = 8
"""What a bool takes in memory."""


def packed_u32(*fields: Unsigned | bool) -> u32:
    """Fields of one struct that lie side by side, 4 bytes together, read at once; the first is the lowest."""
    return u32(_packed(fields, u32.WIDTH))


def packed_u64(*fields: Unsigned | bool) -> u64:
    """Fields of one struct that lie side by side, 8 bytes together, read at once; the first is the lowest."""
    return u64(_packed(fields, u64.WIDTH))


def _packed(fields: tuple[Unsigned | bool, ...], wanted: int) -> int:
    number = width = 0
    for field in fields:
        number |= int(field) << width
        width += BOOL_BITS if isinstance(field, bool) else field.WIDTH
    if width != wanted:
        raise TypeError(f"packed_u{wanted} takes fields of {wanted} bits together, not {width}")
    return number

"""Texts: str constants and parameters, read byte by byte as UTF-8. Nothing else can be done with a str at run time."""

from __future__ import annotations

from functools import lru_cache

from keelback.lang.integers import u8, u64
from keelback.lang.traps import Trap, TrapKind


def byte_count(text: str) -> u64:
    """Length of the text in bytes of UTF-8."""
    return u64(len(_encode(text)))


def byte_at(text: str, index: u64) -> u8:
    """The byte at `index`; traps (INDEX) past the end."""
    if type(index) is not u64:
        raise TypeError(f"byte_at takes a u64 as index, not {type(index).__name__}")
    data = _encode(text)
    position = int(index)
    if position >= len(data):
        raise Trap(TrapKind.INDEX, f"byte {position} of {len(data)}")
    return u8(data[position])


@lru_cache(maxsize=256)
def _encode(text: str) -> bytes:
    return text.encode()

"""Counted loops: `for i in upto(n)` and `for i in between(start, limit)`.

The counter has the class of the limit, u64 when that is a plain int. The limit is taken once, before the first round,
and an empty range means no round at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar, overload

from keelback.lang.integers import GuestPhysAddr, PhysAddr, Unsigned, VirtAddr, u8, u16, u32, u64

N = TypeVar("N", u8, u16, u32, u64, PhysAddr, VirtAddr, GuestPhysAddr)


@overload
def upto(limit: int) -> Iterator[u64]: ...
@overload
def upto(limit: N) -> Iterator[N]: ...
def upto(limit: Unsigned | int) -> Iterator[Unsigned]:
    """0, 1, ... limit - 1."""
    return _count(0, limit)


@overload
def between(start: u64 | int, limit: int) -> Iterator[u64]: ...
@overload
def between(start: N | int, limit: N) -> Iterator[N]: ...
def between(start: Unsigned | int, limit: Unsigned | int) -> Iterator[Unsigned]:
    """start, start + 1, ... limit - 1; nothing when start >= limit."""
    return _count(start, limit)


def _count(start: Unsigned | int, limit: Unsigned | int) -> Iterator[Unsigned]:
    kind = type(limit) if isinstance(limit, Unsigned) else u64
    for bound in (start, limit):
        if type(bound) is not kind and type(bound) is not int:
            raise TypeError(f"a loop over {kind.__name__} cannot start or end at a {type(bound).__name__}")
        if not 0 <= int(bound) <= kind.MAX:
            raise TypeError(f"the constant {bound} does not fit {kind.__name__}")
    return map(kind, range(int(start), int(limit)))

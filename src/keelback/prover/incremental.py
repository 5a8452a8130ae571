"""Functions of the tables, one object each, that are computed again only when something they read has changed.

A family is one function for many objects: `@each("threads")` gives it every thread's index, `@once` makes it about the
whole. The abstract state and the invariants are made of families. Which fields a function reads is observed while it
runs, so nothing has to be declared, and the result is always what computing everything anew would give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from keelback.prover.tables import Tables

T = TypeVar("T")

Key = tuple[int, ...]
"""What a family's function takes after the tables."""


@dataclass(frozen=True)
class Family(Generic[T]):
    """A function of the tables and a key, and for which keys it is meant; these depend on the tables' sizes alone."""

    function: Callable[..., T]
    keys: Callable[[Tables], Iterable[Key]]
    is_single: bool = False

    def __call__(self, tables: Tables, *key: int) -> T:
        return self.function(tables, *key)

    @property
    def name(self) -> str:
        return self.function.__name__

    def all(self, tables: Tables) -> Iterator[tuple[Key, T]]:
        """The values for all keys, computed now."""
        return ((key, self.function(tables, *key)) for key in self.keys(tables))


def once(function: Callable[[Tables], T]) -> Family[T]:
    """A function of the tables as a whole."""
    return Family(function, lambda tables: [()], is_single=True)


def each(table: str, *, first: int = 1) -> Callable[[Callable[[Tables, int], T]], Family[T]]:
    """A function for every row of a table, from row `first` on: row 0 of the object tables is nobody."""
    return among(lambda tables: range(first, len(getattr(tables, table))))


def among(numbers: Callable[[Tables], Iterable[int]]) -> Callable[[Callable[[Tables, int], T]], Family[T]]:
    """A function for each of some numbers."""
    return lambda function: Family(function, lambda tables: [(number,) for number in numbers(tables)])


def pairs(
    keys: Callable[[Tables], Iterable[Key]],
) -> Callable[[Callable[..., T]], Family[T]]:
    """A function for each of some pairs, or more, of numbers."""
    return lambda function: Family(function, keys)


class Computation:
    """One value of a family, and what is to be done with it when it is new."""

    __slots__ = ("_family", "_key", "_take")

    def __init__(self, family: Family[Any], key: Key, take: Callable[[Key, Any], None]) -> None:
        self._family, self._key, self._take = family, key, take

    def renew(self, tables: Tables) -> None:
        """Compute the value, noting what it is made from."""
        tables.reading.reader = self
        try:
            self._take(self._key, self._family.function(tables, *self._key))
        finally:
            tables.reading.reader = None


class Watch:
    """Keeps the values of families up to date."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._due: set[object] = set()

    def add(self, family: Family[Any], take: Callable[[Key, Any], None]) -> None:
        """From the next `refresh` on `take(key, value)` gets every value of a family, and every new one afterwards."""
        self._due.update(Computation(family, key, take) for key in family.keys(self.tables))

    def refresh(self) -> None:
        """Read what changed, and compute what it changes."""
        self.tables.refresh()
        self._due |= self.tables.take_stale()
        while self._due:
            computation = self._due.pop()
            assert isinstance(computation, Computation)
            try:
                computation.renew(self.tables)
            except Exception:
                self._due.add(computation)  # it stays due
                raise

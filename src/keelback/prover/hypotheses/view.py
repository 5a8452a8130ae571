"""The kernel's tables as formulas read them: fields by name, rows by terms.

A view is of the state before a call, after it, or of numbers (the tests'): a statement is one formula over any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from keelback.abi import limits
from keelback.prover.encode import Program, Term
from keelback.prover.encode import terms as t
from keelback.prover.encode.addresses import index_bits
from keelback.prover.encode.shapes import ArrayShape
from keelback.prover.ranges import STATE

PRIORITY_COUNT: Final = limits.PRIORITY_COUNT
READY_WORDS: Final = PRIORITY_COUNT // 64
CORE_TIMERS: Final = 4 * 64

Reader = Callable[[str, tuple[Term, ...]], Term]
"""A field's whole name and its indices, none for dimensions of one: what it holds."""


@dataclass(frozen=True)
class Sizes:
    """Lengths of the tables (1 of what exists once); dimensions and widths of the fields in them, by dotted names."""

    rows: Mapping[str, int]
    dimensions: Mapping[str, tuple[int, ...]]
    widths: Mapping[str, int]
    space_count: int = limits.SPACE_COUNT


def sizes_of(program: Program) -> Sizes:
    """Those of a program's state."""
    shapes = {name.removeprefix(STATE): shape for name, shape in program.shapes.items() if name.startswith(STATE)}
    rows = {name: shape.count if isinstance(shape, ArrayShape) else 1 for name, shape in shapes.items()}
    fields = {n.removeprefix(STATE): f for n, f in program.memory_fields().items() if n.startswith(STATE)}
    return Sizes(
        rows, {name: found.counts for name, found in fields.items()}, {name: f.width for name, f in fields.items()}
    )


@dataclass(frozen=True)
class View:
    """One state. A field that does not exist is a KeyError."""

    sizes: Sizes
    reader: Reader

    def get(self, field: str, *indices: Term) -> Term:
        """`threads.queue` of a row; a further index for a field that is an array."""
        counts = self.sizes.dimensions[field]
        given = indices[len(indices) - len(counts) :]
        return self.reader(field, tuple(narrow(i, index_bits(n)) for i, n in zip(given, counts, strict=True)))

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        return self.sizes.rows[table]

    def fields(self, table: str) -> list[str]:
        """All fields of a table that are no arrays."""
        single = 0 if self.rows(table) == 1 else 1
        names = self.sizes.dimensions.items()
        return [name for name, counts in names if name.startswith(f"{table}.") and len(counts) == single]

    @property
    def partitions(self) -> int:
        """How many partitions there are."""
        return self.sizes.dimensions["cores.ready"][-1] // READY_WORDS

    @property
    def ready_queues(self) -> int:
        """How many queues are ready queues; the endpoints' follow."""
        return PRIORITY_COUNT * self.rows("cores") * self.partitions

    @property
    def timer_queues(self) -> int:
        """The first queue that is a timer's."""
        return self.ready_queues + self.rows("endpoints")


def narrow(index: Term, width: int) -> Term:
    """An index in the width that tells a table's rows apart."""
    if index.width > width:
        return t.extract(index, width - 1, 0)
    return t.zext(index, width)


def is_value(term: Term, value: int) -> Term:
    return t.eq(term, t.const(value, term.width))


def is_zero(term: Term) -> Term:
    return is_value(term, 0)


def is_set(term: Term) -> Term:
    """Whether it is not zero."""
    return t.not_(is_zero(term))


def below(term: Term, limit: int) -> Term:
    """Whether a number is below a limit, which it may always be."""
    return t.TRUE if limit > t.mask(term.width) else t.ult(term, t.const(limit, term.width))


def names(field: Term, row: Term) -> Term:
    """Whether a field holds the number of a row."""
    return t.eq(field, narrow(row, field.width))


def either(*claims: Term) -> Term:
    result = t.FALSE
    for claim in claims:
        result = t.or_(result, claim)
    return result


def choice(condition: Term, then: Term, otherwise: Term) -> Term:
    """The one claim or the other."""
    return t.and_(t.implies(condition, then), t.implies(t.not_(condition), otherwise))

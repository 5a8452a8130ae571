"""Invariants that relate fields of one row: enough, with the ranges, to show most indices inside their arrays.

They are a start for the executor's own goals, not the kernel's full invariants (`invariants`), which speak of several
objects at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from keelback.abi import objects
from keelback.prover.encode import Obligation, Program, Run, Term
from keelback.prover.encode import terms as t
from keelback.prover.encode.addresses import index_bits
from keelback.prover.encode.executor import LATER
from keelback.prover.encode.shapes import ArrayShape
from keelback.prover.encode.shaping import walk
from keelback.prover.ranges import STATE

Read = Callable[[str], Term]

OBJECT_TABLES: Final[Mapping[int, str]] = {
    objects.POOL: "pools",
    objects.THREAD: "threads",
    objects.ENDPOINT: "endpoints",
    objects.REPLY: "replies",
    objects.NOTIFICATION: "notifications",
    objects.INTERRUPT: "interrupts",
    objects.VCPU: "vcpus",
    objects.GRANT: "grants",
}
"""Where objects of a kind lie; kinds that are not here have no row invariant yet."""


@dataclass(frozen=True)
class RowInvariant:
    """Holds of every row of `table`; `formula` reads fields of the row by name."""

    name: str
    table: str
    fields: tuple[str, ...]
    formula: Callable[[Read, Mapping[str, int]], Term]


def _piece_of_slots(first: str, count: str) -> Callable[[Read, Mapping[str, int]], Term]:
    def formula(read: Read, counts: Mapping[str, int]) -> Term:
        end = t.add(t.zext(read(first), 40), t.zext(read(count), 40))
        return t.ule(end, t.const(counts["slots"], 40))

    return formula


def _object_in_its_table(read: Read, counts: Mapping[str, int]) -> Term:
    kind, index = read("kind"), read("object")
    return t.all_of(
        t.implies(t.eq(kind, t.const(number, 8)), t.ult(index, t.const(counts[table], 32)))
        for number, table in OBJECT_TABLES.items()
    )


ROW_INVARIANTS: Final = (
    RowInvariant(
        "a thread's slots", "threads", ("slots_first", "slots_count"), _piece_of_slots("slots_first", "slots_count")
    ),
    RowInvariant("a table's slots", "tables", ("first", "count"), _piece_of_slots("first", "count")),
    RowInvariant("a slot's object", "slots", ("kind", "object"), _object_in_its_table),
)


class Rows:
    """The row invariants of a program."""

    def __init__(self, program: Program) -> None:
        self._widths = {name: found.width for name, found in program.memory_fields().items()}
        shapes = {name.removeprefix(STATE): shape for name, shape in program.shapes.items()}
        self.counts = {name: shape.count for name, shape in shapes.items() if isinstance(shape, ArrayShape)}
        needed = {*OBJECT_TABLES.values(), "slots"}
        self.invariants = [
            found
            for found in ROW_INVARIANTS
            if needed <= self.counts.keys() and all(f"{STATE}{found.table}.{f}" in self._widths for f in found.fields)
        ]

    def hypotheses(self, terms: Iterable[Term]) -> list[Term]:
        """Each invariant at each row that is read."""
        made: dict[int, Term] = {}
        for term in walk(terms):
            if term.op not in ("symbol", "apply"):
                continue
            prefix, _, name = term.name.rpartition(LATER)
            for found in self.invariants:
                start = f"{STATE}{found.table}."
                if name.startswith(start) and name[len(start) :] in found.fields:
                    claim = found.formula(self._first(f"{prefix}{LATER}" if prefix else "", start, term), self.counts)
                    made[claim.number] = claim
        return list(made.values())

    def _first(self, prefix: str, start: str, like: Term) -> Read:
        return lambda name: t.apply(prefix + start + name, like.arguments, self._widths[start + name])

    def kept(self, run: Run, guard: Term, node: int) -> list[Obligation]:
        """The invariants at any row, where the run has ended."""
        made: list[Obligation] = []
        for found in self.invariants:
            start = f"{STATE}{found.table}."
            if not any(run.memory.fields[start + name].writes for name in found.fields):
                continue
            count = self.counts[found.table]
            row = t.symbol(f"any row of {found.table}", index_bits(count))

            def read(name: str, start: str = start, row: Term = row) -> Term:
                return run.memory.read(start + name, (row,), node)

            claim = t.implies(t.ult(t.zext(row, 64), t.const(count, 64)), found.formula(read, self.counts))
            made.append(Obligation(guard, claim, "row", f"{found.name}, afterwards"))
        return made

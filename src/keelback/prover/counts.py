"""Counts (`hypotheses.COUNTS`), where a goal needs them.

How many rows belong to another is no formula. What is assumed of a counter is that it is at least as high as the
members among the rows that a goal reads, and at most all rows there are. What is shown is that it changes by as much as
the members among the rows that are written, which are all that can change: so it stays the number that it was. Row 0 is
nobody: at boot it may count fewer than belong to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from keelback.prover.encode import Obligation, Run, Term
from keelback.prover.encode import terms as t
from keelback.prover.encode.addresses import index_bits
from keelback.prover.encode.executor import LATER
from keelback.prover.encode.shaping import walk
from keelback.prover.hypotheses import COUNTS, Count, Sizes, View
from keelback.prover.hypotheses.statement import Belongs
from keelback.prover.hypotheses.view import Reader, is_set, narrow
from keelback.prover.ranges import STATE

WIDTH = 32


class Counts:
    """The counts of tables and fields which a program has."""

    def __init__(self, sizes: Sizes, counts: Sequence[Count] = COUNTS) -> None:
        self.sizes = sizes
        fields = sizes.dimensions.keys()
        self.counts = [c for c in counts if c.counter in fields and all(key in fields for _, key, _ in c.members)]

    def hypotheses(self, terms: Iterable[Term]) -> list[Term]:
        """What the counters that are read come to at least, and at most."""
        read = rows_read(terms)
        made: list[Term] = []
        for count in self.counts:
            for prefix, row, value in read.get(count.counter, {}).values():
                view = View(self.sizes, first_reader(self.sizes, prefix))
                parts: list[Term] = []
                for table, key, belongs in count.members:
                    rows = [other for where, other, _ in read.get(key, {}).values() if where == prefix]
                    parts += members(view, belongs, row, [(other, t.TRUE) for other in rows], self.sizes.rows[table])
                most = t.const(sum(self.sizes.rows[table] for table, _, _ in count.members), WIDTH)
                wide = t.zext(row, 64)
                inside = t.ult(wide, t.const(self.sizes.rows[count.table], 64))
                made.append(t.implies(inside, t.ule(value, most)))
                made.append(t.implies(t.and_(inside, is_set(wide)), t.ule(total(parts), value)))
        return made

    def kept(self, run: Run, guard: Term, node: int) -> list[Obligation]:
        """That every counter has changed as its members have."""
        return [found for count in self.counts for found in self._kept(count, run, guard, node)]

    def _kept(self, count: Count, run: Run, guard: Term, node: int) -> Iterator[Obligation]:
        before = View(self.sizes, first_reader(self.sizes, ""))

        def reader(name: str, indices: tuple[Term, ...]) -> Term:
            return run.memory.read(STATE + name, indices, node)

        after = View(self.sizes, reader)
        row = t.symbol(f"any row of {count.table}", index_bits(self.sizes.rows[count.table]))
        old, new = before.get(count.counter, row), after.get(count.counter, row)
        lost: list[Term] = []
        won: list[Term] = []
        is_touched = bool(run.memory.fields[STATE + count.counter].writes)
        for table, _, belongs in count.members:
            own, others = dependencies(self.sizes, belongs)
            writes = [write for name in own for write in run.memory.fields[name].writes]
            is_touched = is_touched or bool(writes)
            if any(w.covers is not None for w in writes) or any(run.memory.fields[name].writes for name in others):
                yield Obligation(guard, t.FALSE, "count", f"{count.name}: it is not known which rows of {table} change")
                return
            rows: dict[Term, Term] = {}
            for write in writes:
                place = write.indices[0] if write.indices else t.const(0, 1)
                rows[place] = t.or_(rows.get(place, t.FALSE), write.guard)
            lost += members(before, belongs, row, list(rows.items()), self.sizes.rows[table])
            won += members(after, belongs, row, list(rows.items()), self.sizes.rows[table])
        if is_touched:
            inside = t.ult(t.zext(row, 64), t.const(self.sizes.rows[count.table], 64))
            same = t.eq(t.add(new, total(lost)), t.add(old, total(won)))
            yield Obligation(guard, t.implies(inside, same), "count", count.name)


def dependencies(sizes: Sizes, belongs: Belongs) -> tuple[set[str], set[str]]:
    """The fields that decide whether a row belongs: those at the row's own number, and all others."""
    own: set[str] = set()
    others: set[str] = set()
    member = t.symbol("probe of member", WIDTH)

    def reader(name: str, indices: tuple[Term, ...]) -> Term:
        is_own = not indices or indices[0] is narrow(member, indices[0].width)
        (own if is_own else others).add(STATE + name)
        return t.apply(f"probe {name}", indices, sizes.widths[name])

    belongs(View(sizes, reader), t.symbol("probe", WIDTH), member)
    return own, others - own


def first_reader(sizes: Sizes, prefix: str) -> Reader:
    """Fields before anything was written, or (`prefix`) at a later time of which nothing is known."""

    def reader(name: str, indices: tuple[Term, ...]) -> Term:
        return t.apply(f"{prefix}{STATE}{name}", indices, sizes.widths[name])

    return reader


def rows_read(terms: Iterable[Term]) -> dict[str, dict[Term, tuple[str, Term, Term]]]:
    """Per field: what is read of it, with the prefix of its time, and the row."""
    made: dict[str, dict[Term, tuple[str, Term, Term]]] = {}
    for term in walk(terms):
        if term.op in ("apply", "symbol"):
            prefix, later, name = term.name.rpartition(LATER)
            if name.startswith(STATE):
                row = term.arguments[0] if term.arguments else t.const(0, 1)
                made.setdefault(name.removeprefix(STATE), {})[term] = (prefix + later, row, term)
    return made


def members(view: View, belongs: Belongs, row: Term, rows: Sequence[tuple[Term, Term]], count: int) -> list[Term]:
    """For each of some rows of a table, if it counts (the condition that comes with it), whether it belongs to `row`,
    and is none of those before it that count."""
    made: list[Term] = []
    before: list[tuple[Term, Term]] = []
    for other, counts in rows:
        inside = t.ult(t.zext(other, 64), t.const(count, 64))
        is_new = t.all_of(t.not_(t.and_(known, t.eq(other, earlier))) for earlier, known in before)
        made.append(t.all_of((counts, inside, belongs(view, row, other), is_new)))
        before.append((other, counts))
    return made


def total(claims: Iterable[Term]) -> Term:
    """How many of them hold."""
    result = t.const(0, WIDTH)
    for claim in claims:
        result = t.add(result, t.from_bool(claim, WIDTH))
    return result

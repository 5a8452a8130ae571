"""Statements about rows (`hypotheses`), where a goal needs them: at the rows that it reads and at those that these
name, before a call; at any row, after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import combinations
from typing import Final

from keelback.abi import limits
from keelback.prover.counts import Counts, first_reader, rows_read
from keelback.prover.encode import Obligation, Program, Run, Term
from keelback.prover.encode import terms as t
from keelback.prover.encode.addresses import index_bits
from keelback.prover.encode.executor import LATER
from keelback.prover.encode.shaping import walk
from keelback.prover.hypotheses import COUNTS, PAIRS, STATEMENTS, Pair, Sizes, Statement, View, sizes_of
from keelback.prover.ranges import STATE

ROUNDS: Final = 2
"""How often links are followed from the rows that a goal reads."""
ROW: Final = "any row"


class Rows:
    """The statements that are about tables and fields which a program has."""

    def __init__(
        self, program: Program, chosen: Sequence[Statement] | None = None, space_count: int = limits.SPACE_COUNT
    ) -> None:
        """`chosen`: only these statements, and none about two rows, or counts. `space_count`: the program's own."""
        self.sizes = replace(sizes_of(program), space_count=space_count)
        self.counts = Counts(self.sizes, COUNTS if chosen is None else ())
        self.read_by: dict[Statement, set[str]] = {}
        self._own: dict[str, list[Statement]] = {}
        self.pairs: dict[Pair, set[str]] = {}
        for statement in STATEMENTS if chosen is None else chosen:
            self._add(statement)
        for pair in PAIRS if chosen is None else ():
            self._add_pair(pair)

    def _add(self, statement: Statement) -> None:
        if statement.table not in self.sizes.rows:
            return
        row = any_row(statement, self.sizes)
        own: set[str] = set()
        everything: set[str] = set()

        def reader(name: str, indices: tuple[Term, ...]) -> Term:
            everything.add(name)
            if name.partition(".")[0] == statement.table and (not indices or indices[0] is row):
                own.add(name)
            return t.apply(f"probe {name}", indices, self.sizes.widths[name])

        try:
            statement.formula(View(self.sizes, reader), row)
        except KeyError:
            return  # a table or a field that this program does not have
        self.read_by[statement] = everything
        for name in own:
            self._own.setdefault(name, []).append(statement)

    def hypotheses(self, terms: Iterable[Term], rounds: int = ROUNDS, *, with_counts: bool = True) -> list[Term]:
        """Each statement at each row of which something is read that it speaks of; and so on from there, `rounds` in
        all. `with_counts`: what is known of counters, too."""
        made: dict[int, Term] = {}
        done: set[tuple[Statement, str, Term]] = set()
        given = new = list(terms)
        for _ in range(rounds):
            found: list[Term] = []
            for statement, prefix, row in self._places(new):
                if (statement, prefix, row) not in done:
                    done.add((statement, prefix, row))
                    found.append(self._at(statement, View(self.sizes, first_reader(self.sizes, prefix)), row))
            made.update((claim.number, claim) for claim in found)
            new = found
        everything = [*given, *made.values()]
        counted = self.counts.hypotheses(everything) if with_counts else []
        return [*made.values(), *self._of_pairs(everything), *counted]

    def _of_pairs(self, terms: list[Term]) -> Iterator[Term]:
        """Statements about two rows, of all rows that are read at the same time."""
        read = rows_read(terms)
        for pair, fields in self.pairs.items():
            rows: dict[tuple[str, Term], Term] = {}
            for field in sorted(fields):
                rows.update(((prefix, row), row) for prefix, row, _ in read.get(field, {}).values())
            for (prefix, row), (other_prefix, other) in combinations(rows, 2):
                if prefix == other_prefix:
                    yield self._of_two(pair, View(self.sizes, first_reader(self.sizes, prefix)), row, other)

    def _of_two(self, pair: Pair, view: View, row: Term, other: Term) -> Term:
        count = t.const(self.sizes.rows[pair.table], 64)
        both = [t.and_(t.ult(t.const(0, 64), t.zext(one, 64)), t.ult(t.zext(one, 64), count)) for one in (row, other)]
        return t.implies(t.all_of((*both, t.not_(t.eq(row, other)))), pair.formula(view, row, other))

    def _add_pair(self, pair: Pair) -> None:
        if pair.table in self.sizes.rows:
            fields: set[str] = set()

            def reader(name: str, indices: tuple[Term, ...]) -> Term:
                fields.add(name)
                return t.apply(f"probe {name}", indices, self.sizes.widths[name])

            with suppress(KeyError):
                pair.formula(View(self.sizes, reader), t.symbol("probe", 32), t.symbol("other probe", 32))
                self.pairs[pair] = fields

    def _places(self, terms: Iterable[Term]) -> Iterator[tuple[Statement, str, Term]]:
        for term in walk(terms):
            if term.op not in ("symbol", "apply"):
                continue
            prefix, later, name = term.name.rpartition(LATER)
            if not name.startswith(STATE):
                continue
            for statement in self._own.get(name.removeprefix(STATE), ()):
                row = term.arguments[0] if self.sizes.rows[statement.table] > 1 else t.const(0, 1)
                yield statement, prefix + later, row

    def _at(self, statement: Statement, view: View, row: Term) -> Term:
        count = self.sizes.rows[statement.table]
        inside = t.ult(t.zext(row, 64), t.const(count, 64)) if count > 1 else t.TRUE
        if statement.first:
            inside = t.and_(inside, t.not_(t.ult(t.zext(row, 64), t.const(statement.first, 64))))
        return t.implies(inside, statement.formula(view, row))

    def kept(self, run: Run, guard: Term, node: int) -> list[Obligation]:
        """The statements at any row, where the run has come to `node`."""

        links = Links()

        def reader(name: str, indices: tuple[Term, ...]) -> Term:
            return run.memory.read(STATE + name, tuple(map(links.named, indices)), node)

        written = {found.name.removeprefix(STATE) for found in run.memory.written()}
        claims = [
            Obligation(
                guard, links.given(self._at(one, View(self.sizes, reader), any_row(one, self.sizes))), "row", one.name
            )
            for one, names in self.read_by.items()
            if names & written
        ]
        width = {pair: index_bits(self.sizes.rows[pair.table]) for pair in self.pairs}
        for pair, names in self.pairs.items():
            if names & written:
                row, other = (t.symbol(f"{which} of {pair.table}", width[pair]) for which in (ROW, "any other row"))
                condition = links.given(self._of_two(pair, View(self.sizes, reader), row, other))
                claims.append(Obligation(guard, condition, "row", pair.name))
        return claims + self.counts.kept(run, guard, node)


class Links:
    """Names for rows that depend on the path that was taken: what is read there stays as short as at any row, and what
    is assumed of rows is assumed of these."""

    def __init__(self) -> None:
        self._named: dict[Term, Term] = {}

    def named(self, row: Term) -> Term:
        """The row, or an unknown that stands for it."""
        if all(term.op != "ite" for term in walk([row])):
            return row
        return self._named.setdefault(row, t.symbol(f"row {row.number}", row.width))

    def given(self, claim: Term) -> Term:
        """The claim, where the unknowns in it are the rows that they stand for."""
        known = {name: row for row, name in self._named.items()}
        meant = [t.eq(term, known[term]) for term in walk([claim]) if term in known]
        return t.implies(t.all_of(meant), claim)


def any_row(statement: Statement, sizes: Sizes) -> Term:
    """The unknown row that a statement is shown of."""
    count = sizes.rows[statement.table]
    return t.symbol(f"{ROW} of {statement.table}", index_bits(count)) if count > 1 else t.const(0, 1)

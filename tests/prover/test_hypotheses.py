"""The invariants as formulas say nothing that is false of states which the kernel reaches."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations

from keelback.lang import Layout
from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.fuzz import CompiledKernel
from keelback.prover.fuzz.boot import make_boot
from keelback.prover.fuzz.choice import choose_step
from keelback.prover.fuzz.run import begin, take_step
from keelback.prover.hypotheses import COUNTS, PAIRS, STATEMENTS, Sizes, Statement, View
from keelback.prover.invariants import INVARIANTS
from keelback.prover.tables import Tables

SYSTEMS = 4
STEPS = 120
EVERY = 60


def sizes_of_kernel(layouts: Mapping[str, Layout], space_count: int) -> Sizes:
    rows: dict[str, int] = {}
    dimensions: dict[str, tuple[int, ...]] = {}
    widths: dict[str, int] = {}
    for table, layout in layouts.items():
        if layout.element is None:
            rows[table] = 1
            for name, field in leaves(layout):
                kind = field.element or field
                dimensions[f"{table}.{name}"] = (field.count,) if field.element else ()
                widths[f"{table}.{name}"] = 8 * kind.size
            continue
        rows[table] = layout.count
        own = (layout.count,) if layout.count > 1 else ()
        if layout.element.kind != "struct":
            dimensions[table], widths[table] = own, 8 * layout.element.size
            continue
        for name, field in leaves(layout.element):
            kind = field.element or field
            dimensions[f"{table}.{name}"] = own + ((field.count,) if field.element else ())
            widths[f"{table}.{name}"] = 8 * kind.size
    return Sizes(rows, dimensions, widths, space_count)


def leaves(layout: Layout, path: str = "") -> list[tuple[str, Layout]]:
    found: list[tuple[str, Layout]] = []
    for name, (_, field) in layout.fields.items():
        found += leaves(field, f"{path}{name}.") if field.kind == "struct" else [(path + name, field)]
    return found


def reader_of(tables: Tables, sizes: Sizes) -> Callable[[str, tuple[Term, ...]], Term]:
    """Numbers of a state; 0 outside a table, of which no formula may depend."""

    def read(name: str, indices: tuple[Term, ...]) -> Term:
        table, _, path = name.partition(".")
        numbers = [index.value for index in indices]
        value = getattr(tables, table)
        if isinstance(value, Sequence):
            row = numbers.pop(0) if sizes.rows[table] > 1 else 0
            if row >= sizes.rows[table]:
                return t.const(0, sizes.widths[name])
            value = value[row]
        for part in path.split(".") if path else ():
            value = getattr(value, part)
        return t.const(value[numbers[0]] if numbers else int(value), sizes.widths[name])

    return read


def broken(tables: Tables, sizes: Sizes) -> list[tuple[Statement, int]]:
    view = View(sizes, reader_of(tables, sizes))
    found: list[tuple[Statement, int]] = []
    for statement in STATEMENTS:
        for row in range(statement.first, sizes.rows[statement.table]):
            claim = statement.formula(view, t.const(row, 32))
            assert claim.is_constant, statement.name
            if claim is t.FALSE:
                found.append((statement, row))
    for pair in PAIRS:
        for row, other in permutations(range(1, sizes.rows[pair.table]), 2):
            assert pair.formula(view, t.const(row, 32), t.const(other, 32)) is t.TRUE, (pair.name, row, other)
    return found


def wrong_counts(tables: Tables, sizes: Sizes) -> list[tuple[str, int]]:
    """Counters that are not how many rows belong; row 0 may have begun with fewer."""
    view = View(sizes, reader_of(tables, sizes))
    found: list[tuple[str, int]] = []
    for count in COUNTS:
        for number in range(sizes.rows[count.table]):
            row = t.const(number, 32)
            here = [
                belongs(view, row, t.const(member, 32)) is t.TRUE
                for table, _, belongs in count.members
                for member in range(sizes.rows[table])
            ]
            counted = view.get(count.counter, row).value
            if counted > sum(here) or (number and counted < sum(here)):
                found.append((count.name, number))
    return found


def test_every_formula_belongs_to_an_invariant() -> None:
    known = {rule.name for rule in INVARIANTS}
    assert not [(one.name, claim) for one in STATEMENTS for claim in one.claims if claim not in known]
    assert not [(one.name, claim) for one in COUNTS for claim in one.claims if claim not in known]
    assert not [(one.name, claim) for one in PAIRS for claim in one.claims if claim not in known]
    assert all(one.claims for one in STATEMENTS) and all(one.claims for one in COUNTS)
    names = Counter((one.table, one.name) for one in STATEMENTS)
    assert set(names.values()) == {1}


def test_formulas_hold_of_states_that_the_kernel_reaches(kernel: CompiledKernel) -> None:
    chance = random.Random(1)
    for seed in range(SYSTEMS):
        state = begin(kernel, make_boot(kernel, seed))
        for number in range(STEPS):
            assert take_step(kernel, state, choose_step(state, chance)) == ()
            if number % EVERY == 0:
                tables = kernel.tables()
                found = broken(tables, sizes_of_kernel(kernel.layouts, tables.space_count))
                assert [(one.name, row) for one, row in found] == []
        tables = kernel.tables()
        assert wrong_counts(tables, sizes_of_kernel(kernel.layouts, tables.space_count)) == []

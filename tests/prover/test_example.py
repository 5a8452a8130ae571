"""The state that shows that hypotheses agree is one of which every invariant's formula holds."""

from __future__ import annotations

from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.example import THREAD, satisfies
from keelback.prover.fuzz import CompiledKernel
from keelback.prover.hypotheses import STATEMENTS, View
from keelback.prover.ranges import STATE
from tests.prover.test_hypotheses import sizes_of_kernel

CORE = t.symbol("this_core", 2)
CURRENT = t.apply(f"{STATE}cores.current", (CORE,), 32)


def test_what_holds_of_the_state_agrees() -> None:
    assert satisfies([t.eq(CURRENT, t.const(THREAD, 32)), t.TRUE])


def test_one_claim_that_does_not_hold_is_enough() -> None:
    assert not satisfies([t.eq(CURRENT, t.const(THREAD, 32)), t.eq(CURRENT, t.const(0, 32))])


def test_fields_at_a_later_time_are_as_before() -> None:
    later = t.apply(f"later 2~{STATE}cores.current", (CORE,), 32)
    assert satisfies([t.eq(later, CURRENT)])


def test_every_formula_holds_of_the_state(kernel: CompiledKernel) -> None:
    sizes = sizes_of_kernel(kernel.layouts, kernel.tables().space_count)

    def reader(name: str, indices: tuple[Term, ...]) -> Term:
        return t.apply(STATE + name, indices, sizes.widths[name])

    for statement in STATEMENTS:
        rows = (row for row in range(statement.first, sizes.rows[statement.table]) if row < 8)
        assert satisfies(statement.formula(View(sizes, reader), t.const(row, 32)) for row in rows), statement.name

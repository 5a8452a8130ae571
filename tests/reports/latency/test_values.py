"""Sets and ranges of numbers: an operation covers all that the numbers can be; conditions decide as numbers do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keelback.reports.latency import values
from keelback.reports.latency.conditions import INVERSE, learn, outcomes
from keelback.reports.latency.states import Comparison, State
from keelback.reports.latency.values import Value

BITS = 64
MASK = (1 << BITS) - 1
Picked = tuple[Value, int]

NUMBERS = st.one_of(st.integers(0, 300), st.integers(0, MASK), st.integers(0, 63).map(lambda bit: 1 << bit))


@st.composite
def picked(draw: st.DrawFn) -> Picked:
    """A value, and one number that it can be."""
    if draw(st.booleans()):
        members = draw(st.sets(NUMBERS, min_size=1, max_size=6))
        return values.among(members), draw(st.sampled_from(sorted(members)))
    low, number, high = sorted(draw(st.tuples(NUMBERS, NUMBERS, NUMBERS)))
    return values.between(low, high), number


OPERATIONS: dict[str, tuple[Callable[[Value, Value, int], Value], Callable[[int, int], int]]] = {
    "add": (values.add, lambda a, b: a + b),
    "subtract": (values.subtract, lambda a, b: a - b),
    "and": (values.conjoin, lambda a, b: a & b),
    "or": (values.disjoin, lambda a, b: a | b),
    "exclusive or": (values.differ, lambda a, b: a ^ b),
    "multiply": (values.multiply, lambda a, b: a * b),
    "divide": (values.divide, lambda a, b: a // b if b else 0),
    "left": (values.shift_left, lambda a, b: a << b % BITS),
    "right": (values.shift_right, lambda a, b: a >> b % BITS),
}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@given(first=picked(), second=picked())
def test_an_operation_covers_every_result(name: str, first: Picked, second: Picked) -> None:
    of_values, of_numbers = OPERATIONS[name]
    expected = of_numbers(first[1], second[1]) & MASK
    assert of_values(first[0], second[0], BITS).covers(values.exactly(expected))


@given(first=picked(), second=picked())
def test_a_union_covers_both(first: Picked, second: Picked) -> None:
    both = values.union(first[0], second[0])
    assert both.covers(first[0])
    assert both.covers(second[0])


@given(value=picked(), bits=st.sampled_from([8, 16, 32]))
def test_low_bits(value: Picked, bits: int) -> None:
    assert values.narrow(value[0], bits).covers(values.exactly(value[1] & (1 << bits) - 1))


@pytest.mark.parametrize("condition", sorted(INVERSE))
@pytest.mark.parametrize("operation", ["subtract", "add", "and"])
@given(first=picked(), second=picked())
def test_a_branch_goes_where_numbers_go_and_keeps_them(
    operation: str, condition: str, first: Picked, second: Picked
) -> None:
    exact = Comparison(operation, BITS, values.exactly(first[1]), values.exactly(second[1]), None, None)
    (outcome,) = outcomes(State(comparison=exact), condition)
    state = State({1: first[0], 2: second[0]}, comparison=Comparison(operation, BITS, first[0], second[0], 1, 2))
    assert outcome in outcomes(state, condition)
    assert learn(state, condition if outcome else INVERSE[condition])
    assert state.read(1).covers(values.exactly(first[1]))
    assert state.read(2).covers(values.exactly(second[1]))

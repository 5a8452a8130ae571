"""Histories compared step by step: equal ones are shown to be, and no others."""

from __future__ import annotations

from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.machine.histories import are_equal

SECONDS = 60.0
START = t.symbol("before", t.EFFECT)
A, B = t.symbol("a", 64), t.symbol("b", 64)
C = t.symbol("c", 0)


def told(name: str, before: Term, *seen: Term) -> Term:
    return t.apply(name, [before, *seen], t.EFFECT)


def equal(first: Term, second: Term, *hypotheses: Term) -> bool:
    return are_equal(first, second, hypotheses, SECONDS, SECONDS)


def sum_of(a: Term, b: Term) -> Term:
    """a + b, in another form than `add` gives."""
    return t.add(t.bit_xor(a, b), t.mul(t.bit_and(a, b), t.const(2, 64)))


def test_events_that_see_equal_values_are_equal() -> None:
    assert equal(told("write", START, t.add(A, B)), told("write", START, sum_of(A, B)))


def test_events_that_see_other_values_are_not() -> None:
    assert not equal(told("write", START, A), told("write", START, B))
    assert not equal(told("write", START, A), told("read", START, A))
    assert not equal(told("write", START, A), told("write", told("read", START), A))


def test_a_hypothesis_counts() -> None:
    assert equal(told("write", START, A), told("write", START, B), t.eq(A, B))


def test_what_is_shown_of_earlier_events_counts_for_later_ones() -> None:
    one, other = told("write", START, t.add(A, B)), told("write", START, sum_of(A, B))
    read_one, read_other = t.apply("read", [one], 64), t.apply("read", [other], 64)
    assert equal(told("send", one, read_one), told("send", other, read_other))


def test_paths_are_told_apart() -> None:
    less, also_less = t.ult(A, B), t.not_(t.ule(B, A))
    first = t.ite(less, told("yes", START, A), told("no", START))
    assert equal(first, t.ite(also_less, told("yes", START, A), told("no", START)))
    assert not equal(first, t.ite(C, told("yes", START, A), told("no", START)))
    assert not equal(first, t.ite(t.ule(A, B), told("yes", START, A), told("no", START)))


def test_without_time_nothing_is_shown() -> None:
    assert not are_equal(told("write", START, t.add(A, B)), told("write", START, sum_of(A, B)), (), SECONDS, -1.0)

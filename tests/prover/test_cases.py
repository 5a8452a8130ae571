"""A claim is split where a solver gives up, and no case of it is lost."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from keelback.prover import cases
from keelback.prover.cases import find_decision, is_refuted_by_cases, replaced, taken
from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.encode.evaluation import Interpretation, Value, evaluate
from keelback.prover.solvers import Answer

X, Y = t.symbol("x", 8), t.symbol("y", 8)
IS_ZERO, IS_SMALL = t.eq(X, t.const(0, 8)), t.ult(X, Y)
CHOICE = t.ite(IS_SMALL, t.add(X, Y), t.ite(IS_ZERO, Y, t.apply("f", [X], 8)))


def value(term: Term, x: int, y: int) -> Value:
    def function(_: str, given: tuple[Value, ...], __: int) -> Value:
        return 3 * int(str(given[0])) & 0xFF

    return evaluate([term], Interpretation(lambda name, _: {"x": x, "y": y}[name], function))[term]


def refute(monkeypatch: pytest.MonkeyPatch, *claim: Term, most: int = 1000) -> tuple[bool, int]:
    """With a solver that only knows what is false at first sight; and how often it was asked."""
    asked: list[str] = []

    def ask(text: str, _: float) -> Answer:
        asked.append(text)
        return Answer("unknown", "none", 0.0)

    monkeypatch.setattr(cases, "ask_z3", ask)
    return is_refuted_by_cases(claim, lambda _: [], lambda _: len(asked) < most, 1e9), len(asked)


def test_what_is_replaced_means_the_same_where_the_decision_holds() -> None:
    chance = random.Random(1)
    for decision in (IS_ZERO, IS_SMALL):
        for _ in range(50):
            x, y = chance.choice((0, chance.randrange(256))), chance.randrange(256)
            (left,) = taken([CHOICE], decision, holds=value(decision, x, y) == 1)
            assert value(left, x, y) == value(CHOICE, x, y)


def test_a_number_that_is_known_is_put_in_everywhere() -> None:
    assert taken([t.apply("f", [X], 8)], IS_ZERO, holds=True) == [t.apply("f", [t.const(0, 8)], 8)]
    assert replaced([CHOICE], {}) == [CHOICE]


def test_that_is_decided_on_which_most_depends() -> None:
    both: Sequence[Term] = [t.eq(CHOICE, Y), t.ult(t.ite(IS_SMALL, X, Y), Y), t.or_(IS_SMALL, IS_ZERO)]
    assert find_decision(both) is IS_SMALL
    assert find_decision([t.add(X, Y)]) is None


def test_a_claim_is_refuted_when_every_case_is(monkeypatch: pytest.MonkeyPatch) -> None:
    either = t.or_(t.and_(IS_ZERO, IS_SMALL), t.and_(t.not_(IS_ZERO), IS_SMALL))
    refuted, asked = refute(monkeypatch, either, t.not_(IS_SMALL))
    assert refuted and asked


def test_a_claim_that_can_hold_is_not_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not refute(monkeypatch, t.or_(IS_ZERO, IS_SMALL))[0]


def test_nothing_is_refuted_from_what_contradicts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not refute(monkeypatch, IS_SMALL, t.or_(IS_ZERO, IS_SMALL), most=0)[0]

"""Shows that two histories are equal step by step, where a solver does not see it at once.

Two histories are equal if, on each path, they end with the same event, that event saw the same values in both, and the
histories before it are equal. So the whole falls into small claims about pairs of events, from the first one on; what
has been shown of earlier pairs is a hypothesis for later ones. It never shows what does not hold, but may fail to show
what does.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from keelback.prover.encode import Term, query
from keelback.prover.encode import terms as t
from keelback.prover.encode.shaping import any_of_all, walk
from keelback.prover.solvers import ask_cvc5, ask_z3

PAIRS = 2000
"""More pairs of events are not looked at."""
PRUNING_SECONDS = 0.5
"""For finding out that two events never happen on the same path."""
TOGETHER = 24
"""Claims of a pair that are decided at once."""


@dataclass
class Pair:
    """Two histories that must be equal where `guard` holds, and claims that make them so."""

    first: Term
    second: Term
    guard: Term
    claims: list[Term] = field(default_factory=list[Term])


def pairs_of(first: Term, second: Term, end: float) -> list[Pair] | None:
    """All pairs that the equality of two histories comes down to, earliest ones first; None if there are too many, or
    the clock (`time.monotonic`) is past `end`."""
    known: dict[tuple[int, int], Pair] = {}
    waiting: list[tuple[int, tuple[int, int]]] = []

    def need(guard: Term, a: Term, b: Term) -> None:
        if a is b or guard is t.FALSE:
            return
        key = (a.number, b.number)
        if key in known:
            known[key].guard = t.or_(known[key].guard, guard)
            return
        known[key] = Pair(a, b, guard)
        heapq.heappush(waiting, (-a.number - b.number, key))

    need(t.TRUE, first, second)
    done: list[Pair] = []
    while waiting:
        if len(known) > PAIRS or time.monotonic() > end:
            return None
        # terms come after their parts in number: all that leads to this pair has been looked at
        pair = known[heapq.heappop(waiting)[1]]
        done.append(pair)
        a, b = pair.first, pair.second
        if not _is_same_event(a, b) and ask_z3(query([pair.guard]), PRUNING_SECONDS).verdict == "unsat":
            continue
        if a.op == "ite" and (b.op != "ite" or a.number > b.number):
            condition, yes, no = a.arguments
            need(t.and_(pair.guard, condition), yes, b)
            need(t.and_(pair.guard, t.not_(condition)), no, b)
        elif b.op == "ite":
            condition, yes, no = b.arguments
            need(t.and_(pair.guard, condition), a, yes)
            need(t.and_(pair.guard, t.not_(condition)), a, no)
        elif _is_same_event(a, b):
            for x, y in zip(a.arguments, b.arguments, strict=True):
                if x is not y and x.width == t.EFFECT:
                    need(pair.guard, x, y)
                elif x is not y:
                    pair.claims.append(t.eq(x, y))
        else:
            pair.claims.append(t.FALSE)
    return done[::-1]


def _is_same_event(a: Term, b: Term) -> bool:
    return (
        a.op == b.op == "apply"
        and a.name == b.name
        and [x.width for x in a.arguments] == [y.width for y in b.arguments]
    )


def are_equal(first: Term, second: Term, hypotheses: Sequence[Term], seconds: float, whole_seconds: float) -> bool:
    """Whether two histories are shown to be equal, with `seconds` for one claim and `whole_seconds` for all."""
    end = time.monotonic() + whole_seconds
    pairs = pairs_of(first, second, end)
    if pairs is None:
        return False
    lemmas: dict[int, list[tuple[Term, Term]]] = {}
    for pair in pairs:
        waiting = [pair.claims[n : n + TOGETHER] for n in range(0, len(pair.claims), TOGETHER)]
        while waiting:
            claims = waiting.pop()
            if time.monotonic() > end:
                return False
            wrong = any_of_all(t.and_(pair.guard, t.not_(claim)) for claim in claims)
            if _is_impossible(wrong, hypotheses, lemmas, seconds if len(claims) == 1 else min(seconds, 2.0)):
                continue
            if len(claims) == 1:
                return False
            half = len(claims) // 2
            waiting += [claims[:half], claims[half:]]
        told = t.implies(pair.guard, t.eq(pair.first, pair.second))
        lemmas.setdefault(pair.first.number, []).append((pair.second, told))
    return True


def _is_impossible(
    wrong: Term, hypotheses: Sequence[Term], lemmas: dict[int, list[tuple[Term, Term]]], seconds: float
) -> bool:
    present = {term.number: term for term in walk([wrong])}
    related = [
        told for number in present if number in lemmas for other, told in lemmas[number] if other.number in present
    ]
    text = query([wrong, *related, *hypotheses])
    found = ask_z3(text, seconds).verdict
    return found == "unsat" or (found == "unknown" and ask_cvc5(text, seconds).verdict == "unsat")

"""Cases of a claim that is too much for a solver as a whole: a decision on which much depends is taken both ways, and
what is left of the claim is simpler. Knows nothing of kernels.

A decision that is taken becomes an assumption, and a constant wherever it stood; what equals a constant becomes that
constant. A case is decided with what is assumed of the rows that are left in it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from keelback.prover.encode import Term, query
from keelback.prover.encode import terms as t
from keelback.prover.encode.shaping import walk
from keelback.prover.solvers import ask_z3

CASE_SECONDS: Final = 1.5
"""A solver's time for one case, before it is split in two."""
CONNECTIVES: Final = ("and", "or", "not", "ite")
_SAME: Final[Mapping[str, Callable[..., Term]]] = {
    "not": t.not_,
    "and": t.and_,
    "or": t.or_,
    "ite": t.ite,
    "eq": t.eq,
    "ult": t.ult,
    "slt": t.slt,
    "add": t.add,
    "sub": t.sub,
    "mul": t.mul,
    "udiv": t.udiv,
    "urem": t.urem,
    "sdiv": t.sdiv,
    "srem": t.srem,
    "band": t.bit_and,
    "bor": t.bit_or,
    "bxor": t.bit_xor,
    "bnot": t.bit_not,
    "shl": t.shl,
    "lshr": t.lshr,
    "ashr": t.ashr,
    "concat": t.concat,
    "ctlz": t.ctlz,
    "cttz": t.cttz,
}


def is_refuted_by_cases(
    claim: Sequence[Term],
    assumed_of: Callable[[list[Term]], list[Term]],
    agree: Callable[[list[Term]], bool],
    room: float,
) -> bool:
    """Whether no state satisfies all parts of a claim, as far as that is found out in `room` seconds. `assumed_of`:
    what is known of the rows in some terms; where that contradicts itself (`agree`), nothing is refuted."""
    end = time.monotonic() + room
    waiting: list[tuple[list[Term], list[Term]]] = [(list(claim), [])]
    while waiting:
        left, known = waiting.pop()
        terms = [part for part in (*left, *known) if part is not t.TRUE]
        if t.FALSE in terms:
            continue
        assumed = assumed_of(terms)
        allowed = min(CASE_SECONDS, end - time.monotonic())
        if allowed <= 0 or not agree(assumed):
            return False
        if ask_z3(query([*terms, *assumed]), allowed).verdict != "unsat":
            decision = find_decision(left)
            if decision is None:
                return False
            waiting += [(taken(left, decision, holds=holds), [*known, _as(decision, holds)]) for holds in (False, True)]
    return True


def find_decision(roots: Iterable[Term]) -> Term | None:
    """The comparison, or the Boolean, on which most depends, or None if nothing is to be decided any more."""
    uses: Counter[Term] = Counter()
    for term in walk(roots):
        if term.op in CONNECTIVES:
            used = term.arguments[:1] if term.op == "ite" and term.width != t.BOOLEAN else term.arguments
            uses.update(part for part in used if part.width == t.BOOLEAN and part.op not in CONNECTIVES)
    for constant in (t.TRUE, t.FALSE):
        uses.pop(constant, None)
    return max(uses, key=lambda term: (uses[term], -term.number)) if uses else None


def taken(claim: Sequence[Term], decision: Term, *, holds: bool) -> list[Term]:
    """A claim where a decision is known."""
    by = {decision: t.boolean(holds)}
    if holds and decision.op == "eq":
        first, second = decision.arguments
        if first.is_constant:
            by[second] = first
        elif second.is_constant:
            by[first] = second
    return replaced(claim, by)


def replaced(roots: Sequence[Term], by: Mapping[Term, Term]) -> list[Term]:
    """The terms with some of their parts replaced, and simplified."""
    made: dict[Term, Term] = {}
    for term in walk(roots):
        given = [made[argument] for argument in term.arguments]
        if term in by:
            made[term] = by[term]
        elif all(new is old for new, old in zip(given, term.arguments, strict=True)):
            made[term] = term
        else:
            made[term] = _again(term, given)
    return [made[root] for root in roots]


def _as(decision: Term, holds: bool) -> Term:
    return decision if holds else t.not_(decision)


def _again(term: Term, given: list[Term]) -> Term:
    if term.op == "apply":
        return t.apply(term.name, given, term.width)
    if term.op == "extract":
        return t.extract(given[0], *term.bounds)
    if term.op == "zext":
        return t.zext(given[0], term.width)
    if term.op == "sext":
        return t.sext(given[0], term.width)
    if term.op == "bool":
        return t.from_bool(given[0], term.width)
    return _SAME[term.op](*given)

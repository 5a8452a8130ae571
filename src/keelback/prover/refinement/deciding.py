"""Decides the claims of a call, all together: z3 first, which is the quicker one here, and cvc5 where it gives up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from keelback.prover.encode import Obligation, Term, query
from keelback.prover.encode import terms as t
from keelback.prover.encode.evaluation import evaluate
from keelback.prover.encode.shaping import any_of_all
from keelback.prover.goals import FINDINGS, PROVEN, REFUTED, UNKNOWN, Finding, meaning_of, state_of
from keelback.prover.solvers import Answer, Model, ask_cvc5, ask_z3

TOTAL_SECONDS = 55.0
"""Of one goal."""
EACH_SECONDS = 100.0
"""Of all claims one by one."""
Hypotheses = Callable[[list[Term]], list[Term]]


def settle(
    hypotheses: Hypotheses, obligations: Sequence[Obligation], seconds: float
) -> tuple[str, tuple[Finding, ...], str]:
    """Whether all claims hold where what is assumed does; if not, those that do not, with states. Nothing is proven
    from assumptions that contradict each other, or that no way to a claim agrees with."""
    end = time.monotonic() + min(TOTAL_SECONDS, 3 * seconds)
    claim = [any_of_all(t.and_(o.guard, t.not_(o.condition)) for o in obligations)]
    if claim[0] is t.FALSE:
        return PROVEN, (), ""
    assumed = hypotheses(claim)
    answer = _decide(query([*claim, *assumed]), end)
    if answer.verdict == "unsat":
        is_consistent = ask_z3(query([_reached(obligations), *assumed]), seconds).verdict == "sat"
        return (PROVEN if is_consistent else UNKNOWN), (), answer.solver
    found = _broken(obligations, answer.model)[:FINDINGS] if answer.model is not None else []
    return (REFUTED if found else UNKNOWN), tuple(found), answer.solver


def settle_each(hypotheses: Hypotheses, obligations: Sequence[Obligation], seconds: float) -> str:
    """Whether each claim by itself holds where what is assumed does: PROVEN, or UNKNOWN as soon as one does not. Many
    small questions are answered where one great one is not. The same care with contradictions as `settle`."""
    end = time.monotonic() + min(EACH_SECONDS, 3 * seconds)
    broken = {(claim := t.and_(o.guard, t.not_(o.condition))).number: claim for o in obligations}
    for claim in broken.values():
        rest = end - time.monotonic()
        if claim is t.FALSE:
            continue
        if rest < 1 or ask_z3(query([claim, *hypotheses([claim])]), min(seconds, rest)).verdict != "unsat":
            return UNKNOWN
    reached = _reached(obligations)
    everything = [reached, *hypotheses([*broken.values(), reached])]
    return PROVEN if ask_z3(query(everything), seconds).verdict == "sat" else UNKNOWN


def _reached(obligations: Sequence[Obligation]) -> Term:
    """That some claim is come to, whether it holds or not; of those that say that nothing comes there, nothing."""
    guards = [o.guard for o in obligations if o.condition is not t.FALSE]
    return any_of_all(guards) if guards else t.TRUE


def _decide(text: str, end: float) -> Answer:
    first = ask_z3(text, 0.7 * (end - time.monotonic()))
    rest = end - time.monotonic()
    return first if first.verdict != "unknown" or rest < 1 else ask_cvc5(text, rest)


def _broken(obligations: Sequence[Obligation], model: Model) -> list[Finding]:
    """The claims that a model breaks, each with the state in which it does; there may be others."""
    values = evaluate([term for o in obligations for term in (o.guard, o.condition)], meaning_of(model))
    broken = [o for o in obligations if values[o.guard] == 1 and values[o.condition] == 0]
    return [Finding(o.kind, o.where, state_of([o.guard, o.condition], values)) for o in broken]

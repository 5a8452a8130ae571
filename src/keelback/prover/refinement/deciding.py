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
Hypotheses = Callable[[list[Term]], list[Term]]


def settle(
    hypotheses: Hypotheses, obligations: Sequence[Obligation], seconds: float
) -> tuple[str, tuple[Finding, ...], str]:
    """Whether all claims hold where what is assumed does; if not, those that do not, with states. Nothing is proven
    from assumptions that contradict each other."""
    end = time.monotonic() + TOTAL_SECONDS
    findings: list[Finding] = []
    left, solvers = list(obligations), set[str]()
    while left and len(findings) < FINDINGS:
        claim = [any_of_all(t.and_(o.guard, t.not_(o.condition)) for o in left)]
        assumed = hypotheses(claim)
        answer = _decide(query([*claim, *assumed]), end, seconds)
        solvers.add(answer.solver)
        if answer.verdict == "unsat":
            if not findings and ask_z3(query([t.TRUE, *assumed]), seconds).verdict != "sat":
                return UNKNOWN, (), " ".join(sorted(solvers))
            break
        broken = _broken(left, answer.model) if answer.model is not None else []
        if not broken:
            return (REFUTED if findings else UNKNOWN), tuple(findings), " ".join(sorted(solvers))
        findings += [found for _, found in broken]
        gone = {id(obligation) for obligation, _ in broken}
        left = [obligation for obligation in left if id(obligation) not in gone]
    return (REFUTED if findings else PROVEN), tuple(findings[:FINDINGS]), " ".join(sorted(solvers))


def _decide(text: str, end: float, seconds: float) -> Answer:
    first = ask_z3(text, max(seconds, 0.7 * (end - time.monotonic())))
    rest = end - time.monotonic()
    return first if first.verdict != "unknown" or rest < 1 else ask_cvc5(text, rest)


def _broken(left: list[Obligation], model: Model) -> list[tuple[Obligation, Finding]]:
    """The claims that a model breaks."""
    values = evaluate([term for o in left for term in (o.guard, o.condition)], meaning_of(model))
    broken = [o for o in left if values[o.guard] == 1 and values[o.condition] == 0]
    return [(o, Finding(o.kind, o.where, state_of([o.guard, o.condition], values))) for o in broken]

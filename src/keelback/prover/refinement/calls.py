"""The goals of this package, by name: which there are, and how each is run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Final

from keelback.prover.goals import Goal, Job, Result
from keelback.prover.refinement.authority import prove_integrity
from keelback.prover.refinement.call import ENTRY
from keelback.prover.refinement.goals import prove_refinement

CALL_PROPERTIES: Final[Mapping[str, Callable[[Job], Result]]] = {
    "refinement": prove_refinement,
    "integrity": prove_integrity,
}


def refinement_goals(calls: Mapping[str, int]) -> list[Goal]:
    """One of each kind for each system call."""
    return [Goal(ENTRY, kind, number, name) for name, number in calls.items() for kind in CALL_PROPERTIES]


def prove_call(job: Job) -> Result:
    """Run one of them."""
    sys.setrecursionlimit(20_000)
    return CALL_PROPERTIES[job.goal.kind](job)

"""A wrong kernel is not proven: a goal that is proven of the right one is refuted, and it is wrong on this machine."""

from __future__ import annotations

import pytest

from keelback.prover.goals import REFUTED
from keelback.prover.mutation import find_mutants
from keelback.prover.mutation.__main__ import SYSTEM_CALLS
from keelback.prover.mutation.proof import Trials

GOAL = "trace_read::refinement"
NAME = "objects/trace_ring.py:read: wrong right: rights.READ -> rights.WRITE"


@pytest.mark.slow
def test_a_mutant_is_refuted_by_a_goal_that_it_changes() -> None:
    mutant = next(mutant for mutant in find_mutants() if mutant.name == NAME)
    trials = Trials(SYSTEM_CALLS)
    changed = [job.goal for job in trials.changed(mutant)]
    assert {goal.case_name for goal in changed if goal.case is not None} == {"trace_read"}
    trials.prove([GOAL])
    verdict = trials.try_mutant(mutant)
    assert (verdict.status, verdict.goal) == (REFUTED, GOAL)
    assert verdict.confirmed

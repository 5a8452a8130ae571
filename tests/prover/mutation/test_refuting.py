"""Wrong kernels are not proven: of each, a goal fails that is proven of the right kernel, and it is wrong here too."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.prover.goals import NO_TRAP, PROVEN, REFUTED
from keelback.prover.mutation import EQUIVALENT, find_mutants
from keelback.prover.mutation.__main__ import SYSTEM_CALLS
from keelback.prover.mutation.proof import ALL_PROVEN
from keelback.prover.mutation.refuting import KINDS, prove_short, refute_all

REFUTED_NAMES = Path(__file__).with_name("refuted_kernels.txt")
"""Mutants that were refuted and told, by name; some go when the kernel changes."""
EVERY = 2
"""So many names of the list share a turn: one of them is tried here, for time's sake."""
LEAST = 18
JOBS = 2

TRAPS = (
    "objects/trace_ring.py:check_trace: bound off by one: thread.context.registers[0] >= limits.CORE_COUNT -> "
    "thread.context.registers[0] > limits.CORE_COUNT"
)
"""It reads a core that is not there: as long as the check of the index stays in, it does not come back."""


@pytest.mark.slow
def test_wrong_kernels_are_refuted_and_the_right_one_is_proven() -> None:
    known = {mutant.name: mutant for mutant in find_mutants()}
    names = REFUTED_NAMES.read_text().splitlines()
    assert len(set(names)) == len(names)
    assert not EQUIVALENT.keys() & set(names)
    chosen = [known[name] for name in names[::EVERY] if name in known]
    verdicts = list(refute_all(chosen, SYSTEM_CALLS, JOBS))
    refuted = [v for v in verdicts if v.status == REFUTED and v.confirmed]
    print(f"{len(refuted)} of {len(chosen)} wrong kernels are refuted, and are wrong when they run")
    told = [f"{v.status}: {v.mutant.name} ({v.goal})" for v in verdicts if v not in refuted]
    assert not [v for v in verdicts if v.status == ALL_PROVEN], told
    assert len(refuted) >= LEAST, ["python -m keelback.prover.mutation --refute says which are refuted now", *told]

    needed: dict[str, set[str]] = {}
    for verdict in refuted:
        call, _, kind = verdict.goal.partition("::")
        needed.setdefault(call, set()).add(kind)
    right = [r for call in sorted(needed) for r in prove_short(call, SYSTEM_CALLS, kinds=sorted(needed[call]))]
    assert all(result.status == PROVEN and result.obligations > 0 for result in right), right


@pytest.mark.slow
def test_a_mutant_that_traps_is_refuted_by_no_trap_not_by_refinement() -> None:
    mutant = next(mutant for mutant in find_mutants() if mutant.name == TRAPS)
    results = {result.goal: result for result in prove_short("trace_control", SYSTEM_CALLS, mutant, KINDS[:2])}
    assert results["trace_control::refinement"].status == PROVEN
    assert results[f"trace_control::{NO_TRAP}"].status == REFUTED
    assert any("trace_ring.py" in found.where for found in results[f"trace_control::{NO_TRAP}"].findings)

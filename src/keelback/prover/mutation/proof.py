"""Tries to prove mutants: of a wrong kernel at least one goal that is proven of the right one must not be proven.

Only goals are run that reach what the mutation changed, and that `keel prove` has proven of the right kernel: others
say nothing. What is not proven comes with its counterexample, replayed on the mutant compiled for this machine, and
otherwise with what the fuzzer finds.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from keelback.compiler import CompiledObject, Diagnostics
from keelback.prover.campaign import compile_kernel, try_prove
from keelback.prover.fuzz.kernel import CompiledKernel
from keelback.prover.fuzz.replay import DEFAULT_SIZES, replay_call
from keelback.prover.goals import KEPT, NO_TRAP, PROVEN, REFUTED, Job, Result, goals_of
from keelback.prover.mutation.mutants import Mutant
from keelback.prover.mutation.trial import NOT_COMPILED, TOLD, try_mutant
from keelback.prover.refinement.calls import refinement_goals
from keelback.prover.results import find_result, keep_result
from keelback.prover.slices import slices_of

KINDS: Final = ("refinement", NO_TRAP, "integrity", KEPT)
"""In the order in which they are tried."""
SECONDS = 10.0
"""A solver's time for one query."""
MUTANT_SECONDS = 150.0
"""After this no further goal of a mutant is begun."""

TRAP_PLACE: Final = re.compile(r"brk #\d+")
TYPE_AGAIN: Final = re.compile(r"(%keelback\.[\w.]*[A-Za-z]\w*)\.\d+\b")
"""How LLVM calls a type when a process compiles the kernel once more."""

NOTHING_PROVEN = "reaches no goal that is proven of the right kernel"
UNCHANGED = "changes no goal"
ALL_PROVEN = "proven: every goal that is proven of the right kernel and that it changes"
OUT_OF_TIME = "not finished: all goals so far are proven"


@dataclass(frozen=True)
class ProofVerdict:
    """`status`: that of the first goal that is not proven, or why there is none; `tried`: how many goals were run;
    `confirmed`: what shows on this machine that the mutant is wrong, empty if nothing does."""

    mutant: Mutant
    status: str
    goal: str = ""
    tried: int = 0
    confirmed: str = ""
    seconds: float = 0.0


class Trials:
    """The right kernel's goals, and what is known of them. `calls` are the system calls' numbers by name."""

    def __init__(self, calls: Mapping[str, int], seconds: float = SECONDS) -> None:
        self._calls = dict(calls)
        self._seconds = seconds
        with tempfile.TemporaryDirectory() as folder:
            jobs = self._jobs_of(compile_kernel(Path(folder) / "kernel.o"))
        self._jobs = {job.goal.name: job for job in jobs}
        self._reached = {name: reached_by(job) for name, job in self._jobs.items()}

    def _jobs_of(self, compiled: CompiledObject) -> list[Job]:
        ir, calls = compiled.ir.read_text(), self._calls
        layouts = {name: layout.to_json() for name, layout in compiled.layouts.items()}
        goals = [goal for goal in (*refinement_goals(calls), *goals_of(ir, calls)) if goal.kind in KINDS]
        goals.sort(key=lambda goal: KINDS.index(goal.kind))
        return [Job(goal, ir, layouts, self._seconds) for goal in goals]

    def changed(self, mutant: Mutant) -> list[Job]:
        """The goals of a mutant that are not the right kernel's; raises Diagnostics."""
        with tempfile.TemporaryDirectory() as folder:
            jobs = self._jobs_of(compile_kernel(Path(folder) / "kernel.o", {mutant.path: mutant.text}))
        return [job for job in jobs if reached_by(job) != self._reached.get(job.goal.name)]

    def is_proven(self, name: str) -> bool:
        """Of the right kernel, as `keel prove` has found out before; what it was not asked for counts as not proven."""
        job = self._jobs.get(name)
        known = None if job is None else find_result(job)
        return known is not None and known.status == PROVEN

    def prove(self, names: Iterable[str]) -> None:
        """Find out about these goals of the right kernel, if nobody has."""
        for name in names:
            job = self._jobs[name]
            if find_result(job) is None:
                keep_result(job, try_prove(job))

    def try_mutant(self, mutant: Mutant) -> ProofVerdict:
        """One mutant."""
        started = time.monotonic()
        try:
            changed = self.changed(mutant)
        except Diagnostics:
            return ProofVerdict(mutant, NOT_COMPILED)
        tried = 0
        failed: Result | None = None
        is_late = False
        for job in changed:
            is_late = time.monotonic() - started > MUTANT_SECONDS
            if is_late or failed is not None:
                break
            if self.is_proven(job.goal.name):
                tried += 1
                result = try_prove(job)
                failed = None if result.status == PROVEN else result
        told = try_mutant(mutant)
        confirmed = f"fuzzer: {told.reason}" if told.status == TOLD else ""
        status, goal = OUT_OF_TIME if is_late else ALL_PROVEN, ""
        if failed is not None:
            status, goal = failed.status, failed.goal
            confirmed = self._replayed(mutant, failed) or confirmed
        elif not tried and not is_late:
            status = NOTHING_PROVEN if changed else UNCHANGED
        return ProofVerdict(mutant, status, goal, tried, confirmed, time.monotonic() - started)

    def _replayed(self, mutant: Mutant, result: Result) -> str:
        """What a counterexample does to the mutant on this machine; empty if nothing that may not happen."""
        number = self._calls.get(result.goal.partition("::")[0])
        states = [found.state for found in result.findings if found.state]
        if result.status != REFUTED or number is None or not states:
            return ""
        kernel = CompiledKernel(DEFAULT_SIZES, replaced={mutant.path: mutant.text})
        for state in states:
            replay = replay_call(kernel, number, state)
            if replay.happened and not replay.contradicted:
                return f"replayed: {replay.happened}"
        return ""


def reached_by(job: Job) -> str:
    """Equal for kernels in which a goal reaches the same IR, but for numbers that tell places
    that can trap, and types, apart."""
    return slices_of(_without_places(job.ir)).fingerprint(job.goal.entry, job.goal.case)


@lru_cache(maxsize=2)
def _without_places(ir: str) -> str:
    return TYPE_AGAIN.sub(r"\1", TRAP_PLACE.sub("brk", ir))

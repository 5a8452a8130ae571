"""Runs a mutant beside the specification until they differ, in a process of its own: it may loop, or damage memory.

A mutant is told from the original when a call or event leaves tables that the specification does not allow, an
invariant is broken, the kernel traps, or it does not come back.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from keelback.compiler import Diagnostics
from keelback.prover.fuzz.apart import Died, run_apart
from keelback.prover.fuzz.kernel import CompiledKernel
from keelback.prover.fuzz.run import BrokenBoot, Statistics, fuzz
from keelback.prover.mutation.mutants import Mutant

TOLD, NOT_TOLD, NOT_COMPILED = "told", "not told", "does not compile"
CALLS = 4000
"""Most mutants are told within some hundred."""
LIMIT_SECONDS = 120.0
"""More than a trial ever needs, even on a busy machine, unless the mutant loops."""
SEED = 11


@dataclass(frozen=True)
class Verdict:
    """What came of a trial: after how many calls, and by what."""

    mutant: Mutant
    status: str
    calls: int = 0
    reason: str = ""
    seconds: float = 0.0


def try_mutant(mutant: Mutant, calls: int = CALLS, seed: int = SEED) -> Verdict:
    """One trial."""
    started = time.monotonic()
    try:
        status, made, reason = run_apart(_find_difference, mutant, calls, seed, seconds=LIMIT_SECONDS)
    except Died as died:
        status, made, reason = TOLD, 0, str(died)
    return Verdict(mutant, status, made, reason, time.monotonic() - started)


def try_mutants(mutants: Iterable[Mutant], jobs: int, calls: int = CALLS) -> Iterator[Verdict]:
    """Trials, several at a time; verdicts in the mutants' order."""
    with ThreadPoolExecutor(jobs) as executor:
        yield from executor.map(partial(try_mutant, calls=calls), mutants)


def _find_difference(mutant: Mutant, calls: int, seed: int) -> tuple[str, int, str]:
    try:
        kernel = CompiledKernel(replaced={mutant.path: mutant.text})
    except Diagnostics as problem:
        return NOT_COMPILED, 0, str(problem).splitlines()[0]
    statistics = Statistics()
    try:
        failure = fuzz(kernel, seed, calls, statistics)
    except BrokenBoot as broken:
        return TOLD, statistics.calls, str(broken).splitlines()[0]
    except Exception as broken:  # tables that mean nothing any more
        return TOLD, statistics.calls, f"{type(broken).__name__}: {broken}"
    if failure is None:
        return NOT_TOLD, statistics.calls, ""
    return TOLD, statistics.calls, failure.reasons[0]

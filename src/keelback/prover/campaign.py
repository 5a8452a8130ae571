"""Runs many goals through any `concurrent.futures` executor, known results first. Prints nothing."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, as_completed
from pathlib import Path

from keelback.compiler import CompiledObject, Program, compile_object
from keelback.prover.bound import bound_goals, prove_bound
from keelback.prover.goals import BOUND, NOT_MODELLED, OF_THE_IMAGE, Goal, Job, Result, goals_of, prove
from keelback.prover.refinement.calls import CALL_PROPERTIES, prove_call, refinement_goals
from keelback.prover.results import find_result, keep_result


def jobs_of(compiled: CompiledObject, elf: bytes, calls: dict[str, int], seconds: float) -> list[Job]:
    """All goals of a compiled and linked kernel, ready to run."""
    image = b64encode(elf).decode()
    ir = compiled.ir.read_text()
    layouts = {name: layout.to_json() for name, layout in compiled.layouts.items()}
    goals = [*goals_of(ir, calls, with_machine=True), *refinement_goals(calls), *bound_goals(calls)]
    return [Job(goal, ir, layouts, seconds, image if goal.kind in OF_THE_IMAGE else "") for goal in goals]


def chosen(jobs: Iterable[Job], names: Iterable[str]) -> list[Job]:
    """The jobs that a name means: a whole goal, `call::no-trap`; an entry or call; or a property, `::ranges`."""
    wanted = list(names)
    if not wanted:
        return list(jobs)
    return [job for job in jobs if any(_is_meant(job.goal, name) for name in wanted)]


def _is_meant(goal: Goal, name: str) -> bool:
    subject, _, kind = name.partition("::")
    return (not subject or subject in (goal.case_name, goal.entry)) and (not kind or kind == goal.kind)


def run_jobs(jobs: list[Job], executor: Executor, *, again: bool = False) -> Iterator[tuple[Result, bool]]:
    """Results as they come, and whether each was known before."""
    waiting: list[Job] = []
    for job in jobs:
        known = None if again else find_result(job)
        if known is None:
            waiting.append(job)
        else:
            yield known, True
    futures = {executor.submit(try_prove, job): job for job in waiting}
    for future in as_completed(futures):
        result = future.result()
        keep_result(futures[future], result)
        yield result, False


def try_prove(job: Job) -> Result:
    """`prove`; a defect of the prover fails the goal, not the others."""
    started = time.monotonic()
    try:
        if job.goal.kind == BOUND:
            return prove_bound(job)
        return prove_call(job) if job.goal.kind in CALL_PROPERTIES else prove(job)
    except Exception as problem:  # whatever it was, this goal is not proven, and says why
        reason = f"{type(problem).__name__}: {problem}"
        return Result(job.goal.name, NOT_MODELLED, time.monotonic() - started, reason=reason)


def compile_kernel(
    out: Path, replaced: Mapping[Path, str] | None = None, parameters: Mapping[str, int | str] | None = None
) -> CompiledObject:
    """The kernel, by default with the default sizes of its tables, and other texts in place of files."""
    program = Program(root="keelback.kernel.main", replaced=replaced or {}, parameters=dict(parameters or {}))
    return compile_object(program, out)

"""The programs of a system, judged by the compiler without building anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from keelback.compiler import Diagnostics, Program, check
from keelback.sdk.image.components import component_job, load_job
from keelback.sdk.image.programs import Shelf
from keelback.sdk.image.wiring import plan_system
from keelback.sdk.parameters import described_programs, find_unknown
from keelback.sdk.system.description import System


def find_program_mistakes(system: System, progress: Callable[[str], None]) -> list[str]:
    """What the compiler says of the programs in Python, what components load included, and what they are told in vain.

    Programs that differ in nothing they ask for are checked once; `progress` gets the name of each that is checked.
    """
    plan = plan_system(system)
    jobs = [component_job(plan, component, Path()) for component in plan.components]
    jobs += [load_job(plan, load, Path()) for component in plan.components for load in component.loads]
    described = dict(described_programs(plan))
    shelf, mistakes = Shelf[tuple[str, ...]](), list[str]()
    for job in jobs:
        if not isinstance(job.program, Program):
            continue
        asked = shelf.find(job)
        if asked is None:
            progress(job.name)
            try:
                asked = check(job.program).parameters_asked
            except Diagnostics as diagnostics:
                mistakes.append(str(diagnostics))
                continue
            shelf.put(job, asked, asked)
        mistakes += map(str, find_unknown(job.name, described[job.name], asked))
    return list(dict.fromkeys(mistakes))

"""The components of a system as programs for the compiler, for those who check or inspect without building."""

from __future__ import annotations

from pathlib import Path

from keelback.compiler import Program
from keelback.sdk.image.components import component_job
from keelback.sdk.image.wiring import plan_system
from keelback.sdk.system.description import System


def component_programs(system: System) -> dict[str, Program]:
    """Every component's program in Python by name, with the parameters this system gives it."""
    plan = plan_system(system)
    jobs = [component_job(plan, component, Path()) for component in plan.components]
    return {job.name: job.program for job in jobs if isinstance(job.program, Program)}

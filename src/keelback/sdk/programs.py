"""The components of a system as programs for the compiler, for those who check or inspect without building."""

from __future__ import annotations

from pathlib import Path

from keelback.compiler import Program
from keelback.sdk.image.boot_state import kernel_parameters
from keelback.sdk.image.components import component_job, kernel_job
from keelback.sdk.image.wiring import plan_system
from keelback.sdk.system.description import System


def component_programs(system: System) -> dict[str, Program]:
    """Every component's program by name, with the parameters this system gives it."""
    plan = plan_system(system)
    return {component.name: component_job(plan, component, Path()).program for component in plan.components}


def kernel_program(system: System) -> Program:
    """The kernel's program with its tables sized for this system."""
    plan = plan_system(system)
    return kernel_job(plan, kernel_parameters(plan), Path()).program

"""Builds all programs of a plan in parallel processes, equal ones once.

A program depends on its source and on the parameters that it asks for, and which these are is known once it has been
compiled. So of each family of programs one is built first; those that are told the same of what it asked for share its
result, and of the others again one of each kind is built.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Generic, TypeVar

from keelback.sdk.image.boot_state import kernel_parameters, state_symbol
from keelback.sdk.image.components import (
    Built,
    Job,
    ProgramErrors,
    build_program,
    component_job,
    kernel_job,
    load_job,
    try_build,
)
from keelback.sdk.image.layout import count_tables
from keelback.sdk.image.plan import Plan

Progress = Callable[[str], None]
Told = tuple[object, ...]
Result = TypeVar("Result")


class Shelf(Generic[Result]):
    """What became of programs, by what they depend on."""

    def __init__(self) -> None:
        self._families: dict[Told, dict[tuple[str, ...], dict[Told, Result]]] = {}

    def put(self, job: Job, names: Iterable[str], result: Result) -> None:
        """Keep what `job`, which asked for the parameters of these names, became."""
        asked = tuple(sorted(names))
        self._families.setdefault(job.family, {}).setdefault(asked, {})[_told(job, asked)] = result

    def find(self, job: Job) -> Result | None:
        """What a job with the same answers to everything that was asked became."""
        for asked, variants in self._families.get(job.family, {}).items():
            if _told(job, asked) in variants:
                return variants[_told(job, asked)]
        return None

    def kind_of(self, job: Job) -> Told:
        """Jobs of one kind may turn out equal, as far as is known yet."""
        asked = sorted({name for names in self._families.get(job.family, {}) for name in names})
        return (job.family, _told(job, asked))


def _told(job: Job, asked: Iterable[str]) -> Told:
    return tuple(job.parameters.get(name) for name in asked)


def build_all(plan: Plan, folder: Path, progress: Progress) -> dict[str, Built]:
    """The kernel, the components and what they load, by name. Raises ProgramErrors."""
    table_count = count_tables(plan)
    jobs = [kernel_job(plan, kernel_parameters(plan, table_count), folder)]
    for component in plan.components:
        jobs.append(component_job(plan, component, folder))
        jobs += [load_job(plan, load, folder) for load in component.loads]
    return build_programs(jobs, progress)


def fit_kernel(plan: Plan, built: dict[str, Built], folder: Path) -> None:
    """Build the kernel again if the programs, now in the plan, turned out to need more translation tables."""
    table_count = count_tables(plan)
    if table_count > built["kernel"].layouts[state_symbol("translations")].count:
        built["kernel"] = build_program(kernel_job(plan, kernel_parameters(plan, table_count), folder))


def build_programs(jobs: list[Job], progress: Progress) -> dict[str, Built]:
    """Build all programs, as many at a time as there are processors; by name. Raises ProgramErrors."""
    shelf, built = Shelf[Built](), dict[str, Built]()
    pending = jobs
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as executor:
        while pending:
            chosen = {shelf.kind_of(job): job for job in reversed(pending)}
            for job, result in _build_each(list(chosen.values())[::-1], executor):
                shelf.put(job, result.asked, result)
                built[job.name] = result
                progress(f"compiled {job.name}")
            pending = [job for job in pending if job.name not in built and not _share(job, shelf, built)]
    return built


def _build_each(jobs: list[Job], executor: Executor) -> list[tuple[Job, Built]]:
    results = list(zip(jobs, executor.map(try_build, jobs), strict=True))
    failed = [result for _, result in results if isinstance(result, str)]
    if failed:
        raise ProgramErrors("\n".join(failed))
    return [(job, result) for job, result in results if isinstance(result, Built)]


def _share(job: Job, shelf: Shelf[Built], built: dict[str, Built]) -> bool:
    found = shelf.find(job)
    if found is None:
        return False
    job.elf.unlink(missing_ok=True)
    os.link(found.image.path, job.elf)
    built[job.name] = replace(found, name=job.name, image=replace(found.image, path=job.elf))
    return True

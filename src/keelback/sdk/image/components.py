"""Compiles and links the kernel and the components of a plan, in parallel processes.

Objects are kept by content (keelback.compiler's cache), so only what changed is compiled again. Places nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from keelback.compiler import Diagnostics, LinkedImage, Program, ToolError, compile_object, line_table, link
from keelback.lang.layout import Layout as MemoryLayout
from keelback.sdk.image.foreign import RUNTIME_SOURCES, build_foreign
from keelback.sdk.image.line_tables import Row, relative_name, tidy_rows
from keelback.sdk.image.linker_scripts import COMPONENT_ENTRY, KERNEL_ENTRY, component_script, kernel_script
from keelback.sdk.image.plan import TEXT_BASE, Component, Plan
from keelback.sdk.system.checks.domains import find_source

KERNEL_ROOT = "keelback.kernel.main"
RUNTIME_ROOT = "keelback.user.runtime.component"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class ForeignProgram:
    """A component in C or Zig."""

    source: Path
    parameters: Mapping[str, int | str]


@dataclass(frozen=True)
class Job:
    """One program to compile and link. `base_folder` is what source names are shown relative to."""

    name: str
    program: Program | ForeignProgram
    entry: str
    base: int
    script: str
    folder: Path
    base_folder: Path


@dataclass(frozen=True)
class Built:
    """A linked program: its file, layouts of its globals, source lines by address, and the files they are in."""

    name: str
    image: LinkedImage
    layouts: Mapping[str, MemoryLayout]
    rows: list[Row]
    sources: list[Path]


class ProgramErrors(Exception):
    """Programs that do not compile: everything the compiler said, of all of them."""


def kernel_job(plan: Plan, parameters: Mapping[str, int], folder: Path) -> Job:
    """The kernel with its tables sized for this system."""
    base = plan.board.image_base
    program = Program(root=KERNEL_ROOT, parameters=dict(parameters))
    return Job("kernel", program, KERNEL_ENTRY, base, kernel_script(base), folder, plan.system.location.path.parent)


def component_job(plan: Plan, component: Component, folder: Path) -> Job:
    """A component with the runtime's entry and its own parameters."""
    domain = component.domain
    source = find_source(domain)
    assert source is not None
    root: str | Path = domain.source if domain.source.startswith("keelback.") else source
    program: Program | ForeignProgram
    if source.suffix == ".py":
        program = Program(root=root, extra=(RUNTIME_ROOT,), parameters=dict(component.parameters))
    else:
        program = ForeignProgram(source, dict(component.parameters))
    script = component_script(TEXT_BASE, domain.stack_bytes)
    return Job(component.name, program, COMPONENT_ENTRY, TEXT_BASE, script, folder, plan.system.location.path.parent)


def try_build(job: Job) -> Built | str:
    """`build_program`, with the compiler's messages as a text: errors do not all survive the way between processes."""
    try:
        return build_program(job)
    except (Diagnostics, ToolError) as error:
        return str(error)


def build_program(job: Job) -> Built:
    """Compile and link one program."""
    objects, layouts, sources = compile_program(job)
    elf = job.folder / f"{job.name}.elf"
    image = link(objects, elf, base=job.base, script=job.script, entry=job.entry)
    entries = line_table(elf)
    rows = [(entry.address, relative_name(entry.file, job.base_folder), entry.line) for entry in entries]
    return Built(job.name, image, layouts, tidy_rows(rows, image.symbols["__text_end"]), sources)


def compile_program(job: Job) -> tuple[list[Path], Mapping[str, MemoryLayout], list[Path]]:
    """Objects of a program, layouts of its globals (of a program in Python), and its sources."""
    if isinstance(job.program, ForeignProgram):
        source, parameters = job.program.source, job.program.parameters
        objects = build_foreign(source, parameters, job.folder, job.name)
        return objects, {}, [source.resolve(), *RUNTIME_SOURCES]
    compiled = compile_object(job.program, job.folder / f"{job.name}.o")
    return [compiled.path], compiled.layouts, list(compiled.sources)


def build_programs(jobs: list[Job], progress: Progress) -> dict[str, Built]:
    """Build all programs, as many at a time as there are processors; by name. Raises ProgramErrors."""
    built: dict[str, Built] = {}
    failed: list[str] = []
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for number, (job, result) in enumerate(zip(jobs, pool.map(try_build, jobs), strict=True), 1):
            if isinstance(result, str):
                failed.append(result)
            else:
                built[job.name] = result
                progress(f"compiled {number}/{len(jobs)}: {job.name}")
    if failed:
        raise ProgramErrors("\n".join(failed))
    return built

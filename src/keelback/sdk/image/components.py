"""Compiles and links one program: the kernel, a component, or what a component loads. Places nothing.

Objects are kept by content (keelback.compiler's cache), so only what changed is compiled again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keelback.compiler import (
    Diagnostics,
    LinkedImage,
    Program,
    Site,
    ToolError,
    compile_object,
    find_record,
    keep_all,
    line_table,
    link,
)
from keelback.lang.layout import Layout as MemoryLayout
from keelback.sdk.image.foreign import RUNTIME_SOURCES, build_foreign
from keelback.sdk.image.line_tables import Row, relative_name, tidy_rows
from keelback.sdk.image.linker_scripts import COMPONENT_ENTRY, KERNEL_ENTRY, component_script, kernel_script
from keelback.sdk.image.plan import TEXT_BASE, Component, Load, Plan
from keelback.sdk.system.checks.domains import find_source
from keelback.sdk.system.model import ProtectionDomain
from keelback.sdk.system.resources import ComponentImage

KERNEL_ROOT = "keelback.kernel.main"
RUNTIME_ROOT = "keelback.user.runtime.component"


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

    @property
    def elf(self) -> Path:
        """The linked file."""
        return self.folder / f"{self.name}.elf"

    @property
    def parameters(self) -> Mapping[str, int | str]:
        """What the program is told."""
        return self.program.parameters

    @property
    def family(self) -> tuple[object, ...]:
        """Programs of one family differ in parameters only."""
        if isinstance(self.program, ForeignProgram):
            return (self.program.source, self.script, *sorted(self.parameters.items()))
        return (self.program.root, self.program.extra, self.entry, self.base, self.script)


@dataclass(frozen=True)
class Built:
    """A linked program: its file, layouts of its globals, source lines by address, and the files they are in.

    `asked` are the names of the parameters that it depends on, given or not. `checks` are all that the compiler knows,
    `left_out` the numbers of those that were not emitted, since they are proven to be never failed.
    """

    name: str
    image: LinkedImage
    layouts: Mapping[str, MemoryLayout]
    rows: list[Row]
    sources: list[Path]
    asked: tuple[str, ...] = ()
    checks: tuple[Site, ...] = ()
    left_out: frozenset[int] = frozenset()
    parameters: Mapping[str, int | str] = field(default_factory=dict[str, int | str])


class ProgramErrors(Exception):
    """Programs that do not compile: everything the compiler said, of all of them."""


def kernel_job(plan: Plan, parameters: Mapping[str, int], folder: Path) -> Job:
    """The kernel with its tables sized for this system."""
    base = plan.board.image_base
    program = Program(root=KERNEL_ROOT, parameters=dict(parameters))
    return Job("kernel", program, KERNEL_ENTRY, base, kernel_script(base), folder, plan.system.location.path.parent)


def component_job(plan: Plan, component: Component, folder: Path) -> Job:
    """A component with the runtime's entry and its own parameters."""
    return _program_job(plan, component.name, component.domain, component.parameters, folder)


def load_job(plan: Plan, load: Load, folder: Path) -> Job:
    """A program that a component loads: told its name, and what the description says."""
    parameters: dict[str, int | str] = {"component_name": load.name, **load.image.parameters}
    return _program_job(plan, load.program, load.image, parameters, folder)


def _program_job(
    plan: Plan,
    name: str,
    described: ProtectionDomain | ComponentImage,
    parameters: Mapping[str, int | str],
    folder: Path,
) -> Job:
    source = find_source(described)
    assert source is not None
    root: str | Path = described.source if described.source.startswith("keelback.") else source
    program: Program | ForeignProgram
    if source.suffix == ".py":
        program = Program(root=root, extra=(RUNTIME_ROOT,), parameters=dict(parameters))
    else:
        program = ForeignProgram(source, dict(parameters))
    script = component_script(TEXT_BASE, described.stack_bytes)
    return Job(name, program, COMPONENT_ENTRY, TEXT_BASE, script, folder, plan.system.location.path.parent)


def try_build(job: Job) -> Built | str:
    """`build_program`, with the compiler's messages as a text: errors do not all survive the way between processes."""
    try:
        return build_program(job)
    except (Diagnostics, ToolError) as error:
        return str(error)


def build_program(job: Job) -> Built:
    """Compile and link one program."""
    checks: tuple[Site, ...] = ()
    left_out = frozenset[int]()
    if isinstance(job.program, ForeignProgram):
        objects = build_foreign(job.program.source, job.parameters, job.folder, job.name)
        layouts: Mapping[str, MemoryLayout] = {}
        sources, asked = [job.program.source.resolve(), *RUNTIME_SOURCES], tuple(job.parameters)
    else:
        unreached = find_record if job.program.root == KERNEL_ROOT else keep_all
        compiled = compile_object(job.program, job.folder / f"{job.name}.o", unreached=unreached)
        checks, left_out = compiled.sites, compiled.left_out
        objects, layouts = [compiled.path], compiled.layouts
        sources, asked = list(compiled.sources), compiled.parameters_asked
    image = link(objects, job.elf, base=job.base, script=job.script, entry=job.entry)
    rows = [(entry.address, relative_name(entry.file, job.base_folder), entry.line) for entry in line_table(job.elf)]
    rows = tidy_rows(rows, image.symbols["__text_end"])
    return Built(job.name, image, layouts, rows, sources, asked, checks, left_out, job.parameters)

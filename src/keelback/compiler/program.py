"""What is compiled: the front end's passes in order, from a program's root module to LLVM IR text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keelback.compiler.frontend.lowering.module import LoweredModule, ModuleLowering
from keelback.compiler.frontend.modules import Module
from keelback.compiler.frontend.tree import Function, GlobalObject
from keelback.compiler.frontend.types.check import type_program
from keelback.compiler.frontend.types.collect import Program as TypedProgram
from keelback.compiler.frontend.world import World
from keelback.compiler.proofs import Site
from keelback.compiler.source import Reporter
from keelback.lang import Layout, layout_of


@dataclass(frozen=True)
class Program:
    """What to compile. `root` is a dotted module of keelback, or the path of a component's source.

    `extra` are further root modules, say the runtime's entry; `parameters` are the values that `parameter(...)` and
    `text_parameter(...)` give; with `hooks_from_root`, functions of the root module take the place of hooks.
    `replaced` are texts that stand in for the contents of files.
    """

    root: str | Path
    extra: tuple[str, ...] = ()
    parameters: Mapping[str, int | str] = field(default_factory=dict[str, int | str])
    hooks_from_root: bool = True
    replaced: Mapping[Path, str] = field(default_factory=dict[Path, str])


@dataclass(frozen=True)
class CheckedProgram:
    """A program that passed all checks: its modules, the typed tree, and the parameters that it asked for."""

    root: Module
    modules: tuple[Module, ...]
    typed: TypedProgram
    parameters_asked: tuple[str, ...]

    @property
    def sources(self) -> tuple[Path, ...]:
        return tuple(module.source.path for module in self.modules)


@dataclass(frozen=True)
class IRModule:
    """LLVM IR text, not yet optimised; layouts of the globals it defines; symbols of the functions it defines.

    `checked` and `kept` are what it was made from: the program, and its functions that are reachable.
    """

    text: str
    layouts: dict[str, Layout]
    functions: tuple[str, ...]
    sources: tuple[Path, ...]
    checked: CheckedProgram
    kept: tuple[Function, ...]
    sites: tuple[Site, ...] = ()


def check(program: Program, *, host: bool = False) -> CheckedProgram:
    """Run the subset and typed passes; raises Diagnostics with every error found."""
    reporter = Reporter()
    world = World(program.parameters, reporter, replaced=program.replaced)
    root = world.load_root(program.root)
    for name in program.extra:
        world.load_root(name)
    world.complete()
    reporter.raise_if_any()
    modules = list(world.modules.values())
    typed = TypedProgram(modules, reporter)
    type_program(typed, root=root if program.hooks_from_root else None, host=host)
    reporter.raise_if_any()
    return CheckedProgram(root, tuple(modules), typed, tuple(sorted(world.parameters_asked)))


def lower(
    checked: CheckedProgram,
    *,
    host: bool = False,
    roots: list[Function] | None = None,
    points: bool = False,
    unreached: frozenset[int] = frozenset(),
) -> LoweredModule:
    """LLVM IR of everything reachable from entries (and from `roots`); with `points`, it tells what was reached.
    `unreached` are the numbers of checks that are left out."""
    lowering = ModuleLowering(checked.root.source, checked.typed, host=host, points=points, unreached=unreached)
    state = [target for target in checked.typed.globals if lowering.is_state(target) or host]
    return lowering.lower(checked.typed.functions, roots or [], state)


def global_layouts(globals_: tuple[GlobalObject, ...]) -> dict[str, Layout]:
    """Layouts of arrays and structs by symbol."""
    return {target.symbol: layout_of(target.python) for target in globals_}


def compile_ir(program: Program) -> IRModule:
    """Check a program and lower it for AArch64."""
    return lower_ir(check(program))


def lower_ir(checked: CheckedProgram, unreached: frozenset[int] = frozenset()) -> IRModule:
    """Lower a checked program for AArch64, without the checks of these numbers."""
    made = lower(checked, unreached=unreached)
    functions = tuple(function.symbol for function in made.functions)
    return IRModule(
        made.text, global_layouts(made.globals), functions, checked.sources, checked, made.functions, made.sites
    )

"""Decorators of functions: assembly, entry points, hooks and inlining.

All of them return the function itself, so it stays callable in CPython: the body of an `@asm` or `@naked` function is
the model of what its instructions do. What was said about a function is read back with `function_notes`; assembling is
the compiler's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar, cast

F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True)
class Assembly:
    """Of `@asm`. `registers` pins operands to registers; `results` pins the parts of the result, in order."""

    template: str
    clobbers: tuple[str, ...] = ()
    registers: Mapping[str, str] = field(default_factory=dict[str, str])
    results: tuple[str, ...] = ()
    pure: bool = False


@dataclass(frozen=True)
class Naked:
    """Of `@naked`. `symbol` is None for the qualified name; `align` in bytes."""

    template: str
    symbol: str | None = None
    section: str | None = None
    align: int | None = None


@dataclass(frozen=True)
class FunctionNotes:
    """Everything decorators said about one function."""

    assembly: Assembly | None = None
    naked: Naked | None = None
    entry: str | None = None
    registers: tuple[str, ...] = ()
    hook: bool = False
    inlining: Literal["always", "never"] | None = None


_NOTES = "__keel_function__"


def function_notes(function: object) -> FunctionNotes:
    """What decorators said about `function`; all defaults for an undecorated one."""
    return cast(FunctionNotes, getattr(function, _NOTES, FunctionNotes()))


def asm(
    template: str,
    *,
    clobbers: tuple[str, ...] = (),
    registers: Mapping[str, str] | None = None,
    results: tuple[str, ...] = (),
    pure: bool = False,
) -> Callable[[F], F]:
    """Compile the function to `template`; the body is its model.

    `{parameter}` and `{result}` in the template are operands; instructions are separated by newlines. `registers` puts
    parameters into registers before the template runs, `results` names the registers of the returned value or tuple.
    A struct goes in, and comes out, as its address. The assembly is volatile unless it is `pure`: its result depends on
    its operands alone, and it has no other effect, so that it may be left out or shared.
    """
    assembly = Assembly(template, clobbers, dict(registers or {}), results, pure)
    return lambda function: _note(function, replace(function_notes(function), assembly=assembly))


def naked(
    template: str,
    *,
    symbol: str | None = None,
    section: str | None = None,
    align: int | None = None,
    registers: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Compile the function to `template` and nothing else: no prologue, no return; the body is its model.

    `{NAME}` is a constant of the build, or the symbol of a function or global of the module. `registers` as for
    `entry`.
    """
    made = Naked(template, symbol, section, align)
    return lambda function: _note(function, replace(function_notes(function), naked=made, registers=registers))


def entry(symbol: str, *, registers: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Export the function as `symbol` with C's calling convention (AAPCS64), whether anything calls it or not.

    With `registers`, which names one for each parameter, it keeps no register for whoever comes to it: it is a step on
    the way to code that does not come back. They are x0..x7, x9..x14 and x20..x28 (LLVM's `preserve_none`).
    """
    return lambda function: _note(function, replace(function_notes(function), entry=symbol, registers=registers))


def hook(function: F) -> F:
    """Let a function of the same name and signature in the component's root module take this one's place."""
    return _note(function, replace(function_notes(function), hook=True))


def inline(function: F) -> F:
    """Always inline the function."""
    return _note(function, replace(function_notes(function), inlining="always"))


def noinline(function: F) -> F:
    """Never inline the function."""
    return _note(function, replace(function_notes(function), inlining="never"))


def _note(function: F, notes: FunctionNotes) -> F:
    setattr(function, _NOTES, notes)
    return function

"""Small programs for the compiler's tests: each is a module of its own in a temporary folder."""

from __future__ import annotations

from pathlib import Path

from keelback.compiler import HostProgram, Program

HEAD = '''"""A test program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from keelback.lang import (
    Array, Bitfield, Device, Memory, PhysAddr, ReadWrite, Ref, Struct, SystemRegister, array, asm, bitfield, bits,
    bytes_of, constants, embedded, entry, hook, i64, inline, naked, noinline, parameter, struct, text_parameter, u8,
    u16, u32, u64, upto,
)


'''


def program(
    folder: Path, text: str, *, name: str = "program", parameters: dict[str, int | str] | None = None
) -> Program:
    """The program whose root module is `text`, with the language imported."""
    path = folder / f"{name}.py"
    path.write_text(HEAD + text)
    return Program(root=path, parameters=parameters or {})


def on_host(
    folder: Path, text: str, *, name: str = "program", parameters: dict[str, int | str] | None = None
) -> HostProgram:
    """The same, compiled for this machine."""
    return HostProgram(program(folder, text, name=name, parameters=parameters))


def line_of(folder: Path, text: str, *, name: str = "program") -> int:
    """The number of the line of a program that holds `text`."""
    lines = (folder / f"{name}.py").read_text().split("\n")
    return next(number for number, line in enumerate(lines, 1) if text in line)

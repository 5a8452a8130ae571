"""Checks are there in the IR that leaves the front end; LLVM, and nobody else, removes those provably unneeded."""

from __future__ import annotations

import re
from pathlib import Path

from keelback.compiler import compile_ir
from keelback.compiler.backend.llvm import optimise
from keelback.lang import TrapKind
from tests.compiler.support import program

TABLE = """
cells: Final = array(u64, 8)


@entry("unchecked")
def unchecked(index: u64) -> u64:
    return cells[index]


@entry("checked")
def checked(index: u64) -> u64:
    if index < 8:
        return cells[index]
    return u64(0)


@entry("masked")
def masked(index: u64, amount: u64) -> u64:
    return cells[index & 7] >> (amount % 64)


@entry("counted")
def counted() -> u64:
    total = u64(0)
    for index in upto(8):
        total = total.wrapping_add(cells[index])
    return total
"""


def traps_of(text: str, function: str) -> list[int]:
    """The kinds of the traps in one function of IR text."""
    found = re.search(rf"^define [^\n]*@{function}\(.*?^}}", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return [int(number) & 15 for number in re.findall(r'"brk #(\d+)"', found.group(0))]


def test_the_front_end_checks_and_llvm_removes(tmp_path: Path) -> None:
    before = compile_ir(program(tmp_path, TABLE)).text.replace('@"', "@").replace('"(', "(")
    after = optimise(compile_ir(program(tmp_path, TABLE)).text)
    index, shift = int(TrapKind.INDEX), int(TrapKind.SHIFT)
    for name, had, has in (
        ("unchecked", [index], [index]),
        ("checked", [index], []),
        ("masked", [index, shift], []),
        ("counted", [index], []),
    ):
        assert [kind for kind in traps_of(before, name) if kind in (index, shift)] == had, name
        assert traps_of(after, name) == has, name


def test_every_trap_has_a_number_of_its_own(tmp_path: Path) -> None:
    text = "@entry('run')\ndef run(a: u64, b: u64) -> u64:\n    return (a + b) * (a - b) + (a // b) + (a << b)\n"
    sites = re.findall(r'"brk #(\d+)"', optimise(compile_ir(program(tmp_path, text)).text))
    assert len(sites) == len(set(sites)) == 7


COPIES = """
from_cells: Final = array(u64, 64)
to_cells: Final = array(u64, 64)


@entry("run")
def run() -> None:
    for i in upto(64):
        to_cells[i] = from_cells[i]
    for i in upto(64):
        from_cells[i] = u64(0)
"""


def test_nothing_is_vectorised_and_nothing_called_behind_the_program(tmp_path: Path) -> None:
    made = optimise(compile_ir(program(tmp_path, COPIES)).text)
    assert re.search(r"<\d+ x ", made) is None
    assert "llvm.memcpy" not in made and "llvm.memset" not in made

"""Assembly: operands in registers of the right width, pinned or free; whole functions with the program's names."""

from __future__ import annotations

import re
from pathlib import Path

from keelback.compiler import compile_ir, compile_object, link
from tests.compiler.support import program

CALLS = """
@struct
class Thread(Struct):
    count: u64 = u64(0)


thread: Final = Thread()


@asm("svc #4", registers={"slot": "x8", "word": "x0"}, results=("x0", "x1"), clobbers=("x2", "memory"))
def gate(slot: u64, word: u64) -> tuple[u64, u64]:
    return word, slot


@asm("add {result}, {left}, {right}")
def add(left: u32, right: u32) -> u32:
    return left + right


@asm("ldr {result}, [{value}]\\nadd {result}, {result}, #1")
def load(value: u64) -> u64:
    return value


@asm("mov x0, {value}\\nsmc #0", results=("x0",), clobbers=("memory",))
def smc(value: u64) -> u64:
    return value


@asm("str xzr, [{thread}] // {{$}}", clobbers=("memory",))
def clear(thread: Thread) -> None:
    thread.count = u64(0)


@entry("run")
def run(a: u64, b: u32, c: bool) -> bool:
    status, _ = gate(a, load(a))
    clear(thread)
    return smc(status) == u64(add(b, b)) or c
"""


def calls_of(text: str) -> list[tuple[str, str]]:
    """(template, constraints) of every piece of inline assembly that is no trap."""
    found = re.findall(r'asm sideeffect "([^"]*)", "([^"]*)"', text)
    return [pair for pair in found if not pair[0].startswith("brk")]


def test_operands_and_constraints(tmp_path: Path) -> None:
    calls = dict(calls_of(compile_ir(program(tmp_path, CALLS)).text))
    assert calls["svc #4"] == "={x0},={x1},{x8},{x0},~{x2},~{memory}"
    assert calls["add ${0:w}, ${1:w}, ${2:w}"] == "=r,r,r"


def test_a_result_written_early_shares_no_register_with_an_operand(tmp_path: Path) -> None:
    calls = dict(calls_of(compile_ir(program(tmp_path, CALLS)).text))
    assert calls["ldr ${0:x}, [${1:x}]\\0Aadd ${0:x}, ${0:x}, #1"] == "=&r,r"
    assert calls["mov x0, ${1:x}\\0Asmc #0"] == "=&{x0},r,~{memory}"


def test_a_struct_is_passed_as_its_address_and_braces_and_dollars_are_kept(tmp_path: Path) -> None:
    calls = dict(calls_of(compile_ir(program(tmp_path, CALLS)).text))
    assert calls["str xzr, [${0:x}] // {$$}"] == "r,~{memory}"


WHOLE = """
LIMIT: Final = 0x123
WIDE: Final = u64(7)
cells: Final = array(u64, 4)


@noinline
def handle(number: u64) -> u64:
    cells[0] = number
    return number


def unused() -> None:
    pass


@naked("mov x0, #{LIMIT}\\n  add x0, x0, #{WIDE}\\n  b {handle}", symbol="vectors", section=".text.vectors", align=2048)
def vectors() -> None:
    pass


@naked("adrp x0, {cells}\\n  ret")
def table() -> None:
    pass


@entry("start")
def start() -> None:
    table()
"""


def test_naked_code_keeps_what_it_names(tmp_path: Path) -> None:
    compiled = compile_object(program(tmp_path, WHOLE), tmp_path / "whole.o")
    assert set(compiled.functions) == {f"program.{name}" for name in ("handle", "start", "table", "vectors")}
    image = link([compiled.path], tmp_path / "whole.elf", base=0x8000, entry="start")
    assert {"program.handle", "program.cells", "program.table", "vectors", "start"} <= set(image.symbols)
    assert image.symbols["vectors"] % 2048 == 0
    text = next(segment for segment in image.segments if segment.executable)
    at = image.symbols["vectors"] - text.address
    words = [int.from_bytes(text.data[at + n : at + n + 4], "little") for n in (0, 4, 8)]
    assert words[0] == 0xD2802460 and words[1] == 0x91001C00  # mov x0, #0x123; add x0, x0, #7
    branch = (words[2] & 0x3FFFFFF) - ((words[2] & 0x2000000) << 1)
    assert words[2] >> 26 == 0b000101
    assert image.symbols["vectors"] + 8 + branch * 4 == image.symbols["program.handle"]


STEPS = """
@naked("b .", registers=("x1", "x14"))
def leave(value: u64, place: u64) -> None:
    pass


@entry("step", registers=("x1", "x13", "x9"))
def step(value: u64, number: u64, more: u64) -> None:
    return leave(value, number.wrapping_add(more))
"""


def test_a_step_has_its_parameters_where_it_says_and_leaves_no_frame(tmp_path: Path) -> None:
    compiled = compile_object(program(tmp_path, STEPS), tmp_path / "steps.o")
    image = link([compiled.path], tmp_path / "steps.elf", base=0x8000, entry="step")
    text = next(segment for segment in image.segments if segment.executable)
    start = image.symbols["step"] - text.address
    words = [int.from_bytes(text.data[start + n : start + n + 4], "little") for n in range(0, 64, 4)]
    end = next(n for n, word in enumerate(words) if word >> 26 == 0b000101)  # b, the way on
    adds_to_x14 = 0x8B00000E
    assert [word & ~0x1F03E0 for word in words[:end]] == [adds_to_x14]
    assert {words[0] >> 5 & 0x1F, words[0] >> 16 & 0x1F} == {9, 13}

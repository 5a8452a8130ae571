"""Machine code against its IR: what the compiler made is proven equal, and every changed instruction is noticed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from keelback.compiler import Program, compile_object, link
from keelback.prover.encode import Program as Formulas
from keelback.prover.encode import UnsupportedError, parse_module, query
from keelback.prover.encode import terms as t
from keelback.prover.encode.shaping import any_of_all
from keelback.prover.machine import Image, addresses_in, compare, read_elf
from keelback.prover.solvers import ask_z3, decide

SOURCE = '''"""A queue of entries."""

from keelback.lang import Array, Struct, array, asm, entry, noinline, struct, u8, u32, u64, upto


@struct
class Row(Struct):
    next: u32 = u32(0)
    weight: u64 = u64(0)
    state: u8 = u8(0)


@struct
class Totals(Struct):
    sum: u64 = u64(0)
    last: u32 = u32(0)


rows: Array[Row] = array(Row, 12)
totals = Totals()


@asm("mrs {result}, cntpct_el0")
def now() -> u64:
    return u64(0)


@noinline
def account(index: u32) -> u64:
    totals.last = index
    totals.sum = totals.sum.wrapping_add(rows[index].weight)
    return totals.sum


@entry("put")
def put(index: u32, weight: u64) -> u64:
    if index >= 12:
        return u64(1)
    row = rows[index]
    if row.state == 3:
        row.next = totals.last
        return u64(2)
    row.state = u8(3)
    row.weight = (weight >> 1) + now()
    return account(index) + account(u32(0))


@entry("total")
def total(first: u32) -> u64:
    result = u64(0)
    for number in upto(u32(4)):
        result = result.wrapping_add(rows[(first & 3) + number].weight)
    return result
'''


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Formulas, Image]:
    folder = tmp_path_factory.mktemp("equal")
    source = folder / "queue_of_rows.py"
    source.write_text(SOURCE)
    compiled = compile_object(Program(root=source), folder / "queue.o")
    link([compiled.path], folder / "queue.elf", base=0x4008_0000, entry="put")
    image = read_elf((folder / "queue.elf").read_bytes())
    module = parse_module(compiled.ir.read_text())
    return Formulas(module, compiled.layouts, addresses_in(module, image)), image


def verdict(program: Formulas, image: Image, name: str) -> str:
    found = compare(program, image, name)
    wrong = any_of_all(t.and_(o.guard, t.not_(o.condition)) for o in found.obligations)
    return decide(query([wrong, *found.hypotheses]), 5).verdict


def test_compiled_functions_do_what_their_ir_does(built: tuple[Formulas, Image]) -> None:
    program, image = built
    assert len(program.module.functions) >= 3
    for name in program.module.functions:
        assert verdict(program, image, name) == "unsat", name


def test_the_hypotheses_do_not_contradict_each_other(built: tuple[Formulas, Image]) -> None:
    program, image = built
    for name in program.module.functions:
        found = compare(program, image, name)
        assert ask_z3(query([t.TRUE, *found.hypotheses]), 20).verdict == "sat"


@pytest.mark.parametrize("bit", [0, 5])
def test_no_changed_instruction_is_taken_for_the_right_one(built: tuple[Formulas, Image], bit: int) -> None:
    program, image = built
    code = image.functions["put"]
    unnoticed: list[str] = []
    for number, word in enumerate(code.words):
        words = (*code.words[:number], word ^ 1 << bit, *code.words[number + 1 :])
        changed = replace(image, functions={**image.functions, "put": replace(code, words=words)})
        try:
            found = verdict(program, changed, "put")
        except UnsupportedError:
            continue  # refused: that is noticed, too
        if found == "unsat":
            unnoticed.append(f"{number}: {word:08x} became {words[number]:08x}")
    assert unnoticed == []


def test_a_function_that_is_not_in_the_image_is_not_proven(built: tuple[Formulas, Image], tmp_path: Path) -> None:
    program, image = built
    with pytest.raises(UnsupportedError, match="put is not in the image"):
        compare(program, replace(image, functions={}), "put")

"""The same function gives the same result in CPython, on the host and on the emulated machine, traps included."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.lang import TrapKind
from tests.compiler.differential.constructs import construct_program
from tests.compiler.differential.executions import Outcome, in_cpython, on_host, on_machine
from tests.compiler.differential.generator import GeneratedProgram, generate, operator_program

QUICK_SEEDS = range(8)
BOOT_SEEDS = range(100, 124)


def write(program: GeneratedProgram, folder: Path, name: str) -> Path:
    path = folder / f"{name}.py"
    path.write_text(program.text)
    return path


def differences(program: GeneratedProgram, expected: list[Outcome], found: list[Outcome]) -> list[str]:
    rows = zip(program.calls, expected, found, strict=True)
    return [f"{call}: CPython {want}, here {have}" for call, want, have in rows if want != have]


def test_every_operator_agrees_on_the_host(tmp_path: Path) -> None:
    program = operator_program()
    expected = in_cpython(program, "operators")
    assert len({kind for outcome, kind in expected if outcome == "trap"}) == 4  # overflow, shift, divide, convert
    found = on_host(program, write(program, tmp_path, "operators"))
    assert differences(program, expected, found) == []


def test_every_construct_and_every_trap_agrees_on_the_host(tmp_path: Path) -> None:
    program = construct_program()
    expected = in_cpython(program, "constructs")
    assert {kind for outcome, kind in expected if outcome == "trap"} == {int(kind) for kind in TrapKind}
    found = on_host(program, write(program, tmp_path, "constructs"))
    assert differences(program, expected, found) == []


@pytest.mark.parametrize("seed", QUICK_SEEDS)
def test_generated_programs_agree_on_the_host(seed: int, tmp_path: Path) -> None:
    program = generate(seed, function_count=12, calls_each=20)
    expected = in_cpython(program, f"generated{seed}")
    assert any(outcome == "value" for outcome, _ in expected)
    found = on_host(program, write(program, tmp_path, f"generated{seed}"))
    assert differences(program, expected, found) == []


@pytest.mark.boot
def test_every_operator_agrees_on_the_machine(tmp_path: Path) -> None:
    program = operator_program()
    expected = in_cpython(program, "operators")
    found = on_machine(program, write(program, tmp_path, "operators"), tmp_path)
    assert differences(program, expected, found) == []


@pytest.mark.boot
def test_every_construct_and_every_trap_agrees_on_the_machine(tmp_path: Path) -> None:
    program = construct_program()
    expected = in_cpython(program, "constructs")
    found = on_machine(program, write(program, tmp_path, "constructs"), tmp_path)
    assert differences(program, expected, found) == []


@pytest.mark.boot
@pytest.mark.parametrize("seed", BOOT_SEEDS)
def test_generated_programs_agree_on_host_and_machine(seed: int, tmp_path: Path) -> None:
    program = generate(seed, function_count=30, calls_each=20)
    expected = in_cpython(program, f"generated{seed}")
    path = write(program, tmp_path, f"generated{seed}")
    assert differences(program, expected, on_host(program, path)) == []
    assert differences(program, expected, on_machine(program, path, tmp_path)) == []

"""Errors name file, line and column, underline the text, and say what to write instead: one test for each mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keelback.compiler import Diagnostics, Program, check, compile_object
from keelback.compiler.backend.llvm import parse
from keelback.compiler.program import lower
from tests.compiler.differential.constructs import construct_program
from tests.compiler.manual import MANUAL, manual
from tests.compiler.mistakes import MISTAKES, PRELUDE, Mistake
from tests.compiler.mutations import mutate

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "src" / "keelback" / "compiler" / "frontend"


def errors_of(source: str, folder: Path) -> Diagnostics:
    path = folder / "wrong.py"
    path.write_text(source)
    with pytest.raises(Diagnostics) as caught:
        check(Program(root=path))
    return caught.value


def test_the_prelude_itself_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "right.py"
    path.write_text(PRELUDE)
    check(Program(root=path))


@pytest.mark.parametrize("mistake", MISTAKES, ids=[f"{m.rule}-{number}" for number, m in enumerate(MISTAKES)])
def test_a_mistake_gets_one_located_error(mistake: Mistake, tmp_path: Path) -> None:
    caught = errors_of(mistake.program, tmp_path)
    assert [error.rule for error in caught.errors] == [mistake.rule], str(caught)
    error = caught.errors[0]
    first_line = mistake.pointed.split("\n")[0]
    assert error.span.text.split("\n")[0] == first_line, str(caught)
    assert mistake.help in error.help, error.help


@pytest.mark.parametrize("mistake", MISTAKES[:3] + MISTAKES[-3:], ids=lambda m: m.rule)
def test_the_rendering_underlines_the_text(mistake: Mistake, tmp_path: Path) -> None:
    text = str(errors_of(mistake.program, tmp_path))
    head, line, marks, help_line = text.split("\n")[:4]
    assert re.match(rf"{re.escape(str(tmp_path))}/wrong\.py:\d+:\d+: ", head)
    start = marks.index("^")
    assert line[start:].startswith(mistake.pointed.split("\n")[0])
    assert help_line.startswith("help: ")


def test_all_errors_of_a_program_are_reported_in_order(tmp_path: Path) -> None:
    source = PRELUDE + "def one() -> u64:\n    return 1\n\n\ndef two(a: u32) -> u64:\n    return a\n"
    lines = [error.span.line for error in errors_of(source, tmp_path).errors]
    assert len(lines) == 2 and lines == sorted(lines)


def test_a_hook_with_another_signature_is_refused(tmp_path: Path) -> None:
    (tmp_path / "library.py").write_text(PRELUDE + "@hook\ndef start(a: u64) -> None:\n    pass\n")
    source = '"""Root."""\nfrom __future__ import annotations\nimport library\nfrom keelback.lang import u32\n\n\n'
    caught = errors_of(source + "def start(a: u32) -> None:\n    pass\n", tmp_path)
    assert [error.rule for error in caught.errors] == ["hook"]
    assert "def start(a: u64) -> None:" in caught.errors[0].help


def test_assembly_that_the_assembler_refuses_is_located(tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    functions = '@asm("mvo {result}, {a}")\ndef odd(a: u64) -> u64:\n    return a\n\n\n@naked("brunch 1f")\n'
    functions += (
        'def bare() -> None:\n    pass\n\n\n@entry("start")\ndef start(a: u64) -> u64:\n    bare()\n    return odd(a)\n'
    )
    path.write_text(PRELUDE + functions)
    with pytest.raises(Diagnostics) as caught:
        compile_object(Program(root=path), tmp_path / "wrong.o")
    assert [error.rule for error in caught.value.errors] == ["assembly", "assembly"]
    assert [error.span.text for error in caught.value.errors] == ['"mvo {result}, {a}"', '"brunch 1f"']
    assert re.search(r"`mvo x\d+, x0`", caught.value.errors[0].message)


def test_every_rule_is_tested_and_the_manual_is_made_from_the_tests() -> None:
    sources = "\n".join(path.read_text() for path in sorted(FRONTEND.rglob("*.py")))
    rules = set(re.findall(r'Refusal\("([a-z-]+)"', sources))
    rules |= set(re.findall(r'error\(\s*[\w.\[\]0-9-]+(?:, [\w.\[\]]+)?,\s*"([a-z-]+)"', sources))
    rules |= set(re.findall(r'report\("([a-z-]+)"', sources))
    tested = {mistake.rule for mistake in MISTAKES} | {"hook"}
    assert len(rules) > 50
    assert rules - tested <= {"expression", "statement"}  # the last resort of a pass, for syntax that Python may add
    assert MANUAL.read_text() == manual(), "run `python -m tests.compiler.manual`"


@pytest.mark.parametrize("seed", range(40))
def test_no_program_breaks_the_compiler(seed: int, tmp_path: Path) -> None:
    """Whatever is written, the answer is a program that LLVM accepts or located errors."""
    text = re.sub(r'@entry\("\w+"\)\n', "", construct_program().text)
    path = tmp_path / "mutated.py"
    path.write_text(mutate(text, seed))
    try:
        checked = check(Program(root=path))
    except Diagnostics as caught:
        assert all(error.span.source.path == path and error.help for error in caught.errors)
        return
    functions = [function for function in checked.typed.functions if function.asm is None]
    parse(lower(checked, roots=functions).text)

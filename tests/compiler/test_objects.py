"""Objects: what they tell about themselves, and when they are made again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from keelback.compiler import CompiledObject, Program, ToolError, compile_object, link, objects
from keelback.compiler.backend.llvm import assemble
from tests.compiler.support import HEAD, program

TEXT = """
from helper import double

SIZE: Final = parameter("size", 2)
cells: Final = array(u64, SIZE)


def unused(value: u64) -> u64:
    return value


@entry("run")
def run(value: u64) -> bool:
    cells[0] = double(value)
    return value > 3
"""
HELPER = "def double(value: u64) -> u64:\n    return value * 2\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources, and a cache of its own."""
    monkeypatch.setenv("KEELBACK_CACHE", str(tmp_path / "cache"))
    (tmp_path / "helper.py").write_text(HEAD + HELPER)
    return tmp_path


def made(folder: Path, monkeypatch: pytest.MonkeyPatch, wanted: Program) -> tuple[CompiledObject, int]:
    """The object, and how often the assembler ran for it."""
    runs: list[Path] = []

    def counted(text: str, out: Path, near: frozenset[str]) -> Path:
        runs.append(out)
        return assemble(text, out, near)

    with monkeypatch.context() as patch:
        patch.setattr(objects, "assemble", counted)
        return compile_object(wanted, folder / "out" / "program.o"), len(runs)


def test_an_object_tells_its_sources_functions_and_layouts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, _ = made(folder, monkeypatch, program(folder, TEXT))
    assert {path.name for path in compiled.sources} == {"program.py", "helper.py"}
    assert compiled.functions == ("helper.double", "program.run")
    assert compiled.layouts["program.cells"].size == 16
    assert compiled.parameters_asked == ("size",)
    assert "define" in compiled.ir.read_text()
    assert compiled.path.read_bytes()[:4] == b"\x7fELF"


def test_nothing_is_made_twice_and_everything_that_changed_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = program(folder, TEXT)
    first, runs = made(folder, monkeypatch, wanted)
    assert runs == 1
    data = first.path.read_bytes()
    again, runs = made(folder, monkeypatch, wanted)
    assert (runs, again.path.read_bytes(), again.functions) == (0, data, first.functions)
    assert made(folder, monkeypatch, program(folder, TEXT, parameters={"size": 9}))[1] == 1
    (folder / "helper.py").write_text(HEAD + HELPER.replace("* 2", "* 3"))
    assert made(folder, monkeypatch, wanted)[1] == 1
    assert made(folder, monkeypatch, program(folder, TEXT + "\n# more\n"))[1] == 1


def test_texts_that_stand_in_for_files_make_another_object(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = program(folder, TEXT)
    other = replace(wanted, replaced={folder / "helper.py": HEAD + HELPER.replace("* 2", "* 5")})
    wrong = made(folder, monkeypatch, other)[0].ir.read_text()
    right, runs = made(folder, monkeypatch, wanted)
    assert runs == 1 and right.ir.read_text() != wrong
    again, runs = made(folder, monkeypatch, other)
    assert (runs, again.ir.read_text()) == (0, wrong)


def test_only_entries_and_what_they_use_are_in_the_image(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, _ = made(folder, monkeypatch, program(folder, TEXT))
    image = link([compiled.path], folder / "out.elf", base=0x10000, entry="run")
    assert image.entry == image.symbols["run"] and image.entry >= 0x10000
    assert "program.unused" not in image.symbols
    assert any(segment.executable and not segment.writable for segment in image.segments)
    assert all(not (segment.executable and segment.writable) for segment in image.segments)


def test_an_undefined_symbol_is_an_error_of_the_linker(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, _ = made(folder, monkeypatch, program(folder, TEXT))
    with pytest.raises(ToolError, match="nowhere"):
        link([compiled.path], folder / "out.elf", base=0x10000, entry="run", script="nowhere is no script")

"""Checks that are left out by a record: those it names, no others, and only in the program that it is about."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keelback.compiler import CompiledObject, compile_object, find_record, keep_record, proofs
from tests.compiler.support import program

TEXT = """
LAST: Final = 7
cells: Final = array(u64, 8)
more: Final = array(u64, 4)


@entry("run")
def run(first: u64, second: u64) -> u64:
    assert first != LAST
    return cells[first].wrapping_add(more[second])
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEELBACK_CACHE", str(tmp_path / "cache"))


def made(folder: Path, text: str = TEXT) -> CompiledObject:
    """As `keel build` makes the kernel."""
    return compile_object(program(folder, text), folder / "program.o", unreached=find_record)


def traps(compiled: CompiledObject) -> set[int]:
    """The numbers of the sites that are in the optimised IR."""
    return {int(number) >> 4 for number in re.findall(r"brk #(\d+)", compiled.ir.read_text())}


def test_without_a_record_every_check_stays(tmp_path: Path) -> None:
    compiled = made(tmp_path)
    assert [(site.number, site.kind) for site in compiled.sites] == [(1, "ASSERT"), (2, "INDEX"), (3, "INDEX")]
    assert not compiled.left_out
    assert traps(compiled) == {1, 2, 3}


@pytest.mark.parametrize("sites", [{1}, {2}, {3}, {1, 3}, {1, 2, 3}])
def test_a_record_leaves_out_its_sites_and_no_others(tmp_path: Path, sites: set[int]) -> None:
    before = made(tmp_path)
    keep_record(before.digest, frozenset(sites), ())
    compiled = made(tmp_path)
    assert compiled.left_out == sites
    assert compiled.sites == before.sites
    assert traps(compiled) == {1, 2, 3} - sites


def test_a_record_of_another_program_leaves_every_check_in(tmp_path: Path) -> None:
    keep_record(made(tmp_path).digest, frozenset({2}), ())
    compiled = made(tmp_path, TEXT.replace("LAST: Final = 7", "LAST: Final = 6"))
    assert not compiled.left_out
    assert traps(compiled) == {1, 2, 3}
    assert made(tmp_path).left_out == {2}


def test_a_record_of_another_prover_leaves_every_check_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_record(made(tmp_path).digest, frozenset({2}), ())
    assert made(tmp_path).left_out == {2}
    monkeypatch.setattr(proofs, "prover_digest", lambda: "another")
    assert not made(tmp_path).left_out


def test_what_is_not_asked_to_use_records_keeps_every_check(tmp_path: Path) -> None:
    keep_record(made(tmp_path).digest, frozenset({1, 2, 3}), ())
    compiled = compile_object(program(tmp_path, TEXT), tmp_path / "program.o")
    assert traps(compiled) == {1, 2, 3}


def test_where_the_sources_of_the_package_lie_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    here = proofs.program_digest(f'directory: "{proofs.PACKAGE_FOLDER}/kernel"')
    monkeypatch.setattr(proofs, "PACKAGE_FOLDER", Path("/elsewhere/keelback"))
    assert proofs.program_digest('directory: "/elsewhere/keelback/kernel"') == here
    assert proofs.program_digest('directory: "/elsewhere/keelback/kernels"') != here

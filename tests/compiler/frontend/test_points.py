"""A program compiled for this machine tells, if asked, which statements, ways of branches and traps were reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.compiler import HostProgram, PointKind
from keelback.lang import Trap
from tests.compiler.support import line_of, program

TEXT = """
table: Final = array(u64, 4)


def find(index: u64, limit: u64) -> u64:
    if index < limit and limit != u64(9):
        return table[index]
    for number in upto(2):
        limit = limit + u64(number)
    return limit
"""


@pytest.fixture
def counted(tmp_path: Path) -> HostProgram:
    return HostProgram(program(tmp_path, TEXT), counted=True)


def came(counted: HostProgram) -> set[tuple[int, PointKind]]:
    """Lines and kinds of the points that were reached."""
    return {(p.line, p.kind) for p, reached in zip(counted.points, counted.reached(), strict=True) if reached}


def test_nothing_is_reached_before_a_call(counted: HostProgram) -> None:
    assert came(counted) == set()
    assert {point.kind for point in counted.points} == set(PointKind)


def test_a_call_marks_what_it_comes_by(counted: HostProgram, tmp_path: Path) -> None:
    test, taken, loop, last = (line_of(tmp_path, text) for text in ("    if", "return table", "for", "return limit"))
    counted.call("program.find", 1, 2)
    assert came(counted) == {(test, PointKind.STATEMENT), (test, PointKind.TAKEN), (taken, PointKind.STATEMENT)}
    counted.reached()[:] = bytes(len(counted.points))
    counted.call("program.find", 2, 1)
    assert {(test, PointKind.NOT_TAKEN), (loop, PointKind.TAKEN), (loop, PointKind.NOT_TAKEN)} < came(counted)
    assert (last, PointKind.STATEMENT) in came(counted)
    assert (test, PointKind.TAKEN) not in came(counted)


def test_a_trap_is_marked_by_its_kind(counted: HostProgram, tmp_path: Path) -> None:
    with pytest.raises(Trap):
        counted.call("program.find", 5, 8)
    trapped = [p for p, came in zip(counted.points, counted.reached(), strict=True) if came and p.detail]
    assert [(p.line, p.detail) for p in trapped] == [(line_of(tmp_path, "return table"), "INDEX")]


def test_nobody_asked_and_there_are_no_points(tmp_path: Path) -> None:
    assert HostProgram(program(tmp_path, TEXT)).points == ()

"""That calls keep invariants is proven of the kernel, and refuted where a mistake breaks one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import keelback.kernel
from keelback.abi import syscalls
from keelback.compiler import Program, compile_object
from keelback.prover.goals import DISPATCHER, KEPT, PROVEN, REFUTED, Goal, Job, Result, prove

pytestmark = pytest.mark.slow
SOURCES = Path(keelback.kernel.__file__).parent
SECONDS = 20.0
FRAMES = SOURCES / "objects/frame.py"
RIGHT, WRONG = "frame.dirty = frame.dirty - 1\n", "frame.dirty = frame.dirty + 1\n"


def run(folder: Path, replaced: Mapping[Path, str], *calls: str) -> list[Result]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEELBACK_CACHE", str(folder))  # nobody else is to find a wrong kernel
        compiled = compile_object(Program(root="keelback.kernel.main", replaced=dict(replaced)), folder / "kernel.o")
    ir, layouts = compiled.ir.read_text(), {name: layout.to_json() for name, layout in compiled.layouts.items()}
    goals = [Goal(DISPATCHER, KEPT, getattr(syscalls, call.upper()), call) for call in calls]
    return [prove(Job(goal, ir, layouts, SECONDS)) for goal in goals]


def test_calls_that_write_little_keep_what_they_could_break(tmp_path: Path) -> None:
    results = run(tmp_path, {}, "poll", "interrupt_acknowledge", "frame_clear", "time_configure")
    assert [result.status for result in results] == [PROVEN] * 4
    assert all(result.clauses and set(result.clauses.values()) == {PROVEN} for result in results)


def test_the_invariant_that_a_mistake_breaks_is_named(tmp_path: Path) -> None:
    source = FRAMES.read_text()
    assert source.count(RIGHT) == 1, "the kernel has changed; so must this test"
    (result,) = run(tmp_path, {FRAMES: source.replace(RIGHT, WRONG)}, "frame_clear")
    assert result.status == REFUTED
    assert result.clauses["frames_are_whole"] == REFUTED

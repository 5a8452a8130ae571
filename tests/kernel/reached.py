"""A pytest plugin (`-p tests.kernel.reached`): which lines, ways of branches and traps of the kernel as it is compiled
for this machine the tests of this run reach. It prints them after the tests, with all that was not reached.

Every program that the tests compile for this machine is compiled so that it tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

import keelback.compiler
from keelback.compiler import HostProgram, Point, PointKind
from keelback.prover.fuzz import kernel as fuzzed
from tests.kernel.twins.shadow import Shadow

ROOT = Path(__file__).resolve().parents[2]
KERNEL = ROOT / "src" / "keelback" / "kernel"

Reached = dict[Point, bool]
"""Points of the kernel's source, and whether anything came there."""

counted: list[HostProgram] = []
"""Every program that was compiled."""


class CountedProgram(HostProgram):
    """One that tells what of it was reached."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **(options | {"counted": True}))
        counted.append(self)


def points_of(programs: Iterable[HostProgram]) -> Reached:
    """What the programs came by, all taken together: with tables of other sizes, the source is the same."""
    found: Reached = {}
    for program in programs:
        for point, reached in zip(program.points, program.reached(), strict=True):
            if point.path.is_relative_to(KERNEL):
                found[point] = found.get(point, False) or bool(reached)
    return found


def lines_of(reached: Reached) -> Mapping[tuple[Path, int], bool]:
    """Of each line with a statement, whether it was reached."""
    lines: dict[tuple[Path, int], bool] = {}
    for point, came in reached.items():
        if point.kind is PointKind.STATEMENT:
            key = point.path, point.line
            lines[key] = lines.get(key, False) or came
    return lines


def ways_of(reached: Reached) -> Reached:
    """The ways of branches."""
    return {point: came for point, came in reached.items() if point.kind in (PointKind.TAKEN, PointKind.NOT_TAKEN)}


def traps_of(reached: Reached) -> Reached:
    """The checks that trap."""
    return {point: came for point, came in reached.items() if point.kind is PointKind.TRAP}


def missing_of(reached: Reached) -> list[str]:
    """Lines and ways that were not reached, a text for each file; of a line that was not reached, only the line."""
    missed: dict[Path, list[tuple[int, str]]] = defaultdict(list)
    lines = lines_of(reached)
    for (path, line), came in lines.items():
        if not came:
            missed[path].append((line, str(line)))
    for point, came in ways_of(reached).items():
        if not came and lines.get((point.path, point.line), True):
            missed[point.path].append((point.line, f"{point.line}:{point.column} {point.kind.value}"))
    return [
        f"{path.relative_to(ROOT)}: {', '.join(text for _, text in sorted(set(found)))}"
        for path, found in sorted(missed.items())
    ]


def share(name: str, values: Iterable[bool]) -> str:
    """How many of some things were reached."""
    ways = list(values)
    return f"{name}: {sum(ways)} of {len(ways)}, {100 * sum(ways) / len(ways):.1f} %"


def report_of(reached: Reached) -> list[str]:
    """All of it, in lines of text."""
    shares = (
        share("lines", lines_of(reached).values()),
        share("ways of branches", ways_of(reached).values()),
        share("traps", traps_of(reached).values()),
    )
    return [*shares, *missing_of(reached)]


def pytest_configure() -> None:
    """From now on programs are counted."""
    patch = pytest.MonkeyPatch()
    patch.setattr(keelback.compiler, "HostProgram", CountedProgram)  # before any test imports it
    patch.setattr(fuzzed, "HostProgram", CountedProgram)
    Shadow(CountedProgram).install()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("the kernel compiled for this machine: what these tests reach")
    for line in report_of(points_of(counted)):
        terminalreporter.line(line)

"""Counterexamples for people: the call and its arguments, the rows that matter, the source line, the replay."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from keelback.lang.traps import TrapKind
from keelback.prover.fuzz.kernel import CompiledKernel
from keelback.prover.fuzz.replay import DEFAULT_SIZES, TEST_HEAD, Replay, render_test, replay_call
from keelback.prover.goals import NOT_MODELLED, REFUTED, Finding, Result

SHOWN_ROWS = 10
SHOWN_CONTRADICTIONS = 3
KERNEL_FOLDER = Path(__file__).resolve().parents[1] / "kernel"
_PLACE = re.compile(r"([\w/]+\.py):(\d+)")
_BREAK = re.compile(r"brk #(\d+)")
_ROW = re.compile(r"([a-z]\w*(?:\[\d+\])?)\.?(.*)")
_REGISTER = re.compile(r"threads\[(\d+)\]\.context\.registers\[(\d+)\]")


def describe(result: Result, call: int | None = None, *, replayed: bool = False) -> list[str]:
    """Why a goal is not proven. `call` is the number of the system call that the goal is about, if it is about one."""
    if result.status == NOT_MODELLED:
        return ["", f"{result.goal}: {result.reason}"]
    if result.status != REFUTED:
        return []
    lines = ["", f"{result.goal} fails:"]
    for found in result.findings:
        lines += [f"  {text}" for text in describe_finding(found)]
        if replayed and call is not None and found.state:
            lines += [f"    {text}" for text in describe_replay(replay_call(own_kernel(), call, found.state))]
    return lines


def describe_finding(found: Finding) -> list[str]:
    """One failing place and the state in which it fails."""
    lines = [f"{found.kind}: {told_place(found.where)}"]
    arguments = {int(place[2]): value for name, value in found.state.items() if (place := _REGISTER.fullmatch(name))}
    if arguments:
        told = ", ".join(f"x{number} = {value:#x}" for number, value in sorted(arguments.items()))
        lines.append(f"    called with {told}")
    rows: dict[str, list[str]] = {}
    for name, value in found.state.items():
        place = _ROW.fullmatch(name)
        if place is not None and not _REGISTER.fullmatch(name):
            rows.setdefault(place[1], []).append(f"{place[2]} = {value}".removeprefix(" = "))
    lines += [f"    {row}: {', '.join(fields)}" for row, fields in list(rows.items())[:SHOWN_ROWS]]
    if len(rows) > SHOWN_ROWS:
        lines.append(f"    and {len(rows) - SHOWN_ROWS} rows more")
    return lines


def told_place(where: str) -> str:
    """A place in the IR with the kind of the trap and its source line, where they can be found."""
    place, trap = _PLACE.search(where), _BREAK.search(where)
    if place is None:
        return where
    function = where[: place.start()].rstrip(", ")
    kind = f"{TrapKind(int(trap[1]) & 15).name}: " if trap is not None and int(trap[1]) & 15 in list(TrapKind) else ""
    return f"{kind}{place[0]} in {function}" + source_line(place[1], int(place[2]))


def source_line(file: str, line: int) -> str:
    """The text of a line of the kernel, if there is just one file of that name."""
    paths = list(KERNEL_FOLDER.rglob(Path(file).name))
    if len(paths) != 1:
        return ""
    lines = paths[0].read_text().splitlines()
    return f"\n      {lines[line - 1].strip()}" if line <= len(lines) else ""


def describe_replay(replay: Replay) -> list[str]:
    """What became of it on the host."""
    lines = [f"replayed: {replay.happened or 'nothing'}; {replay.verdict}"]
    lines += [f"  {text}" for text in replay.contradicted[:SHOWN_CONTRADICTIONS]]
    if len(replay.contradicted) > SHOWN_CONTRADICTIONS:
        lines.append(f"  and {len(replay.contradicted) - SHOWN_CONTRADICTIONS} more")
    return lines


def write_tests(path: Path, results: list[Result], calls: Mapping[str, int]) -> int:
    """A test for each counterexample of a call; how many."""
    tests = [
        render_test(_test_name(result.goal, number), calls[call], found.state, f"{found.kind}: {found.where}")
        for result in results
        if (call := result.goal.partition("::")[0]) in calls and result.status == REFUTED
        for number, found in enumerate(result.findings, 1)
        if found.state
    ]
    path.write_text(TEST_HEAD + "\n" + "\n\n".join(tests))
    return len(tests)


def _test_name(goal: str, number: int) -> str:
    return re.sub(r"\W+", "_", f"{goal}_{number}")


@cache
def own_kernel() -> CompiledKernel:
    """The kernel that `keel prove` is about, compiled for this machine."""
    return CompiledKernel(DEFAULT_SIZES)

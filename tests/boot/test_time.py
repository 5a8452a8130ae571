"""Time on the emulated machine: nobody runs longer than he was given, whatever he tries, and partitions keep apart."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from keelback.sdk import ProtectionDomain, System
from keelback.sdk.build import build_system
from keelback.sdk.runner import Emulation, Machine, emulator_command

pytestmark = [pytest.mark.boot]

SPINNER = Path(__file__).parent / "times" / "spinner.py"
SPIN, SLEEP, YIELD, CALL, SERVE = range(5)
TICKS_IN_MS = 62_500
RUN = re.compile(r"^(\w+) +\| run (\d+) (\d+)$", re.MULTILINE)

BUDGET_MS, PERIOD_MS = 1, 10
LATE = 100
"""Ticks from the end of a budget or window to the moment when another thread runs: the kernel's timer interrupt."""

Runs = list[tuple[int, int]]


def spinner(name: str, priority: int, way: int, **options: object) -> ProtectionDomain:
    """A domain that runs as much as it is let."""
    parameters = {"way": way, **options.pop("parameters", {})}  # type: ignore[dict-item]
    return ProtectionDomain(name, source=SPINNER, priority=priority, parameters=parameters, **options)  # type: ignore[arg-type]


@contextmanager
def machine_of(system: System, folder: Path, *, counted: bool) -> Generator[Machine]:
    """The system, built and running until the block ends; `counted`: one instruction is one nanosecond."""
    built = build_system(system, folder)
    emulation = Emulation(built.board, built.image, built.ram_end, cores=built.cores, counted=counted)
    with Machine(emulator_command(emulation, interactive=False), limit_s=120) as machine:
        yield machine


def runs_in(transcript: str) -> dict[str, Runs]:
    """When each domain ran, by its own account, in ticks."""
    found: dict[str, Runs] = {}
    for name, start, end in RUN.findall(transcript.replace("\r", "")):
        found.setdefault(name, []).append((int(start), int(end)))
    return found


def most_in(runs: Runs, window: int) -> int:
    """The longest time that they take in any window of so many ticks."""
    return max(
        sum(max(0, min(end, start + window) - begin) for begin, end in runs if begin >= start) for start, _ in runs
    )


def share_of(runs: Runs) -> float:
    """What part of the time from their first start to their last end they take."""
    return sum(end - start for start, end in runs) / (runs[-1][1] - runs[0][0])


def budget_system() -> System:
    """Five that try to get more than 1 ms in 10, one that faults when it does, and one that gets the rest."""
    system = System(name="budgets")
    system.add_console()
    limits = {"budget": f"{BUDGET_MS} ms", "period": f"{PERIOD_MS} ms"}
    system.add(spinner("spin", 101, SPIN, **limits))
    system.add(spinner("sleep", 102, SLEEP, **limits))
    system.add(spinner("yield", 103, YIELD, **limits))
    caller = system.add(spinner("caller", 104, CALL, **limits))
    server = system.add(spinner("server", 110, SERVE, passive=True))
    system.connect(caller, server, name="server")
    system.add(spinner("greedy", 105, SPIN, on_overrun="fault", **limits))
    system.add(spinner("rest", 50, SPIN))
    return system


def test_nobody_runs_longer_than_he_was_given(tmp_path: Path) -> None:
    names = ("spin", "sleep", "yield", "server", "rest")
    with machine_of(budget_system(), tmp_path, counted=True) as machine:
        for _ in (*names, "caller"):
            machine.expect(r"\| runs 24\r?$", limit_s=60)
        runs = runs_in(machine.transcript)
        stops = re.findall(r"^monitor +\| (\w+) stopped: (.*)", machine.transcript, re.MULTILINE)
    print({name: (most_in(runs[name], PERIOD_MS * TICKS_IN_MS), round(share_of(runs[name]), 3)) for name in names})
    for name in names[:-1]:
        assert most_in(runs[name], PERIOD_MS * TICKS_IN_MS) <= BUDGET_MS * TICKS_IN_MS + LATE, name
    for name in ("spin", "yield", "server"):
        assert share_of(runs[name]) > 0.9 * BUDGET_MS / PERIOD_MS, name
    assert share_of(runs["rest"]) > 1 - 4.1 * BUDGET_MS / PERIOD_MS
    assert [name for name, _ in stops] == ["greedy"]
    assert "longer than its budget" in stops[0][1]


WINDOWS = {0: {"red": 3, "blue": 5}, 1: {"red": 4, "green": 2}}
"""For each core: milliseconds of each partition."""
PAUSE = TICKS_IN_MS
"""A pause that ends a run here."""


def partition_system(cores: int) -> System:
    """Cores with two partitions each, one of them on both, and in each somebody who wants to run all the time."""
    system = System(name="partitions", cores=cores)
    system.add_console()
    for core in range(cores):
        system.schedule(core, [(name, f"{length} ms") for name, length in WINDOWS[core].items()])
        for name in WINDOWS[core]:
            options = {"core": core, "partition": name, "parameters": {"gap": PAUSE}}
            system.add(spinner(f"{name}{core}", 100, SPIN, **options))
    return system


def partition_runs(cores: int, folder: Path, *, counted: bool) -> dict[str, Runs]:
    """When each of them ran."""
    with machine_of(partition_system(cores), folder, counted=counted) as machine:
        for _ in range(2 * cores):
            machine.expect(r"\| runs 24\r?$", limit_s=60)
        return runs_in(machine.transcript)


def test_partitions_keep_to_their_windows(tmp_path: Path) -> None:
    runs = partition_runs(1, tmp_path, counted=True)
    for name, length in WINDOWS[0].items():
        took = [end - start for start, end in runs[f"{name}0"][1:]]
        assert max(took) <= length * TICKS_IN_MS + LATE
        assert min(took) >= 0.95 * length * TICKS_IN_MS


def test_partitions_of_two_cores(tmp_path: Path) -> None:
    """Here the host may be late with a timer, and take a core away: so most of the time counts, not all of it."""
    runs = partition_runs(2, tmp_path, counted=False)
    for core, windows in WINDOWS.items():
        (first, length), (second, rest) = windows.items()
        starts = range(0, (length + rest) * TICKS_IN_MS, TICKS_IN_MS // 10)
        owners = {first: runs[f"{first}{core}"], second: runs[f"{second}{core}"]}
        total = sum(end - start for taken in owners.values() for start, end in taken)
        inside = max(
            time_inside(owners[first], start, length, length + rest)
            + time_inside(owners[second], start + length * TICKS_IN_MS, rest, length + rest)
            for start in starts
        )
        assert inside > 0.75 * total, core  # taking turns at random would give about a half


def time_inside(runs: Runs, start: int, length: int, cycle: int) -> int:
    """How much of the runs' time is in windows of so many milliseconds, the first at `start`, one each cycle."""
    step = TICKS_IN_MS // 20
    phases = ((moment - start) % (cycle * TICKS_IN_MS) for begin, end in runs for moment in range(begin, end, step))
    return step * sum(phase < length * TICKS_IN_MS for phase in phases)

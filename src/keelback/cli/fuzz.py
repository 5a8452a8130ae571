"""`keel fuzz`: random system calls through the compiled kernel, against its specification and its invariants."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from keelback.abi import syscalls
from keelback.cli.common import Subparsers, UserError
from keelback.prover.fuzz import CompiledKernel, Statistics, fuzz, render, shrink

CALLS = 200_000
REPORT_SECONDS = 10.0


def add_parser(subparsers: Subparsers) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser("fuzz", help="try the kernel with random system calls against its specification")
    parser.add_argument("--calls", type=int, default=CALLS, metavar="N", help=f"how many calls (default: {CALLS})")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the random numbers (default: 0)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Fuzz until enough calls were made, saying how far it is; status 1, and a test, when a program fails."""
    if options.calls < 1:
        raise UserError("--calls: at least 1")
    print("keel: compiling the kernel for this machine", file=sys.stderr)
    kernel = CompiledKernel()
    statistics = Statistics()
    started = time.monotonic()
    failure = fuzz(kernel, options.seed, options.calls, statistics, progress(statistics, started))
    if failure is not None:
        print("keel: a program fails; shrinking it", file=sys.stderr)
        print(render(shrink(kernel, failure), f"seed_{options.seed}"))
        return 1
    print(describe(statistics, time.monotonic() - started))
    return 0


def progress(statistics: Statistics, started: float) -> Callable[[], bool]:
    """Says now and then how far a run is, and never that it is to end."""
    next_report = started + REPORT_SECONDS

    def report() -> bool:
        nonlocal next_report
        seconds = time.monotonic() - started
        if started + seconds > next_report:
            next_report += REPORT_SECONDS
            print(f"keel: {seconds:5.0f} s  {statistics.calls:,} calls", file=sys.stderr)
        return False

    return report


def describe(statistics: Statistics, seconds: float) -> str:
    """What was done, in one paragraph."""
    answered = sum(count for (_, status), count in statistics.results.items() if status == 0)
    outcomes, numbers = len(statistics.results), {number for number, _ in statistics.results}
    return (
        f"{statistics.calls:,} calls ({answered:,} not refused) and {statistics.steps - statistics.calls:,} events in "
        f"{statistics.programs:,} programs, {statistics.calls / max(seconds, 1e-9):,.0f} calls a second\n"
        f"{len(numbers & set(range(syscalls.SYSTEM_CALL_COUNT)))} of {syscalls.SYSTEM_CALL_COUNT} system calls, "
        f"{outcomes} different outcomes: all as specified, every invariant holds"
    )

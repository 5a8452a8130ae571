"""`keel fuzz`: random system calls through the compiled kernel, against its specification and its invariants."""

from __future__ import annotations

import argparse
import os
import sys
import time

from keelback.abi import errors, syscalls
from keelback.cli.common import Subparsers, UserError
from keelback.prover.fuzz import Statistics, make_pieces, render, run_pieces

CALLS = 200_000
BULK_CALLS = 2_000_000
REPORT_SECONDS = 10.0


def add_parser(subparsers: Subparsers) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser("fuzz", help="try the kernel with random system calls against its specification")
    parser.add_argument("--calls", type=int, default=CALLS, metavar="N", help=f"how many calls (default: {CALLS})")
    parser.add_argument(
        "--bulk",
        type=int,
        default=BULK_CALLS,
        metavar="N",
        help=f"how many calls before that without the specification, checking invariants only (default: {BULK_CALLS})",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the random numbers (default: 0)")
    processors = os.cpu_count() or 1
    parser.add_argument("--jobs", type=int, default=processors, metavar="J", help="processes (default: all processors)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Fuzz until enough calls were made, saying how far it is; status 1, and a test, when a program fails."""
    for name, least in (("calls", 0), ("bulk", 0), ("jobs", 1)):
        if getattr(options, name) < least:
            raise UserError(f"--{name}: at least {least}")
    if options.calls + options.bulk == 0:
        raise UserError("--calls, --bulk: at least 1 call in all")
    print(f"keel: compiling the kernel for this machine, in {options.jobs} processes", file=sys.stderr)
    for calls, compared in ((options.bulk, False), (options.calls, True)):
        if calls and not run_part(options.seed, calls, options.jobs, compared=compared):
            return 1
    return 0


def run_part(seed: int, calls: int, jobs: int, *, compared: bool) -> bool:
    """All calls of one sort; whether none failed."""
    statistics, process_seconds = Statistics(), 0.0
    started = next_report = time.monotonic()
    for outcome in run_pieces(make_pieces(seed, calls, compared=compared), jobs):
        statistics.add(outcome.statistics)
        process_seconds += outcome.seconds
        if outcome.failure is not None:
            print(f"keel: a program with seed {outcome.piece.seed} fails; here it is cut short", file=sys.stderr)
            print(render(outcome.failure, f"seed_{outcome.piece.seed}"))
            return False
        if time.monotonic() >= next_report + REPORT_SECONDS:
            next_report = time.monotonic()
            print(f"keel: {next_report - started:5.0f} s  {statistics.calls:,} calls", file=sys.stderr)
    print(describe(statistics, process_seconds, min(jobs, len(make_pieces(seed, calls, compared=compared))), compared))
    return True


def describe(statistics: Statistics, process_seconds: float, jobs: int, compared: bool) -> str:
    """What was done, in one paragraph. The rate is that of a process with a processor to itself, without compiling."""
    answered = sum(count for (_, status), count in statistics.results.items() if status == errors.OK)
    outcomes, numbers = len(statistics.results), {number for number, _ in statistics.results}
    rate = statistics.calls / max(process_seconds, 1e-9)
    how = "all as specified, every invariant holds" if compared else "no trap, every invariant holds"
    return (
        f"{'compared' if compared else 'in bulk'}: {statistics.calls:,} calls ({answered:,} not refused) and "
        f"{statistics.steps - statistics.calls:,} events in {statistics.programs:,} programs, "
        f"{rate:,.0f} calls a second of one processor, {jobs} at once\n"
        f"{len(numbers & set(range(syscalls.SYSTEM_CALL_COUNT)))} of {syscalls.SYSTEM_CALL_COUNT} system calls, "
        f"{outcomes} different outcomes: {how}"
    )

"""`keel prove`: goals about the kernel, run in parallel, as a table; and counterexamples of those that fail.

What it says of a system is in `prove_system`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from keelback.abi import syscalls
from keelback.cli import counterexamples, prove_system, record_checks
from keelback.cli.common import Subparsers, UserError, user_errors
from keelback.cli.executors import make_executor
from keelback.compiler import link
from keelback.prover.campaign import chosen, compile_kernel, jobs_of, run_jobs
from keelback.prover.goals import PROVEN, Job, Result
from keelback.sdk.image.linker_scripts import KERNEL_ENTRY, kernel_script

IMAGE_BASE = 0x4008_0000
SECONDS = 20.0


def add_parser(subparsers: Subparsers) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser("prove", help="prove goals about the kernel; who can affect whom in a system")
    parser.add_argument(
        "goals",
        nargs="*",
        metavar="GOAL",
        help="call::no-trap, a call or entry, ::ranges (default: all); or one system.py or its folder",
    )
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    parser.add_argument("--paths", action="store_true", help="of a system: how each affects the others")
    parser.add_argument("--list", action="store_true", help="only list the goals")
    parser.add_argument("--again", action="store_true", help="run goals whose result is known, too")
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help="a solver's time for one query")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="goals at a time")
    parser.add_argument(
        "--executor",
        default="",
        metavar="MODULE:CALLABLE",
        help="what makes the concurrent.futures executor that goals run in (default: processes of this machine)",
    )
    parser.add_argument("--replay", action="store_true", help="replay counterexamples on the kernel compiled for here")
    parser.add_argument("--tests", type=Path, metavar="FILE", help="write a test for each counterexample of a call")
    parser.add_argument(
        "--record-checks", action="store_true", help="record which checks of the kernel never fail, for `keel build`"
    )
    parser.set_defaults(run=run)


def system_calls() -> dict[str, int]:
    """Numbers of the system calls by their names in lower case."""
    numbers = {name: value for name, value in vars(syscalls).items() if name.isupper() and type(value) is int}
    return {
        name.lower(): n for name, n in numbers.items() if not name.endswith("_COUNT") and n < syscalls.SYSTEM_CALL_COUNT
    }


def all_jobs(seconds: float) -> list[Job]:
    """Every goal of the kernel as it is now, compiled and linked; `seconds` are a solver's for one query."""
    with tempfile.TemporaryDirectory() as folder, user_errors():
        compiled = compile_kernel(Path(folder) / "kernel.o")
        elf = Path(folder) / "kernel.elf"
        link([compiled.path], elf, base=IMAGE_BASE, script=kernel_script(IMAGE_BASE), entry=KERNEL_ENTRY)
        return jobs_of(compiled, elf.read_bytes(), system_calls(), seconds)


def run(options: argparse.Namespace) -> int:
    """Status 0 if every goal that was asked for is proven."""
    described = prove_system.find_system(options.goals)
    if options.record_checks:
        return record_checks.run(described, options, system_calls())
    if described is not None:
        return prove_system.run(described, options)
    jobs = chosen(all_jobs(options.seconds), options.goals)
    if not jobs:
        raise UserError(f"no goal is called {' '.join(options.goals)}; `keel prove --list` names all")
    if options.list:
        print("\n".join(job.goal.name for job in jobs))
        return 0
    started = time.monotonic()
    results: list[Result] = []
    with make_executor(options.executor, options.jobs) as executor:
        for result, was_known in run_jobs(jobs, executor, again=options.again):
            results.append(result)
            known = " (known)" if was_known else ""
            seconds = time.monotonic() - started
            print(
                f"keel: {seconds:5.0f} s  {len(results)}/{len(jobs)} {result.goal}: {result.status}{known}",
                file=sys.stderr,
            )
    if options.json:
        print(json.dumps([result.to_json() for result in results], indent=2))
    else:
        print(render(results, replayed=options.replay))
    if options.tests is not None:
        count = counterexamples.write_tests(options.tests, results, system_calls())
        print(f"keel: {options.tests}: {count} tests", file=sys.stderr)
    return 0 if all(result.status == PROVEN for result in results) else 1


def render(results: list[Result], *, replayed: bool = False) -> str:
    """A table, the counterexamples, what was assumed, and totals."""
    width = max(len(result.goal) for result in results)
    lines = [f"{'goal':{width}}  {'result':14}  places  seconds  solver"]
    for result in sorted(results, key=lambda result: result.goal):
        row = (
            f"{result.goal:{width}}  {result.status:14}  {result.obligations:6}  {result.seconds:7.1f}  {result.solver}"
        )
        lines.append(row.rstrip())
    calls = system_calls()
    for result in results:
        call = calls.get(result.goal.partition("::")[0])
        lines += counterexamples.describe(result, call, replayed=replayed)
    assumed = sorted({text for result in results for text in result.assumed})
    lines += [f"{result.goal}: {result.reason}" for result in results if result.status == PROVEN and result.reason]
    lines += ["", *(f"assumed: {text}" for text in assumed)]
    counts = Counter(result.status for result in results)
    lines.append(", ".join(f"{count} {status}" for status, count in counts.items()))
    return "\n".join(lines)

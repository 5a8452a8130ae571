"""`keel prove --record-checks`: which checks of the kernel no entry can fail, written down for `keel build`.

It is about the kernel with tables of default sizes. What is not shown of any one entry means that nothing is recorded.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from keelback.cli.common import user_errors
from keelback.cli.executors import make_executor
from keelback.compiler import keep_record
from keelback.prover.campaign import compile_kernel
from keelback.prover.checks import Found, search, searches, verdict_of

TOLD = 10
"""Failing places that are told of one entry."""


def run(options: argparse.Namespace, calls: Mapping[str, int]) -> int:
    """Status 0 if a record was written."""
    with tempfile.TemporaryDirectory() as folder, user_errors():
        compiled = compile_kernel(Path(folder) / "kernel.o")
    ir = compiled.ir.read_text()
    layouts = {name: layout.to_json() for name, layout in compiled.layouts.items()}
    found: list[Found] = []
    with make_executor(options.executor, options.jobs) as executor:
        for one in executor.map(search, searches(ir, layouts, calls)):
            found.append(one)
            print(f"keel: {one.name}: {len(one.broken)} places open, {one.seconds:.0f} s", file=sys.stderr)
            print("".join(f"  {text}\n" for text in one.broken[:TOLD]), end="", file=sys.stderr)
    verdict = verdict_of(ir, found)
    if verdict.broken:
        entries = sum(1 for one in found if one.broken)
        print(f"nothing is recorded: {entries} of {len(found)} entries are not shown to keep the ranges of fields")
        return 1
    path = keep_record(compiled.digest, verdict.proven, verdict.assumed)
    print(f"{path}: {len(verdict.proven)} of {len(verdict.sites)} checks never fail")
    return 0

"""`keel prove --record-checks [SYSTEM]`: which checks of the kernel no entry can fail, written down for `keel build`.

It is about the kernel of that system, with its sizes of tables, by default about one with tables of default sizes. What
is not shown of any one function means that nothing is recorded.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from keelback.cli import common
from keelback.prover.checks import Found
from keelback.prover.recording import make_record

TOLD = 10
"""Failing places that are told of one function."""


def run(system: Path | None, options: argparse.Namespace, calls: Mapping[str, int]) -> int:
    """Status 0 if a record was written."""
    parameters: Mapping[str, int | str] = {}
    if system is not None:
        parameters = common.build(system, quiet=True).manifest["kernel"]["parameters"]
    with common.user_errors():
        record = make_record(parameters, calls, options.jobs or os.cpu_count() or 1, _tell)
    if record.path is None:
        functions = sum(1 for one in record.found if one.broken)
        print(f"nothing is recorded: {functions} of {len(record.found)} functions may break what the search assumes")
        return 1
    print(f"{record.path}: {record.proven} of {record.sites} checks never fail")
    return 0


def _tell(one: Found) -> None:
    if one.broken:
        print(f"keel: {one.name}: {len(one.broken)} places open, {one.seconds:.0f} s", file=sys.stderr)
        print("".join(f"  {text}\n" for text in one.broken[:TOLD]), end="", file=sys.stderr)

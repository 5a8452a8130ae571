"""`python -m keelback.prover.mutation`: which mutants of the kernel are told from it."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter

from keelback.prover.mutation.equivalent import EQUIVALENT
from keelback.prover.mutation.mutants import find_mutants, sample
from keelback.prover.mutation.trial import CALLS, NOT_TOLD, TOLD, Verdict, try_mutants

COUNT = 100


def main() -> int:
    """Status 0 if every mutant is told or known to be equivalent."""
    parser = argparse.ArgumentParser(prog="python -m keelback.prover.mutation", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every mutant")
    parser.add_argument("--count", type=int, default=COUNT, metavar="N", help=f"a sample of N (default: {COUNT})")
    parser.add_argument("--calls", type=int, default=CALLS, metavar="N", help=f"calls of a trial (default: {CALLS})")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="trials at a time")
    parser.add_argument("--only", default="", metavar="TEXT", help="only mutants with this in their name")
    options = parser.parse_args()
    found = [mutant for mutant in find_mutants() if options.only in mutant.name]
    chosen = found if options.all else sample(found, options.count)
    verdicts: list[Verdict] = []
    for verdict in try_mutants(chosen, options.jobs, options.calls):
        verdicts.append(verdict)
        print(f"{len(verdicts)}/{len(chosen)} {describe(verdict)}", file=sys.stderr, flush=True)
    missed = [v for v in verdicts if v.status == NOT_TOLD and v.mutant.name not in EQUIVALENT]
    wrongly_listed = [v for v in verdicts if v.status == TOLD and v.mutant.name in EQUIVALENT]
    counts = Counter((v.mutant.operator, v.status) for v in verdicts)
    for (operator, status), count in sorted(counts.items()):
        print(f"{count:5} {operator}: {status}")
    for title, those in (
        ("not told, not known to be equivalent", missed),
        ("called equivalent, but told", wrongly_listed),
    ):
        print(f"{len(those)} {title}")
        for verdict in those:
            print(f"    line {verdict.mutant.line}: {verdict.mutant.name}")
    return 1 if missed or wrongly_listed else 0


def describe(verdict: Verdict) -> str:
    """One line."""
    effort = f"{verdict.calls} calls, {verdict.seconds:.1f} s"
    return f"{verdict.status} ({effort}) {verdict.mutant.name}  {verdict.reason[:100]}"


if __name__ == "__main__":
    sys.exit(main())

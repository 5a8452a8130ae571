"""`python -m keelback.prover.mutation`: which mutants of the kernel are told from it."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter

from keelback.abi import syscalls
from keelback.prover.mutation.equivalent import EQUIVALENT
from keelback.prover.mutation.mutants import Mutant, find_mutants, sample
from keelback.prover.mutation.proof import ALL_PROVEN, ProofVerdict, Trials
from keelback.prover.mutation.refuting import call_for, refute_all
from keelback.prover.mutation.trial import CALLS, NOT_TOLD, TOLD, Verdict, try_mutants

COUNT = 100
SYSTEM_CALLS = {
    name.lower(): number
    for name, number in vars(syscalls).items()
    if name.isupper() and type(number) is int and not name.endswith("_COUNT") and number < syscalls.SYSTEM_CALL_COUNT
}


def main() -> int:
    """Status 0 if every mutant is told or known to be equivalent."""
    parser = argparse.ArgumentParser(prog="python -m keelback.prover.mutation", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every mutant")
    parser.add_argument("--count", type=int, default=COUNT, metavar="N", help=f"a sample of N (default: {COUNT})")
    parser.add_argument("--calls", type=int, default=CALLS, metavar="N", help=f"calls of a trial (default: {CALLS})")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="trials at a time")
    parser.add_argument("--only", default="", metavar="TEXT", help="only mutants with this in their name")
    parser.add_argument("--prove", action="store_true", help="try to prove them: no proof may succeed")
    parser.add_argument("--refute", action="store_true", help="all those behind short calls: a goal has to fail")
    options = parser.parse_args()
    found = [mutant for mutant in find_mutants() if options.only in mutant.name]
    if options.refute:
        return refute_short([mutant for mutant in found if call_for(mutant)], options.jobs)
    chosen = found if options.all else sample(found, options.count)
    if options.prove:
        return prove_all(chosen)
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


def prove_all(mutants: list[Mutant]) -> int:
    """Status 0 if no mutant is proven but those that behave as the original."""
    trials = Trials(SYSTEM_CALLS)
    verdicts: list[ProofVerdict] = []
    for mutant in mutants:
        verdict = trials.try_mutant(mutant)
        verdicts.append(verdict)
        shown = f"{verdict.goal} {verdict.confirmed[:100]}".strip()
        print(f"{len(verdicts)}/{len(mutants)} {verdict.status} ({verdict.seconds:.1f} s) {mutant.name}  {shown}")
    for status, count in sorted(Counter(verdict.status for verdict in verdicts).items()):
        print(f"{count:5} {status}")
    missed = [v for v in verdicts if v.status == ALL_PROVEN and v.mutant.name not in EQUIVALENT]
    print(f"{len(missed)} proven, not known to be equivalent")
    return 1 if missed else 0


def refute_short(mutants: list[Mutant], jobs: int) -> int:
    """Status 0 if no mutant is proven but those that behave as the original. Lines can go into a test's list."""
    proven = 0
    for verdict in refute_all(mutants, SYSTEM_CALLS, jobs):
        proven += verdict.status == ALL_PROVEN and verdict.mutant.name not in EQUIVALENT
        shown = "; ".join(part for part in (verdict.status, verdict.goal, verdict.confirmed[:100]) if part)
        print(f"{verdict.mutant.name}\n    {shown}", flush=True)
    print(f"{proven} proven, not known to be equivalent")
    return 1 if proven else 0


def describe(verdict: Verdict) -> str:
    """One line."""
    effort = f"{verdict.calls} calls, {verdict.seconds:.1f} s"
    return f"{verdict.status} ({effort}) {verdict.mutant.name}  {verdict.reason[:100]}"


if __name__ == "__main__":
    sys.exit(main())

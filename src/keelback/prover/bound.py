"""Goals about time: how many instructions a system call, an interrupt or an exception takes at most.

They are found by walking the linked kernel's machine code (`reports.latency`, whose page in the manual says what is
assumed), for the sizes of tables that the goals' kernel has. No solver is asked. A call is `unknown` where the walk
finds a path above the limit for calls: it need not be one that can be taken.
"""

from __future__ import annotations

import tempfile
import time
from base64 import b64decode
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from keelback.prover.goals import BOUND, DISPATCHER, NOT_MODELLED, PROVEN, UNKNOWN, UNKNOWN_CALL, Goal, Job, Result
from keelback.reports.latency import CALL_LIMIT, Entry, Latency, UnboundedCode, Walk, all_entries

CALLS: Final = "system call"
KINDS: Final = {
    "kernel_interrupt": ("interrupt",),
    "kernel_exception": ("fault or guest exit",),
    "kernel_failure": ("system error", "AArch32"),
}
"""Which ways into the kernel a goal is about that is not about a system call."""
ASSUMED: Final = (
    "nothing writes to the kernel's stack but its own functions through their parameters",
    "the kernel's lock is free: waiting for it is not bounded",
)


def bound_goals(calls: Mapping[str, int]) -> list[Goal]:
    """One for each system call, one for all numbers that no call has, and one for each other way in."""
    made = [Goal(DISPATCHER, BOUND, number, name) for name, number in calls.items()]
    others = max(calls.values(), default=-1) + 1
    return [*made, Goal(DISPATCHER, BOUND, None, UNKNOWN_CALL, others), *(Goal(name, BOUND) for name in KINDS)]


def entries_of(goal: Goal) -> list[Entry]:
    """The ways into the kernel that a goal is about. None for what cannot be entered."""
    if goal.entry in KINDS:
        return [entry for entry in all_entries() if entry.kind in KINDS[goal.entry]]
    name = "unknown number" if goal.case is None else goal.case_name.upper()
    return [entry for entry in all_entries() if entry.kind == CALLS and entry.name == name]


@lru_cache(maxsize=1)
def _walk(image: str) -> Walk:
    with tempfile.TemporaryDirectory() as folder:
        elf = Path(folder) / "kernel.elf"
        elf.write_bytes(b64decode(image))
        return Walk(elf)


def prove_bound(job: Job) -> Result:
    """Run one goal; `reason` says how many instructions it is, and of which entry."""
    started = time.monotonic()
    chosen = entries_of(job.goal)
    if not chosen:
        return Result(job.goal.name, NOT_MODELLED, 0.0, reason=f"the kernel cannot be entered by {job.goal.case_name}")
    try:
        found = _walk(job.image).latency(chosen)
    except UnboundedCode as problem:
        return Result(job.goal.name, NOT_MODELLED, time.monotonic() - started, reason=str(problem))
    status = UNKNOWN if any(bound.is_long for bound in found.bounds) else PROVEN
    seconds = time.monotonic() - started
    told = describe(found, {entry.kind for entry in chosen})
    return Result(job.goal.name, status, seconds, len(found.bounds), "", assumed=ASSUMED, reason=told)


def describe(found: Latency, kinds: Collection[str]) -> str:
    """The longest of the ways of some kinds, in words; the others begin where the core has waited for an interrupt."""
    own = max((bound for bound in found.bounds if bound.kind in kinds), key=lambda bound: bound.instructions)
    woken = max((bound.instructions for bound in found.bounds if bound.kind not in kinds), default=0)
    told = f"at most {own.instructions:,} instructions"
    if own.kind != CALLS:
        told += f" ({own.kind}: {own.name})"
    elif own.is_long:
        told += f", more than {CALL_LIMIT:,}"
    return f"{told}; if the core has nothing to run, {woken:,} when an interrupt has come" if woken else told

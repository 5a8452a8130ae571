"""Refutes mutants of functions behind short calls, with nothing known before: a goal of such a call, which holds of the
right kernel, has to fail, and the mutant has to be wrong on this machine too.

A call's `refinement` speaks of the paths on which it comes back, and its `no-trap` says that it does: a bound off by
one that leads to a trap is refuted by the latter only; a link that only the kernel sees, by `invariants`. So a mutant
counts as proven when all of them are.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from keelback.compiler import Diagnostics
from keelback.prover.campaign import compile_kernel, try_prove
from keelback.prover.fuzz.kernel import CompiledKernel
from keelback.prover.fuzz.replay import DEFAULT_SIZES, replay_call
from keelback.prover.goals import DISPATCHER, KEPT, NO_TRAP, PROVEN, REFUTED, Goal, Job, Result
from keelback.prover.mutation.mutants import Mutant
from keelback.prover.mutation.proof import ALL_PROVEN, ProofVerdict
from keelback.prover.mutation.trial import NOT_COMPILED, TOLD, try_mutant

KINDS: Final = ("refinement", NO_TRAP, "integrity", KEPT)
"""In the order in which they are tried."""
SECONDS = 30.0
"""A solver's time for one query: many times what any of these goals takes on an idle machine."""
REPLAYED = 2
"""So many counterexamples of a goal are run: with tables of their full size that takes some seconds."""

SHORT_CALLS: Final[Mapping[str, str]] = {
    "objects/trace_ring.py:check_trace": "trace_control",
    "objects/trace_ring.py:control": "trace_control",
    "objects/trace_ring.py:read": "trace_read",
    "objects/thread.py:read": "thread_read",
    "objects/thread.py:write": "thread_write",
    "objects/frame.py:info": "frame_info",
    "objects/configure.py:time": "time_configure",
    "objects/scheduling_context.py:is_acceptable": "time_configure",
    "objects/scheduling_context.py:commit_configure": "time_configure",
    "objects/configure.py:interrupt_bind": "interrupt_bind",
    "objects/interrupt.py:commit_bind": "interrupt_bind",
    "objects/interrupt.py:acknowledge": "interrupt_acknowledge",
    "objects/interrupt.py:acknowledge_one": "interrupt_acknowledge",
    "objects/configure.py:endpoint_bind": "endpoint_bind",
    "objects/configure.py:thread_bind": "thread_bind",
    "objects/configure.py:thread_time": "thread_give_time",
    "objects/translation.py:unlink": "unlink",
    "objects/translation.py:commit_unlink": "unlink",
    "objects/translation.py:unlink_entry": "unlink_entry",
    "objects/translation.py:unmap_from": "unmap",
    "objects/reply.py:save": "reply_save",
    "objects/capability.py:copy_to": "capability_copy",
    "objects/capability.py:commit_copy": "capability_copy",
    "objects/capability.py:find_vacant": "capability_copy",
    "objects/capability.py:delete_from": "capability_delete",
    "objects/capability.py:is_delegated": "capability_delete",
    "objects/pool.py:claim_from": "object_claim",
    "objects/header.py:find_header": "object_claim",
}
"""The call with which mutants of a function are tried: one that reaches it, and whose goals take some seconds."""


def call_for(mutant: Mutant) -> str | None:
    """The call with which a mutant is tried; None: there is no short one."""
    return SHORT_CALLS.get(f"{mutant.file}:{mutant.function}")


def prove_short(
    call: str, calls: Mapping[str, int], mutant: Mutant | None = None, kinds: Iterable[str] = KINDS
) -> Iterator[Result]:
    """The results of a call's goals, of the right kernel or of a mutant of it; raises Diagnostics."""
    replaced = {} if mutant is None else {mutant.path: mutant.text}
    with tempfile.TemporaryDirectory() as folder:
        compiled = compile_kernel(Path(folder) / "kernel.o", replaced)
        ir = compiled.ir.read_text()
    layouts = {name: layout.to_json() for name, layout in compiled.layouts.items()}
    for kind in kinds:
        yield try_prove(Job(Goal(DISPATCHER, kind, calls[call], call), ir, layouts, SECONDS))


def refute(mutant: Mutant, calls: Mapping[str, int]) -> ProofVerdict:
    """Try to prove one mutant, until a goal fails. What shows that it is wrong on this machine is the fuzzer's
    first difference from the specification, or else the counterexample, where it traps or breaks an invariant there."""
    started = time.monotonic()
    call = call_for(mutant)
    assert call is not None, mutant.name
    failed: Result | None = None
    tried = 0
    try:
        for result in prove_short(call, calls, mutant):
            tried += 1
            if result.status != PROVEN:
                failed = result
                break
    except Diagnostics:
        return ProofVerdict(mutant, NOT_COMPILED)
    if failed is None:
        return ProofVerdict(mutant, ALL_PROVEN, "", tried, "", time.monotonic() - started)
    confirmed = confirm(mutant, failed, calls[call])
    return ProofVerdict(mutant, failed.status, failed.goal, tried, confirmed, time.monotonic() - started)


def confirm(mutant: Mutant, result: Result, number: int) -> str:
    """What happens on this machine; empty if nothing that may not. The fuzzer is the quicker way to know."""
    told = try_mutant(mutant)
    if told.status == TOLD:
        return f"fuzzer: {told.reason}"
    if result.status == REFUTED:
        kernel = CompiledKernel(DEFAULT_SIZES, replaced={mutant.path: mutant.text})
        for found in result.findings[:REPLAYED]:
            replay = replay_call(kernel, number, found.state)
            if replay.happened and not replay.contradicted:
                return f"replayed: {replay.happened}"
    return ""


def refute_all(mutants: Iterable[Mutant], calls: Mapping[str, int], jobs: int) -> Iterator[ProofVerdict]:
    """Several at a time; verdicts in the mutants' order. A process ends after some, with the memory that it took."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), max_tasks_per_child=20) as executor:
        yield from executor.map(partial(refute, calls=dict(calls)), mutants)

"""TRACE_READ."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held_of
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def trace_read(state: State, caller: Thread) -> None:
    """x0..x3 = a record, the oldest one kept if it is gone; x4 = the number of the one after it."""
    held_of(state, caller, objects.TRACE, rights.READ)
    core, number = caller.registers[:2]
    require(core < state.sizes.cores, errors.BAD_ARGUMENT)
    require(number < state.trace.next, errors.BUSY)
    oldest = state.trace.next - len(state.trace.records)
    number = max(number, oldest)
    caller.registers[:5] = [*state.trace.records[number - oldest], number + 1]

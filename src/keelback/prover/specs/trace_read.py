"""TRACE_READ."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def trace_read(state: State, caller: Thread) -> None:
    """x0..x3 = a record, the oldest one kept if it is gone; x4 = the number of the one after it."""
    held(state, caller, caller.registers[8], objects.TRACE, rights.READ)
    core, number = caller.registers[:2]
    require(core < state.sizes.cores, errors.BAD_ARGUMENT)
    trace = state.cores[core].trace
    require(number < trace.next, errors.BUSY)
    number = max(number, trace.oldest)
    caller.registers[:5] = [*trace.records[number - trace.oldest], number + 1]

"""TRACE_CONTROL."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def trace_control(state: State, caller: Thread) -> None:
    """Another set of kinds is recorded."""
    held(state, caller, caller.registers[8], objects.TRACE, rights.CONTROL)
    core, mask = caller.registers[:2]
    require(core < state.sizes.cores, errors.BAD_ARGUMENT)
    state.cores[core].trace.mask = mask

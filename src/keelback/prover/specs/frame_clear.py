"""FRAME_CLEAR."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def frame_clear(state: State, caller: Thread) -> None:
    """One more piece of a frame that nobody maps holds nothing; x0 = how many are left."""
    index = held(state, caller, caller.registers[8], objects.FRAME, rights.WRITE)
    require(state.mappings(index) == 0, errors.BUSY)
    frame = state.frames[index]
    frame.dirty = max(0, frame.dirty - 1)
    caller.registers[0] = frame.dirty

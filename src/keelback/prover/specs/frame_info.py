"""FRAME_INFO."""

from __future__ import annotations

from keelback.abi import mappings, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.state import Size, State, Thread


def frame_info(state: State, caller: Thread) -> None:
    """x0..x3 = where a frame is, how large, how often it is mapped, and how much of it is to be cleared."""
    index = held(state, caller, caller.registers[8], objects.FRAME, rights.READ)
    frame = state.frames[index]
    size = mappings.LARGE_BYTES if frame.size == Size.LARGE else mappings.SMALL_BYTES
    caller.registers[:4] = [frame.address, size, state.mappings(index), frame.dirty]

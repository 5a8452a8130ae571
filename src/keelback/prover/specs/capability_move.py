"""CAPABILITY_MOVE."""

from __future__ import annotations

from keelback.prover.specs.authority import held_any, put, table_argument
from keelback.prover.state import State, Thread


def capability_move(state: State, caller: Thread) -> None:
    """A capability goes from one slot to another, empty one."""
    slot, table = caller.registers[:2]
    source = caller.registers[8]
    capability = held_any(state, caller, source)
    put(state, table_argument(state, caller, table), slot, capability)
    del state.capabilities[caller.table][source]

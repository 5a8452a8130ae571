"""ACCEPT."""

from __future__ import annotations

from keelback.abi import errors
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def accept(state: State, caller: Thread) -> None:
    """Another slot of the caller's takes passed capabilities, or none (0)."""
    slot = caller.registers[0]
    require(slot < state.tables.get(caller.table, 0), errors.BAD_SLOT)
    caller.accept = slot

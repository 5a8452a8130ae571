"""CAPABILITY_DELETE."""

from __future__ import annotations

from keelback.abi import errors
from keelback.prover.specs.authority import table_argument
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def capability_delete(state: State, caller: Thread) -> None:
    """A slot is empty, were its capability alive or dead."""
    slot = caller.registers[8]
    held = state.capabilities.get(table_argument(state, caller, caller.registers[0]), {})
    require(slot in held, errors.BAD_SLOT)
    del held[slot]

"""CAPABILITY_DELETE."""

from __future__ import annotations

from keelback.abi import errors
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def capability_delete(state: State, caller: Thread) -> None:
    """A slot is empty, were its capability alive or dead."""
    slot = caller.registers[8]
    require(slot in state.capabilities[caller.table], errors.BAD_SLOT)
    del state.capabilities[caller.table][slot]

"""CAPABILITY_COPY."""

from __future__ import annotations

from keelback.prover.specs.authority import free_slot, held
from keelback.prover.state import State, Thread


def capability_copy(state: State, caller: Thread) -> None:
    """A live capability again in an empty slot, with those of its rights that the mask keeps."""
    destination, mask = caller.registers[:2]
    capability = held(state, caller, caller.registers[8])
    free_slot(state, caller, destination)
    state.capabilities[caller.table][destination] = capability._replace(rights=capability.rights & mask)

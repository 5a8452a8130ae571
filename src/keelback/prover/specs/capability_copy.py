"""CAPABILITY_COPY."""

from __future__ import annotations

from keelback.prover.specs.authority import held_any, put, table_argument
from keelback.prover.state import State, Thread


def capability_copy(state: State, caller: Thread) -> None:
    """A capability again in an empty slot, with those of its rights that the mask keeps."""
    slot, mask, _, table = caller.registers[:4]
    capability = held_any(state, caller, caller.registers[8])
    destination = table_argument(state, caller, table)
    put(state, destination, slot, capability._replace(rights=capability.rights & mask))

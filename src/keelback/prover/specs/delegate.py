"""DELEGATE."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held, held_any, put, table_argument
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def delegate(state: State, caller: Thread) -> None:
    """As CAPABILITY_COPY, and the copy lives only as long as the grant's present generation."""
    source, slot, mask, table = caller.registers[:4]
    grant = held(state, caller, caller.registers[8], objects.GRANT, rights.CONTROL)
    capability = held_any(state, caller, source, rights.GRANT)
    require(capability.grant == 0, errors.STATE)
    destination = table_argument(state, caller, table)
    generation = state.objects[objects.GRANT, grant].generation
    kept = capability.rights & mask
    put(state, destination, slot, capability._replace(rights=kept, grant=grant, grant_generation=generation))

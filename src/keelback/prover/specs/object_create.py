"""OBJECT_CREATE."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import put
from keelback.prover.specs.ownership import owned_object
from keelback.prover.specs.refusal import require
from keelback.prover.specs.vcpu_reset import reset
from keelback.prover.state import Capability, State, Thread

LEVELS = (2, 3)


def object_create(state: State, caller: Thread) -> None:
    """An entry becomes an object without bindings, and the caller gets a capability to it."""
    (kind, index), named = owned_object(state, caller)
    slot, level = caller.registers[2:4]
    require(kind != objects.PAGE_TABLE or level in LEVELS, errors.BAD_ARGUMENT)
    require(not named.live, errors.STATE)
    put(state, caller.table, slot, Capability(kind, index, named.generation, rights.ALL, 0))
    state.objects[kind, index] = named._replace(live=True)
    if kind == objects.ADDRESS_SPACE:
        state.translations[index].level = 1
    elif kind == objects.PAGE_TABLE:
        state.translations[index].level = level
    elif kind == objects.VCPU:
        reset(state, index)

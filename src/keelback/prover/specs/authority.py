"""What a caller may name: capabilities in its own table, alive, of the right kind, with the right."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.refusal import require
from keelback.prover.state import Capability, State, Thread


def held_any(state: State, caller: Thread, slot: int, right: int = 0) -> Capability:
    """The capability in a slot, of whatever kind, dead or alive, that carries `right`."""
    capability = state.capabilities.get(caller.table, {}).get(slot)
    require(capability is not None, errors.BAD_SLOT)
    assert capability is not None
    require(capability.rights & right == right, errors.NO_RIGHT)
    return capability


def held(state: State, caller: Thread, slot: int, kind: int, right: int = 0) -> int:
    """The object that the live capability in a slot names, which is of this kind and carries `right`."""
    capability = held_any(state, caller, slot)
    require(capability.kind == kind, errors.WRONG_KIND)
    require(is_alive(state, capability), errors.DEAD)
    require(capability.rights & right == right, errors.NO_RIGHT)
    return capability.object


def held_or_none(state: State, caller: Thread, slot: int, kind: int, right: int) -> int:
    """As `held`, where slot 0 means no object: 0."""
    return held(state, caller, slot, kind, right) if slot else 0


def is_alive(state: State, capability: Capability) -> bool:
    """Neither the object nor the grant that the capability came through was revoked or destroyed since."""
    grant = (objects.GRANT, capability.grant)
    is_granted = capability.grant == 0 or state.objects[grant].generation == capability.grant_generation
    return state.objects[capability.kind, capability.object].generation == capability.generation and is_granted


def table_argument(state: State, caller: Thread, slot: int) -> int:
    """The capability table that an argument means: 0 is the caller's own."""
    return held(state, caller, slot, objects.CAPABILITY_TABLE, rights.WRITE) if slot else caller.table


def put(state: State, table: int, slot: int, capability: Capability) -> None:
    """Fill a slot that exists and is empty; refuses others."""
    require(0 < slot < state.tables.get(table, 0), errors.BAD_SLOT)
    require(slot not in state.capabilities[table], errors.OCCUPIED)
    state.capabilities[table][slot] = capability


def owner(state: State, kind: int, index: int) -> int:
    """The pool that owns an object."""
    return state.objects[kind, index].owner

"""OBJECT_GIVE."""

from __future__ import annotations

from keelback.abi import errors, objects
from keelback.prover.specs.authority import held, owner
from keelback.prover.specs.ownership import acting_pool, owned_object
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def object_give(state: State, caller: Thread) -> None:
    """A pool that the acting one owns becomes the owner of an object. Of frames it gets nothing but the memory."""
    (kind, index), named = owned_object(state, caller)
    giver = acting_pool(state, caller)
    taker = held(state, caller, caller.registers[2], objects.POOL)
    require(owner(state, objects.POOL, taker) == giver, errors.NOT_OWNED)
    require(kind != objects.POOL or index not in (giver, taker), errors.BAD_ARGUMENT)
    if kind == objects.FRAME:
        require(state.mappings(index) == 0, errors.BUSY)
        require(state.frames[index].dirty == 0, errors.DIRTY)
    state.objects[kind, index] = named._replace(owner=taker)

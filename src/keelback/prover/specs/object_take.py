"""OBJECT_TAKE."""

from __future__ import annotations

from keelback.abi import errors, objects
from keelback.prover.specs.authority import owner
from keelback.prover.specs.ownership import acting_pool, named_object
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def object_take(state: State, caller: Thread) -> None:
    """An object of a pool that the acting one owns becomes the acting one's, whatever is done with it at the moment."""
    taker = acting_pool(state, caller)
    name, named = named_object(state, caller)
    is_childs = named.owner not in (0, taker) and owner(state, objects.POOL, named.owner) == taker
    require(is_childs, errors.NOT_OWNED)
    state.objects[name] = named._replace(owner=taker)

"""OBJECT_REVOKE."""

from __future__ import annotations

from keelback.abi import errors
from keelback.prover.specs.ownership import owned_object
from keelback.prover.specs.refusal import require
from keelback.prover.specs.revoke import next_generation
from keelback.prover.state import State, Thread


def object_revoke(state: State, caller: Thread) -> None:
    """All capabilities to an object that the pool owns are dead."""
    (kind, index), named = owned_object(state, caller)
    require(named.live, errors.STATE)
    next_generation(state, kind, index)

"""OBJECT_CLAIM."""

from __future__ import annotations

from keelback.abi import errors, rights
from keelback.prover.specs.authority import put
from keelback.prover.specs.ownership import owned_object
from keelback.prover.specs.refusal import require
from keelback.prover.state import Capability, State, Thread


def object_claim(state: State, caller: Thread) -> None:
    """The caller gets a capability with every right to an object that the pool owns."""
    (kind, index), named = owned_object(state, caller)
    require(named.live, errors.STATE)
    put(state, caller.table, caller.registers[2], Capability(kind, index, named.generation, rights.ALL, 0))

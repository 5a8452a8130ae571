"""What a caller may name: capabilities in its own table, alive, of the right kind, with the right."""

from __future__ import annotations

from keelback.abi import errors
from keelback.prover.specs.refusal import require
from keelback.prover.state import Capability, State, Thread


def held(state: State, caller: Thread, slot: int, right: int = 0) -> Capability:
    """The live capability in a slot, of whatever kind, that carries `right`."""
    capability = state.capabilities[caller.table].get(slot)
    require(capability is not None, errors.BAD_SLOT)
    assert capability is not None
    require(capability.generation == state.generations[capability.kind, capability.object], errors.DEAD)
    require(capability.rights & right == right, errors.NO_RIGHT)
    return capability


def held_of(state: State, caller: Thread, kind: int, right: int) -> Capability:
    """The live capability that x8 names, of this kind, carrying `right`."""
    slot = caller.registers[8]
    found = state.capabilities[caller.table].get(slot)
    require(found is None or found.kind == kind, errors.WRONG_KIND)
    return held(state, caller, slot, right)


def free_slot(state: State, caller: Thread, slot: int) -> int:
    """A slot of the caller's table that is empty."""
    require(0 < slot < state.sizes.slots, errors.BAD_SLOT)
    require(slot not in state.capabilities[caller.table], errors.OCCUPIED)
    return slot

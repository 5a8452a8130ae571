"""REVOKE."""

from __future__ import annotations

from keelback.abi import errors, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread

LAST_GENERATION = (1 << 32) - 1


def revoke(state: State, caller: Thread) -> None:
    """The object and this one capability go to the next generation; all other capabilities to it stay behind, dead."""
    slot = caller.registers[8]
    capability = held(state, caller, slot, rights.OWNER)
    require(capability.generation < LAST_GENERATION, errors.BUSY)
    generation = capability.generation + 1
    state.capabilities[caller.table][slot] = capability._replace(generation=generation)
    state.generations[capability.kind, capability.object] = generation

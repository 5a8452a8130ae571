"""REVOKE."""

from __future__ import annotations

from keelback.abi import errors, rights
from keelback.prover.specs.authority import held_any, is_alive
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread

LAST_GENERATION = (1 << 32) - 2
"""Of an object that lives: destroying it makes one more."""


def revoke(state: State, caller: Thread) -> None:
    """The object and this one capability go to the next generation; all other capabilities to it stay behind, dead."""
    slot = caller.registers[8]
    capability = held_any(state, caller, slot)
    require(is_alive(state, capability), errors.DEAD)
    require(capability.rights & rights.OWNER != 0, errors.NO_RIGHT)
    generation = next_generation(state, capability.kind, capability.object)
    state.capabilities[caller.table][slot] = capability._replace(generation=generation)


def next_generation(state: State, kind: int, index: int) -> int:
    """All capabilities to an object are dead; its new generation."""
    named = state.objects[kind, index]
    require(named.generation < LAST_GENERATION, errors.BUSY)
    state.objects[kind, index] = named._replace(generation=named.generation + 1)
    return named.generation + 1

"""INTERRUPT_ACKNOWLEDGE."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held_of
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def interrupt_acknowledge(state: State, caller: Thread) -> None:
    """An interrupt that fired may fire again."""
    index = held_of(state, caller, objects.INTERRUPT, rights.CONTROL).object
    require(state.interrupts[index].fired, errors.STATE)
    state.interrupts[index].fired = False

"""INTERRUPT_ACKNOWLEDGE."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def interrupt_acknowledge(state: State, caller: Thread) -> None:
    """An interrupt that fired may fire again."""
    interrupt = state.interrupts[held(state, caller, caller.registers[8], objects.INTERRUPT, rights.CONTROL)]
    require(interrupt.fired, errors.STATE)
    interrupt.fired = False

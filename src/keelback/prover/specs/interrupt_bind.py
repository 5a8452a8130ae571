"""INTERRUPT_BIND."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held, held_or_none
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def interrupt_bind(state: State, caller: Thread) -> None:
    """A line signals other bits to another notification, or nobody."""
    _, bits, edge = caller.registers[:3]
    index = held(state, caller, caller.registers[8], objects.INTERRUPT, rights.CONTROL)
    chosen = held_or_none(state, caller, caller.registers[0], objects.NOTIFICATION, rights.WRITE)
    require(edge in (0, 1), errors.BAD_ARGUMENT)
    bind(state, index, chosen, bits, edge=bool(edge))


def bind(state: State, index: int, notification: int, bits: int, *, edge: bool) -> None:
    """What a line signals from now on; that it fired before is forgotten."""
    interrupt = state.interrupts[index]
    generation = state.objects[objects.NOTIFICATION, notification].generation if notification else 0
    interrupt.notification = (notification, generation)
    interrupt.bits, interrupt.edge, interrupt.fired = bits, edge, False

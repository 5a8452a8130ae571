"""THREAD_BIND."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held, held_or_none
from keelback.prover.specs.refusal import require
from keelback.prover.state import Activity, State, Thread


def thread_bind(state: State, caller: Thread) -> None:
    """A stopped thread is told of another notification's bits, or of none."""
    index = held(state, caller, caller.registers[8], objects.THREAD, rights.CONTROL)
    chosen = held_or_none(state, caller, caller.registers[0], objects.NOTIFICATION, rights.CONTROL)
    target = state.threads[index]
    require(target.activity == Activity.STOPPED, errors.STATE)
    require(not chosen or state.notifications[chosen].thread == 0, errors.STATE)
    if target.notification:
        state.notifications[target.notification].thread = 0
    target.notification = chosen
    if chosen:
        state.notifications[chosen].thread = index

"""THREAD_GIVE_TIME."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held, held_or_none, owner
from keelback.prover.specs.refusal import require
from keelback.prover.state import Activity, State, Thread


def thread_give_time(state: State, caller: Thread) -> None:
    """A stopped thread gets a scheduling context, or time without limit from a caller that has it too."""
    index = held(state, caller, caller.registers[8], objects.THREAD, rights.CONTROL)
    chosen = held_or_none(state, caller, caller.registers[0], objects.TIME, rights.CONTROL)
    target = state.threads[index]
    require(chosen != 0 or caller.budget == 0, errors.PRIORITY)
    require(target.activity == Activity.STOPPED, errors.STATE)
    if chosen:
        time = state.times[chosen]
        require(time.thread == 0 and time.budget != 0, errors.STATE)
        require(owner(state, objects.TIME, chosen) == owner(state, objects.THREAD, index), errors.STATE)
    if target.budget:
        state.times[target.budget].thread = 0
    target.budget = chosen
    if chosen:
        state.times[chosen].thread = index

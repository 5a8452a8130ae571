"""THREAD_STOP, and what the calls on other threads share."""

from __future__ import annotations

from keelback.abi import errors, objects, rights, trace
from keelback.prover.specs.authority import held_of
from keelback.prover.specs.messaging import abandon, dismiss
from keelback.prover.specs.refusal import require
from keelback.prover.specs.scheduling import leave_queue
from keelback.prover.specs.tracing import record
from keelback.prover.state import Activity, State, Thread


def other_thread(state: State, caller: Thread, right: int) -> Thread:
    """The thread that x8 names, which is not the caller."""
    index = held_of(state, caller, objects.THREAD, right).object
    require(index != caller.index, errors.STATE)
    return state.threads[index]


def thread_stop(state: State, caller: Thread) -> None:
    """A thread stops; whatever it was blocked in, and whoever waits for its reply, hears RESTARTED."""
    target = other_thread(state, caller, rights.CONTROL)
    halt(state, target)
    record(state, trace.STOP, target.index, by=caller.index)


def halt(state: State, target: Thread) -> None:
    """Stop a thread that does not run, and send its client away."""
    withdraw(state, target)
    client = dismiss(target, state)
    if client is not None:
        abandon(state, client)


def withdraw(state: State, target: Thread) -> None:
    """Stop a thread that does not run, wherever it is; it stays its client's server."""
    if target.activity == Activity.READY:
        leave_queue(state, target)
    elif target.activity == Activity.CALLING:
        state.endpoints[target.endpoint].callers.remove(target.index)
    elif target.activity == Activity.AWAITING:
        state.threads[target.server].client = 0
    is_in_call = target.guest != 0 or target.activity not in (Activity.STOPPED, Activity.READY)
    if is_in_call and target.fault is None:
        target.registers[8] = errors.RESTARTED
    target.activity = Activity.STOPPED
    target.endpoint = target.badge = target.server = target.guest = 0

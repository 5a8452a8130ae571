"""THREAD_STOP, and what the calls on other threads share."""

from __future__ import annotations

from keelback.abi import errors, objects, rights, trace
from keelback.prover.specs.authority import held
from keelback.prover.specs.charging import own_charge
from keelback.prover.specs.messaging import abandon, block, dismiss
from keelback.prover.specs.refusal import Refused, require
from keelback.prover.specs.scheduling import RESCHEDULE, ask, leave_queue
from keelback.prover.specs.tracing import record
from keelback.prover.state import Activity, State, Thread


def other_thread(state: State, caller: Thread, right: int) -> Thread:
    """The thread that x8 names, which is not the caller."""
    index = held(state, caller, caller.registers[8], objects.THREAD, right)
    require(index != caller.index, errors.STATE)
    return state.threads[index]


def is_elsewhere(state: State, target: Thread) -> bool:
    """Whether a thread runs on another core."""
    return target.core != state.here and state.cores[target.core].current == target.index


def get_hold(state: State, target: Thread) -> None:
    """A thread that runs on another core has to be stopped there first: ask for that, and refuse."""
    if is_elsewhere(state, target):
        state.cores[target.core].stopping = target.index
        ask(state, target.core, RESCHEDULE)
        raise Refused(errors.PENDING)


def thread_stop(state: State, caller: Thread) -> None:
    """A thread stops; whatever it was blocked in, and whoever waits for its reply, hears RESTARTED."""
    target = other_thread(state, caller, rights.CONTROL)
    get_hold(state, target)
    record(state, trace.STOP, target.index)
    halt(state, target)


def halt(state: State, target: Thread) -> None:
    """Stop a thread that does not run, and send its client away."""
    withdraw(state, target)
    client = dismiss(state, target)
    if client is not None:
        abandon(state, client)


def withdraw(state: State, target: Thread) -> None:
    """Stop a thread that does not run, wherever it is; it stays its client's server."""
    is_blocked = target.activity not in (Activity.STOPPED, Activity.READY, Activity.GUEST_IDLE)
    if target.guest or (is_blocked and target.fault is None):
        target.registers[8] = errors.RESTARTED
    leave_queue(state, target)
    state.sleeping.pop(target.index, None)
    if target.activity == Activity.CALLING:
        state.endpoints[target.endpoint].callers.remove(target.index)
    elif target.activity == Activity.AWAITING:
        leave_server(state, target)
    block(target, Activity.STOPPED)
    target.endpoint = target.badge = target.passing = target.guest = 0
    forget_stop(state, target)


def forget_stop(state: State, target: Thread) -> None:
    """Nobody wants its core to stop a thread any more: it is stopped."""
    if state.cores[target.core].stopping == target.index:
        state.cores[target.core].stopping = 0


def leave_server(state: State, client: Thread) -> None:
    """Nobody owes a client a reply any more. Its server goes on with its own time."""
    state.replies.pop(client.reply, None)
    server = state.threads.get(client.server)
    if server is not None:
        server.client = 0
        server.charge = None if server.charge is None else own_charge(state, server)
        if is_elsewhere(state, server):
            ask(state, server.core, RESCHEDULE)
    client.reply = client.server = 0

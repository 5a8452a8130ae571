"""REPLY_RECEIVE."""

from __future__ import annotations

from keelback.prover.specs.messaging import NEVER, answer, await_until, dismiss, served_endpoint, take_event
from keelback.prover.specs.scheduling import hand_over, run_best, wake
from keelback.prover.state import Activity, State, Thread


def reply_receive(state: State, caller: Thread) -> None:
    """The present client gets its reply, then as RECEIVE. If the caller blocks, its client runs before its equals."""
    endpoint = served_endpoint(caller)
    client = dismiss(state, caller)
    if client is not None and not answer(client, caller.registers):
        client = None
    if take_event(state, caller, endpoint):
        if client is not None:
            wake(state, client)
        return
    await_until(state, caller, Activity.RECEIVING, NEVER)
    if client is not None:
        hand_over(state, client)
    else:
        run_best(state)

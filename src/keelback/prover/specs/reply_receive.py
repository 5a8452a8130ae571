"""REPLY_RECEIVE."""

from __future__ import annotations

from keelback.abi import errors, faults
from keelback.prover.specs.messaging import WORDS, dismiss, served_endpoint, take_event
from keelback.prover.specs.scheduling import hand_over, run_best, wake
from keelback.prover.state import Activity, State, Thread


def reply_receive(state: State, caller: Thread) -> None:
    """The present client gets its reply, then as RECEIVE. If the caller blocks, its client runs before its equals."""
    endpoint = served_endpoint(state, caller)
    client = dismiss(caller, state)
    if client is not None and not answer(client, caller.registers):
        client = None
    has_event = take_event(state, caller, endpoint)
    if client is not None and has_event:
        wake(state, client)
    elif client is not None:
        hand_over(state, client)
    elif not has_event:
        run_best(state)


def answer(client: Thread, reply: list[int]) -> bool:
    """Give a client its reply; whether it runs on. One that faulted only hears whether it does."""
    if client.fault is None:
        client.registers[WORDS] = reply[WORDS]
        client.registers[8] = errors.OK
        return True
    client.activity = Activity.STOPPED
    if reply[0] == faults.RESUME:
        client.fault = None
    return client.fault is None

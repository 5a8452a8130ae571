"""REPLY."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.messaging import answer
from keelback.prover.specs.refusal import require
from keelback.prover.specs.scheduling import wake
from keelback.prover.state import State, Thread


def reply(state: State, caller: Thread) -> None:
    """The client in the reply object gets its reply."""
    answer_through(state, caller, caller.registers[8])


def answer_through(state: State, caller: Thread, slot: int) -> Thread:
    """Answer the client in the reply object in a slot; that client."""
    index = held(state, caller, slot, objects.REPLY, rights.CONTROL)
    require(index in state.replies, errors.STATE)
    client = state.threads[state.replies.pop(index)]
    client.reply = 0
    if answer(client, caller.registers):
        wake(state, client)
    return client

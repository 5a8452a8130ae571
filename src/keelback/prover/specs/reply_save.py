"""REPLY_SAVE."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.charging import NO_LIMIT, own_charge
from keelback.prover.specs.messaging import dismiss
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def reply_save(state: State, caller: Thread) -> None:
    """The caller's client waits in the reply object from now on; the caller goes on with its own time."""
    reply = held(state, caller, caller.registers[8], objects.REPLY, rights.CONTROL)
    require(caller.client != 0, errors.STATE)
    require(caller.budget != 0 or caller.charge == NO_LIMIT, errors.STATE)
    require(reply not in state.replies, errors.BUSY)
    client = dismiss(state, caller)
    assert client is not None
    state.replies[reply], client.reply = client.index, reply
    caller.charge = own_charge(state, caller)

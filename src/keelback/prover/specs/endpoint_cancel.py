"""ENDPOINT_CANCEL."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.messaging import abandon
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def endpoint_cancel(state: State, caller: Thread) -> None:
    """The call of the first waiting caller ends without an answer."""
    index = held(state, caller, caller.registers[8], objects.ENDPOINT, rights.CONTROL)
    callers = state.endpoints[index].callers
    require(bool(callers), errors.STATE)
    client = state.threads[callers.pop(0)]
    client.endpoint = client.badge = client.passing = 0
    abandon(state, client)

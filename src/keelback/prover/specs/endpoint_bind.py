"""ENDPOINT_BIND."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held, held_or_none
from keelback.prover.specs.refusal import require
from keelback.prover.state import RECEIVES, State, Thread


def endpoint_bind(state: State, caller: Thread) -> None:
    """An endpoint without a server gets one that serves no other, or loses the one it has. Callers stay."""
    index = held(state, caller, caller.registers[8], objects.ENDPOINT, rights.CONTROL)
    chosen = held_or_none(state, caller, caller.registers[0], objects.THREAD, rights.CONTROL)
    endpoint = state.endpoints[index]
    if chosen:
        require(endpoint.server == 0 and state.threads[chosen].serves == 0, errors.STATE)
        endpoint.server, state.threads[chosen].serves = chosen, index
    elif endpoint.server:
        server = state.threads[endpoint.server]
        require(server.activity not in RECEIVES, errors.STATE)
        endpoint.server = server.serves = 0

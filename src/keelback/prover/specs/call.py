"""CALL."""

from __future__ import annotations

from keelback.abi import objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.messaging import send_upwards
from keelback.prover.state import State, Thread


def call(state: State, caller: Thread) -> None:
    """The caller blocks until the server replies. The server runs at once if it was waiting."""
    slot = caller.registers[8]
    endpoint = held(state, caller, slot, objects.ENDPOINT, rights.WRITE)
    send_upwards(state, caller, endpoint, state.capabilities[caller.table][slot].badge)

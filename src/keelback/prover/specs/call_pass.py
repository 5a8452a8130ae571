"""CALL_PASS."""

from __future__ import annotations

from keelback.abi import objects, rights
from keelback.prover.specs.authority import held, held_any
from keelback.prover.specs.messaging import LOW, send_upwards
from keelback.prover.specs.refusal import Refused
from keelback.prover.state import State, Thread


def call_pass(state: State, caller: Thread) -> None:
    """A call with a capability, which goes over when the server takes the message."""
    slot, passed = caller.registers[8] & LOW, caller.registers[8] >> 32
    endpoint = held(state, caller, slot, objects.ENDPOINT, rights.WRITE)
    held_any(state, caller, passed, rights.GRANT)
    caller.passing = passed
    try:
        send_upwards(state, caller, endpoint, state.capabilities[caller.table][slot].badge)
    except Refused:
        caller.passing = 0
        raise

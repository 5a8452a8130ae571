"""POLL."""

from __future__ import annotations

from keelback.abi import objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.messaging import take_bits
from keelback.prover.state import State, Thread


def poll(state: State, caller: Thread) -> None:
    """The caller takes the pending bits, if any."""
    caller.registers[9] = take_bits(state, held(state, caller, caller.registers[8], objects.NOTIFICATION, rights.READ))

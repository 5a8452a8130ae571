"""POLL."""

from __future__ import annotations

from keelback.abi import objects, rights
from keelback.prover.specs.authority import held_of
from keelback.prover.specs.messaging import take_bits
from keelback.prover.state import State, Thread


def poll(state: State, caller: Thread) -> None:
    """The caller takes the pending bits, if any."""
    notification = held_of(state, caller, objects.NOTIFICATION, rights.READ).object
    caller.registers[9] = take_bits(state, notification)

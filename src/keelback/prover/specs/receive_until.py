"""RECEIVE_UNTIL."""

from __future__ import annotations

from keelback.prover.specs import messaging
from keelback.prover.state import State, Thread


def receive_until(state: State, caller: Thread) -> None:
    """As RECEIVE, and its deadline is an event too."""
    messaging.receive_until(state, caller, caller.registers[0])

"""RECEIVE."""

from __future__ import annotations

from keelback.prover.specs.messaging import NEVER, receive_until
from keelback.prover.state import State, Thread


def receive(state: State, caller: Thread) -> None:
    """The caller gets the next event, or blocks until there is one."""
    receive_until(state, caller, NEVER)

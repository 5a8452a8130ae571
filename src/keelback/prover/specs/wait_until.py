"""WAIT_UNTIL."""

from __future__ import annotations

from keelback.prover.specs.wait import wait
from keelback.prover.state import State, Thread


def wait_until(state: State, caller: Thread) -> None:
    """As WAIT, and its deadline ends it too."""
    wait(state, caller, caller.registers[0])

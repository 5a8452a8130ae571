"""NULL."""

from __future__ import annotations

from keelback.prover.state import State, Thread


def null(state: State, caller: Thread) -> None:
    """Nothing happens."""

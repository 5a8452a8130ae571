"""YIELD."""

from __future__ import annotations

from keelback.prover.specs.events import end_slice
from keelback.prover.state import State, Thread


def yield_(state: State, _: Thread) -> None:
    """The caller goes behind its equals."""
    end_slice(state)

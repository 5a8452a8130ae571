"""RECEIVE."""

from __future__ import annotations

from keelback.prover.specs.messaging import abandon, dismiss, served_endpoint, take_event
from keelback.prover.specs.scheduling import run_best
from keelback.prover.state import State, Thread


def receive(state: State, caller: Thread) -> None:
    """The caller gets the next event, or blocks until there is one. A client not replied to is sent away."""
    endpoint = served_endpoint(state, caller)
    client = dismiss(caller, state)
    has_event = take_event(state, caller, endpoint)
    if client is not None:
        abandon(state, client)
    if not has_event:
        run_best(state)

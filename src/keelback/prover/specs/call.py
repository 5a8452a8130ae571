"""CALL."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held_of
from keelback.prover.specs.messaging import send
from keelback.prover.specs.refusal import require
from keelback.prover.specs.scheduling import hand_over, run_best
from keelback.prover.state import State, Thread


def call(state: State, caller: Thread) -> None:
    """The caller blocks until the server replies. The server runs at once if it was waiting."""
    capability = held_of(state, caller, objects.ENDPOINT, rights.WRITE)
    server = state.threads.get(state.endpoints[capability.object].server)
    require(server is not None and server.priority > caller.priority, errors.PRIORITY)
    caller.badge = capability.badge
    receiver = send(state, caller, capability.object)
    if receiver is not None:
        hand_over(state, receiver)
    else:
        run_best(state)

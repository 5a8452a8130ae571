"""WAIT."""

from __future__ import annotations

from keelback.abi import errors, messages, objects, rights
from keelback.prover.specs.authority import held_of
from keelback.prover.specs.messaging import take_bits, tell
from keelback.prover.specs.refusal import require
from keelback.prover.specs.scheduling import run_best
from keelback.prover.state import Activity, State, Thread


def wait(state: State, caller: Thread) -> None:
    """The caller takes the pending bits of a notification bound to it, or blocks until there are some."""
    notification = held_of(state, caller, objects.NOTIFICATION, rights.READ).object
    require(state.notifications[notification].thread == caller.index, errors.STATE)
    bits = take_bits(state, notification)
    if bits:
        tell(caller, messages.SIGNAL, bits)
    else:
        caller.activity = Activity.WAITING
        run_best(state)

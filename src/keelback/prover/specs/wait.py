"""WAIT."""

from __future__ import annotations

from keelback.abi import errors, messages, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.messaging import NEVER, await_until, take_bits, tell
from keelback.prover.specs.refusal import require
from keelback.prover.specs.scheduling import run_best
from keelback.prover.state import Activity, State, Thread


def wait(state: State, caller: Thread, deadline: int = NEVER) -> None:
    """The caller takes the pending bits of the notification bound to it, or blocks until there are some."""
    notification = held(state, caller, caller.registers[8], objects.NOTIFICATION, rights.READ)
    require(notification == caller.notification, errors.STATE)
    bits = take_bits(state, notification)
    if bits:
        tell(caller, messages.SIGNAL, bits)
        return
    await_until(state, caller, Activity.WAITING, deadline)
    run_best(state)

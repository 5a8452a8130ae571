"""THREAD_RESUME."""

from __future__ import annotations

from keelback.abi import errors, rights
from keelback.prover.specs.charging import own_charge
from keelback.prover.specs.refusal import require
from keelback.prover.specs.scheduling import wake
from keelback.prover.specs.thread_start import is_complete
from keelback.prover.specs.thread_stop import other_thread, withdraw
from keelback.prover.state import State, Thread


def thread_resume(state: State, caller: Thread) -> None:
    """A thread that is stopped or faulted runs on; its fault handler is not asked any more."""
    target = other_thread(state, caller, rights.CONTROL)
    require(target.is_held and is_complete(target), errors.STATE)
    withdraw(state, target)
    target.fault = None
    target.charge = own_charge(state, target)
    wake(state, target)

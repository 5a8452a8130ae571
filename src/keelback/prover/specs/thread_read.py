"""THREAD_READ."""

from __future__ import annotations

from keelback.abi import errors, rights
from keelback.prover.specs.refusal import require
from keelback.prover.specs.thread_stop import is_elsewhere, other_thread
from keelback.prover.state import State, Thread


def thread_read(state: State, caller: Thread) -> None:
    """x0 = a register of another thread."""
    target = other_thread(state, caller, rights.READ)
    number = caller.registers[0]
    require(number < len(target.registers), errors.BAD_ARGUMENT)
    require(not is_elsewhere(state, target), errors.STATE)
    caller.registers[0] = target.registers[number]

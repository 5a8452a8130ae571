"""THREAD_WRITE."""

from __future__ import annotations

from keelback.abi import errors, rights
from keelback.prover.specs.refusal import require
from keelback.prover.specs.thread_stop import other_thread
from keelback.prover.state import State, Thread

PROCESS_STATE = 33
CONDITION_FLAGS = 0xF000_0000


def thread_write(state: State, caller: Thread) -> None:
    """A register of a held thread gets a value. Of its process state only the condition flags: it stays at EL0."""
    target = other_thread(state, caller, rights.WRITE)
    number, value = caller.registers[:2]
    require(number < len(target.registers), errors.BAD_ARGUMENT)
    require(target.is_held, errors.STATE)
    target.registers[number] = value & CONDITION_FLAGS if number == PROCESS_STATE else value

"""THREAD_START."""

from __future__ import annotations

from keelback.abi import rights, trace
from keelback.prover.specs.scheduling import wake
from keelback.prover.specs.thread_stop import halt, other_thread
from keelback.prover.specs.tracing import record
from keelback.prover.state import State, Thread

PC, SP = 32, 31


def thread_start(state: State, caller: Thread) -> None:
    """A thread is stopped and begins afresh, knowing nothing of what it was: at a pc, with a sp and an argument."""
    target = other_thread(state, caller, rights.CONTROL)
    pc, sp, argument = caller.registers[:3]
    halt(state, target)
    target.registers = [0] * len(target.registers)
    target.registers[0], target.registers[SP], target.registers[PC] = argument, sp, pc
    target.thread_pointer = 0
    target.fault = None
    forget_floating_point(state, target.index)
    record(state, trace.START, target.index, pc, by=caller.index)
    wake(state, target)


def forget_floating_point(state: State, owner: int) -> None:
    """Floating-point registers become zero."""
    state.floating_point.pop(owner, None)
    if state.floating_point_owner == owner:
        state.floating_point_owner = 0

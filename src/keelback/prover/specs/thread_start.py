"""THREAD_START."""

from __future__ import annotations

from keelback.abi import errors, rights, trace
from keelback.prover.specs.charging import own_charge
from keelback.prover.specs.refusal import Refused, require
from keelback.prover.specs.scheduling import wake
from keelback.prover.specs.thread_stop import forget_stop, get_hold, halt, other_thread
from keelback.prover.specs.tracing import record
from keelback.prover.state import Activity, State, Thread

PC, SP = 32, 31


def is_complete(target: Thread) -> bool:
    """Whether a thread has all that it needs to run."""
    return target.priority != 0 and target.space != 0 and target.table != 0


def thread_start(state: State, caller: Thread) -> None:
    """A stopped thread begins afresh, knowing nothing of what it was: at a pc, with a sp and an argument. Any other one
    is stopped, for the next attempt."""
    target = other_thread(state, caller, rights.CONTROL)
    pc, sp, argument = caller.registers[:3]
    require(is_complete(target), errors.STATE)
    get_hold(state, target)
    if target.activity != Activity.STOPPED or target.client:
        record(state, trace.STOP, target.index)
        halt(state, target)
        raise Refused(errors.PENDING)
    record(state, trace.START, target.index, pc)
    forget_stop(state, target)
    reset(state, target)
    target.registers[0], target.registers[SP], target.registers[PC] = argument, sp, pc
    target.charge = own_charge(state, target)
    wake(state, target)


def reset(state: State, target: Thread) -> None:
    """A stopped thread forgets everything but what it is bound to."""
    target.registers = [0] * len(target.registers)
    target.thread_pointer = target.accept = 0
    target.fault = None
    for core in state.cores.values():
        if core.component == target.index:
            core.component = 0
    forget_floating_point(state, target.index)


def forget_floating_point(state: State, owner: int) -> None:
    """Floating-point registers become zero."""
    state.floating_point.pop(owner, None)
    for core in state.cores.values():
        if core.floating_point_owner == owner:
            core.floating_point_owner = 0

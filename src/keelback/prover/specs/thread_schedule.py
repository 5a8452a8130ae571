"""THREAD_SCHEDULE."""

from __future__ import annotations

from keelback.abi import errors, limits, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.refusal import require
from keelback.prover.specs.registers_elsewhere import let_go
from keelback.prover.specs.thread_stop import forget_stop
from keelback.prover.state import Activity, State, Thread


def thread_schedule(state: State, caller: Thread) -> None:
    """A stopped thread gets a core, a priority, and the highest priority that it may give away."""
    core_slot, priority, ceiling = caller.registers[:3]
    index = held(state, caller, caller.registers[8], objects.THREAD, rights.CONTROL)
    core = held(state, caller, core_slot, objects.CORE, rights.CONTROL) - 1
    target = state.threads[index]
    require(1 <= priority <= ceiling < limits.PRIORITY_COUNT, errors.BAD_ARGUMENT)
    require(ceiling <= caller.ceiling, errors.PRIORITY)
    require(target.activity == Activity.STOPPED, errors.STATE)
    let_go(state, index, target.vcpu, core)
    forget_stop(state, target)
    target.core, target.priority, target.ceiling = core, priority, ceiling

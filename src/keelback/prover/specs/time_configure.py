"""TIME_CONFIGURE."""

from __future__ import annotations

from keelback.abi import errors, objects, rights, times
from keelback.prover.specs.authority import held
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def time_configure(state: State, caller: Thread) -> None:
    """A scheduling context of nobody gets a budget, all of it unused, in each period, and a partition."""
    core_slot, budget, period, options = caller.registers[:4]
    index = held(state, caller, caller.registers[8], objects.TIME, rights.CONTROL)
    held(state, caller, core_slot, objects.CORE, rights.CONTROL)
    time, partition = state.times[index], options & times.PARTITION_MASK
    require(times.BUDGET_LEAST <= budget <= period <= times.PERIOD_MOST, errors.BAD_ARGUMENT)
    require(options & ~(times.PARTITION_MASK | times.FAULT_ON_OVERRUN) == 0, errors.BAD_ARGUMENT)
    require(partition < state.sizes.partitions, errors.BAD_ARGUMENT)
    require(time.thread == 0, errors.BUSY)
    time.budget = time.remaining = budget
    time.period, time.last, time.partition = period, 0, partition
    time.fault_on_overrun = bool(options & times.FAULT_ON_OVERRUN)

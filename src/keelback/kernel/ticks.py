"""The kernel's timer: ends budgets, slices and windows, and lets go who waits for a time.

Each tick does a bounded piece of work and arms the timer for what comes next, at once if there is more to do.
"""

from __future__ import annotations

from keelback.abi import errors, faults
from keelback.kernel.arch import interface
from keelback.kernel.budgets import (
    commit_own_time,
    commit_settle,
    commit_wait_for_budget,
    context_of,
    is_limited,
    is_used_up,
)
from keelback.kernel.faults import commit_fault
from keelback.kernel.scheduler import (
    commit_end_slice,
    commit_find_best,
    commit_preempt,
    commit_reschedule,
    commit_run_next,
    commit_wake,
    is_eligible,
    partition_of,
)
from keelback.kernel.state import GUEST_IDLE, READY, Core, threads, times, windows
from keelback.kernel.timers import NEVER, UNIT_BITS, find_expired, find_next
from keelback.lang import noinline, u32, u64


@noinline
def commit_tick(core: Core) -> None:
    """The kernel's timer fired."""
    now = interface.read_counter()
    interface.disarm_tick()
    commit_settle(core, now)
    if core.current != 0 and is_used_up(core):
        commit_overrun(core)
    expired = find_expired(core, now)
    if expired != 0:
        commit_expire(expired)
    if core.window_end <= now:
        commit_next_window(core)
    if core.slice_end <= now:
        core.slice_end = u64(NEVER)
        commit_end_slice(core)
    interface.arm(find_deadline(core))


def find_deadline(core: Core) -> u64:
    """When the timer must fire next, as far as slices and budgets that begin later do not want it earlier."""
    deadline = find_next(core) << UNIT_BITS
    if is_limited(core.charged) and threads[core.current].charged == core.charged:
        budget_end = core.charge_start.wrapping_add(times[context_of(core.charged)].remaining)
        if budget_end < deadline:
            deadline = budget_end
    if core.window_end < deadline:
        deadline = core.window_end
    return core.slice_end if core.slice_end < deadline else deadline


def commit_overrun(core: Core) -> None:
    """The present thread used up its time: it waits for more, and its handler hears of it if that is wanted."""
    index = core.current
    thread = threads[index]
    time = times[context_of(thread.charged)]
    is_own = context_of(thread.charged) == thread.budget
    if time.fault_on_overrun and is_own and thread.guest == 0:
        commit_fault(core, thread, u64(faults.OVERRUN), time.budget, u64(0), u64(0))
    else:
        commit_wait_for_budget(index, thread)
        commit_run_next(core)


def commit_expire(index: u32) -> None:
    """The time that a thread waited for has come."""
    thread = threads[index]
    if thread.state == GUEST_IDLE:
        if interface.take_due_timer(thread.guest):
            commit_wake(index)
        return
    if thread.state != READY:
        commit_own_time(thread)
        thread.context.registers[8] = u64(errors.TIMEOUT)
    commit_wake(index)


def commit_next_window(core: Core) -> None:
    """The next window of the core's cyclic schedule begins."""
    core.window = windows[core.window].next
    core.window_end = core.window_end.wrapping_add(windows[core.window].ticks)
    core.partition = windows[core.window].partition
    commit_find_best(core)
    if is_eligible(core, partition_of(threads[core.current])):
        commit_reschedule(core)
    else:
        commit_preempt(core)


def commit_first_window(core: Core) -> None:
    """At boot: begin the core's cyclic schedule, if it has one."""
    if core.window != 0:
        core.partition = windows[core.window].partition
        core.window_end = interface.read_counter().wrapping_add(windows[core.window].ticks)
        commit_find_best(core)
        commit_reschedule(core)
        interface.arm(core.window_end)

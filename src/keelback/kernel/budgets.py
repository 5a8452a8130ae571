"""Whose time is used: scheduling contexts are charged when a core turns to another one, and at each tick.

A context gives at most `budget` ticks in any stretch of `period` ticks: once used up, or not used for period - budget
ticks, it is full again when period - budget ticks have passed since its last use.
"""

from __future__ import annotations

from keelback.abi import limits
from keelback.kernel.arch import interface
from keelback.kernel.state import Core, Thread, Time, cores, times
from keelback.kernel.timers import commit_sleep
from keelback.lang import inline, noinline, u32, u64, upto


@inline
def context_of(charge: u64) -> u32:
    """The scheduling context of a charge (`Thread.charged`)."""
    return u32.truncate(charge)


@inline
def is_limited(charge: u64) -> bool:
    """Whether there is a limit. There is none without a context, or when it was destroyed meanwhile."""
    return context_of(charge) != 0 and charge >> 32 == u64(times[context_of(charge)].incarnation)


@inline
def commit_own_time(thread: Thread) -> None:
    """Let a thread use its own time from now on, not a caller's."""
    thread.charged = u64(thread.budget) | u64(times[thread.budget].incarnation) << 32


def rest_of(time: Time) -> u64:
    """How long a context rests after its budget was used."""
    return time.period - time.budget


@noinline
def check_budget(thread: Thread) -> bool:
    """Whether a thread has time left; its context is filled first if it is due, and no core uses it."""
    if not is_limited(thread.charged):
        return True
    time = times[context_of(thread.charged)]
    for number in upto(u32(limits.CORE_COUNT)):
        if cores[number].charged == thread.charged:
            return time.remaining != 0
    if interface.read_counter() >= time.last.wrapping_add(rest_of(time)):
        time.remaining = time.budget
    return time.remaining != 0


def commit_wait_for_budget(index: u32, thread: Thread) -> None:
    """Let a thread without time left, in no queue, sleep until its context is full again."""
    time = times[context_of(thread.charged)]
    commit_sleep(index, time.last.wrapping_add(rest_of(time)))


@noinline
def commit_settle(core: Core, now: u64) -> None:
    """Charge what was used since the last time."""
    if is_limited(core.charged):
        time = times[context_of(core.charged)]
        used = now.wrapping_sub(core.charge_start)
        time.remaining = u64(0) if used >= time.remaining else time.remaining - used
        time.last = now
    core.charge_start = now


@noinline
def commit_charge(core: Core, charge: u64) -> None:
    """The core turns to a thread that uses other time: settle the old, and see that the timer ends the new."""
    now = interface.read_counter()
    commit_settle(core, now)
    core.charged = charge
    if is_limited(charge):
        interface.arm(now.wrapping_add(times[context_of(charge)].remaining))


def is_used_up(core: Core) -> bool:
    """Whether the present thread's time has been used up."""
    return is_limited(core.charged) and times[context_of(core.charged)].remaining == 0

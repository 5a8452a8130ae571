"""Scheduling contexts: how much time a thread gets in which period. Using the time up is in `budgets`."""

from __future__ import annotations

from keelback.abi import limits, times
from keelback.kernel.state import Time
from keelback.kernel.state import times as contexts
from keelback.lang import u8, u32, u64


def is_acceptable(budget: u64, period: u64, options: u64) -> bool:
    """Whether a context may get these: ticks, ticks, partition | flags."""
    if budget < times.BUDGET_LEAST or budget > period or period > times.PERIOD_MOST:
        return False
    if options & ~u64(times.PARTITION_MASK | times.FAULT_ON_OVERRUN) != 0:
        return False
    return options & times.PARTITION_MASK < limits.PARTITION_COUNT


def commit_configure(context: Time, budget: u64, period: u64, options: u64) -> None:
    """Give a context its budget, all of it unused."""
    context.budget = budget
    context.period = period
    context.remaining = budget
    context.last = u64(0)
    context.partition = u8.truncate(options & times.PARTITION_MASK)
    context.fault_on_overrun = options & times.FAULT_ON_OVERRUN != 0


def is_busy(index: u32) -> bool:
    """Whether a thread is bound to it: that thread would have no limit without it."""
    return contexts[index].thread != 0


def commit_destroy(index: u32) -> None:
    """A new one must be configured before a thread can have it. Threads that still use this one as their caller's time
    have no limit until they receive again."""
    commit_configure(contexts[index], u64(0), u64(0), u64(0))
    contexts[index].incarnation = contexts[index].incarnation.wrapping_add(1)

"""Timer queues: threads that wait for a time, in four wheels of 64 queues per core.

A unit of time is 2**UNIT_BITS ticks. A thread is let go in the unit behind its deadline, never early. Level l has a
queue for each of the next 64 spans of 64**l units; a thread goes to the lowest level that reaches its deadline, and
down when its span begins. Each step takes one thread from the earliest queue, so all work is bounded and in small
pieces.
"""

from __future__ import annotations

from typing import Final

from keelback.kernel import queues
from keelback.kernel.arch import interface
from keelback.kernel.state import TIMER_LEVELS, TIMER_QUEUES, Core, cores, threads
from keelback.lang import noinline, u32, u64, upto

UNIT_BITS: Final = 10
LEVEL_BITS: Final = 6
NEVER: Final = u64.MAX
LEVEL_QUEUES: Final = 64
CORE_QUEUES: Final = TIMER_LEVELS * LEVEL_QUEUES
FARTHEST: Final = (1 << LEVEL_BITS * TIMER_LEVELS) - 1
"""Units ahead that the top level reaches; who waits longer is looked at again then."""


def unit_behind(deadline: u64) -> u64:
    """The first unit that begins at `deadline` or later."""
    return (deadline >> UNIT_BITS).wrapping_add(u64(deadline & ((1 << UNIT_BITS) - 1) != 0))


@noinline
def commit_sleep(index: u32, deadline: u64) -> None:
    """Put a thread that is in no queue into a timer queue of this core."""
    core = interface.this_core()
    threads[index].deadline = deadline
    interface.arm(commit_insert(core, index, unit_behind(deadline)) << UNIT_BITS)


def commit_insert(core: Core, index: u32, unit: u64) -> u64:
    """Put a thread into the queue for a unit of time; one that has passed counts as the next. The unit at which that
    queue is due."""
    base = core.timers_passed + 1
    ahead = u64(0) if unit <= base else unit - base
    if ahead > FARTHEST:
        ahead = u64(FARTHEST)
    level = (63 - (ahead | 1).leading_zeros()) // LEVEL_BITS
    span = (base + ahead) >> LEVEL_BITS * level
    core.timers[level] = core.timers[level] | u64(1) << (span & 63)
    number = core.number * CORE_QUEUES + u32.truncate(level * LEVEL_QUEUES + (span & 63))
    queues.commit_append(number + TIMER_QUEUES, index)
    return span << LEVEL_BITS * level


def commit_unsleep(index: u32) -> None:
    """Take a thread out of its timer queue."""
    queue = threads[index].queue
    queues.commit_unlink(index)
    if queues.is_empty(queue):
        number = queue - TIMER_QUEUES
        level = number % CORE_QUEUES // LEVEL_QUEUES
        timers = cores[number // CORE_QUEUES].timers
        timers[level] = timers[level] & ~(u64(1) << u64(number % LEVEL_QUEUES))


@noinline
def find_next(core: Core) -> u64:
    """The unit at which the earliest timer queue of a core is due; beyond all time when all are empty."""
    best = u64(NEVER >> UNIT_BITS)
    for level in upto(TIMER_LEVELS):
        unit = find_next_of(core, u64(level))
        if unit < best:
            best = unit
    return best


def find_next_of(core: Core, level: u64) -> u64:
    """The unit at which the earliest queue of one level is due."""
    bits = core.timers[level]
    if bits == 0:
        return u64(NEVER >> UNIT_BITS)
    span = (core.timers_passed >> u64(LEVEL_BITS * level)) + 1
    ahead = bits.rotate_right(span & 63).trailing_zeros()
    return (span + ahead) << u64(LEVEL_BITS * level)


def find_expired(core: Core, now: u64) -> u32:
    """Take one thread whose deadline has passed out of its queue, or carry one step of that work forward; 0 if there is
    nothing left to do or nobody was found in this step. `is_due` says whether more remains."""
    unit = find_next(core)
    present = now >> UNIT_BITS
    if unit > present:
        if present > core.timers_passed:
            core.timers_passed = present
        return u32(0)
    if unit - 1 > core.timers_passed:
        core.timers_passed = unit - 1
    index = find_first_due(core, unit)
    commit_unsleep(index)
    if threads[index].deadline <= now:
        return index
    commit_insert(core, index, unit_behind(threads[index].deadline))
    return u32(0)


def find_first_due(core: Core, unit: u64) -> u32:
    """The first thread of a queue that is due at `unit`."""
    for level in upto(u32(TIMER_LEVELS)):
        if find_next_of(core, u64(level)) == unit:
            bucket = u32.truncate(unit >> u64(LEVEL_BITS * level) & 63)
            return queues.first(core.number * CORE_QUEUES + level * LEVEL_QUEUES + bucket + TIMER_QUEUES)
    return u32(0)


def is_due(core: Core, now: u64) -> bool:
    """Whether a timer queue is due."""
    return find_next(core) <= now >> UNIT_BITS

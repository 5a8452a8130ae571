"""Which thread runs: ready queues by priority, first come first served within one.

The thread that runs (`Core.current`) is in no queue, and no ready thread has a higher priority. Idle is thread 0 with
priority 0. Only tables are touched here; the processor follows in `entry`, when the kernel returns.
"""

from __future__ import annotations

from keelback.abi import limits
from keelback.kernel.state import (
    READY,
    READY_QUEUES,
    Core,
    cores,
    queues,
    threads,
)
from keelback.lang import inline, noinline, u8, u32, u64, upto


@inline
def this_core() -> Core:
    """The core this runs on."""
    return cores[0]


@inline
def ready_queue(priority: u8) -> u32:
    """Index of the ready queue of a priority on this core."""
    return u32(priority) + READY_QUEUES


def commit_append(queue: u32, thread: u32) -> None:
    """Put a thread that is in no queue at the end of one."""
    tail = queues[queue].tail
    threads[thread].queue = queue
    threads[thread].next = u32(0)
    threads[thread].previous = tail
    if tail == 0:
        queues[queue].head = thread
    else:
        threads[tail].next = thread
    queues[queue].tail = thread


def commit_prepend(queue: u32, thread: u32) -> None:
    """Put a thread that is in no queue at the front of one."""
    head = queues[queue].head
    threads[thread].queue = queue
    threads[thread].previous = u32(0)
    threads[thread].next = head
    if head == 0:
        queues[queue].tail = thread
    else:
        threads[head].previous = thread
    queues[queue].head = thread


def commit_unlink(thread: u32) -> None:
    """Take a thread out of the queue it is in."""
    following = threads[thread].next
    previous = threads[thread].previous
    queue = threads[thread].queue
    if previous == 0:
        queues[queue].head = following
    else:
        threads[previous].next = following
    if following == 0:
        queues[queue].tail = previous
    else:
        threads[following].previous = previous
    threads[thread].queue = u32(0)


@inline
def find_highest_ready() -> u8:
    """The highest priority with a thread in its ready queue; 0 when there is none."""
    core = this_core()
    for index in upto(4):
        word = core.ready[3 - index]
        if word != 0:
            return u8((3 - index) * 64 + 63 - word.leading_zeros())
    return u8(0)


def commit_ready_last(thread: u32) -> None:
    """Put a thread at the end of its ready queue."""
    priority = threads[thread].priority
    commit_append(ready_queue(priority), thread)
    mark_ready(priority)


def commit_ready_first(thread: u32) -> None:
    """Put a thread at the front of its ready queue: it was interrupted, and its slice is not used up."""
    priority = threads[thread].priority
    commit_prepend(ready_queue(priority), thread)
    mark_ready(priority)


@inline
def mark_ready(priority: u8) -> None:
    """Note that the ready queue of a priority has members."""
    ready = this_core().ready
    word = priority >> 6
    ready[word] = ready[word] | u64(1) << u64(priority & 63)


def commit_unready(thread: u32) -> None:
    """Take a thread out of its ready queue."""
    commit_unlink(thread)
    priority = threads[thread].priority
    if queues[ready_queue(priority)].head == 0:
        ready = this_core().ready
        word = priority >> 6
        ready[word] = ready[word] & ~(u64(1) << u64(priority & 63))


@noinline
def commit_run_next() -> None:
    """Let the best ready thread run, or nobody. The present thread is blocked, or in a queue already."""
    highest = find_highest_ready()
    if highest == 0:
        this_core().current = u32(0)
        return
    thread = queues[ready_queue(highest)].head
    commit_unready(thread)
    this_core().current = thread
    this_core().slice_wanted = has_rivals(thread)


def commit_wake(thread: u32) -> None:
    """Make a thread ready that was blocked. It runs at once if its priority is above the present thread's."""
    core = this_core()
    threads[thread].state = u8(READY)
    if threads[thread].priority > threads[core.current].priority:
        if core.current != 0:
            commit_ready_first(core.current)
        core.current = thread
    else:
        commit_ready_last(thread)
        core.slice_wanted = has_rivals(core.current)


@inline
def commit_hand_over(thread: u32) -> None:
    """The present thread has blocked in favour of another, blocked one: run that, unless a ready one is better."""
    threads[thread].state = u8(READY)
    highest = find_highest_ready()
    if threads[thread].priority >= highest:
        this_core().current = thread
        this_core().slice_wanted = threads[thread].priority == highest
    else:
        commit_ready_first(thread)
        commit_run_next()


def commit_end_slice() -> None:
    """Let the next ready thread of the same priority run, if there is one."""
    core = this_core()
    if core.current != 0 and has_rivals(core.current):
        commit_ready_last(core.current)
        commit_run_next()


@inline
def has_rivals(thread: u32) -> bool:
    """Whether another thread of the same priority is ready."""
    return queues[ready_queue(threads[thread].priority)].head != 0


def commit_start_all() -> None:
    """At boot: queue the threads that the image says are ready, and choose the first to run."""
    for thread in upto(u32(limits.THREAD_COUNT)):
        if thread != 0 and threads[thread].state == READY:
            commit_ready_last(thread)
    commit_run_next()

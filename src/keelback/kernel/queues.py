"""Queues of threads: ready queues, the waiting callers of endpoints, timer queues. A thread is in at most one."""

from __future__ import annotations

from keelback.kernel.state import queues, threads
from keelback.lang import inline, u32


@inline
def first(queue: u32) -> u32:
    """The first thread of a queue, 0 for none."""
    return queues[queue].head


@inline
def is_empty(queue: u32) -> bool:
    """Whether a queue has no members."""
    return queues[queue].head == 0


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

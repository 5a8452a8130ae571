"""Queues: a thread is in at most one, the links agree both ways, and its state says which queue that is."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.abi import limits
from keelback.prover.incremental import each
from keelback.prover.state import Activity
from keelback.prover.tables import Tables


@each("threads", first=0)
def neighbours_name_each_other(tables: Tables, index: int) -> Iterator[str]:
    """Who is in a queue is its head or follows a neighbour there, and is its tail or precedes one."""
    thread = tables.threads[index]
    if not thread.queue:
        return
    queue = tables.queues[thread.queue]
    if thread.previous:
        before = tables.threads[thread.previous]
        if before.queue != thread.queue or before.next != index:
            yield f"threads[{thread.previous}] is not before threads[{index}] in queue {thread.queue}"
    elif queue.head != index:
        yield f"threads[{index}] follows nobody in queue {thread.queue}, whose head is {queue.head}"
    if thread.next:
        behind = tables.threads[thread.next]
        if behind.queue != thread.queue or behind.previous != index:
            yield f"threads[{thread.next}] is not behind threads[{index}] in queue {thread.queue}"
    elif queue.tail != index:
        yield f"threads[{index}] is last in queue {thread.queue}, whose tail is {queue.tail}"


@each("queues", first=0)
def queues_are_lists(tables: Tables, number: int) -> Iterator[str]:
    """From the head on come as many members as threads name the queue, and the last of them is the tail."""
    queue = tables.queues[number]
    last, index, seen = 0, queue.head, 0
    while index and seen < len(tables.threads):
        thread = tables.threads[index]
        if thread.queue != number:
            yield f"threads[{index}] is in queue {number} but says {thread.queue}"
        last, index, seen = index, thread.next, seen + 1
    if index:
        yield f"queue {number} goes in circles"
    if queue.tail != last:
        yield f"queue {number} ends with {last} but says {queue.tail}"


@each("threads", first=0)
def states_agree_with_queues(tables: Tables, index: int) -> Iterator[str]:
    """READY: running, or in the queue of its priority. CALLING: in its endpoint's. Otherwise in none."""
    thread = tables.threads[index]
    wanted = 0
    if thread.state == Activity.READY and index != tables.cores[0].current:
        wanted = thread.priority
    elif thread.state == Activity.CALLING:
        wanted = limits.PRIORITY_COUNT + thread.endpoint
    if thread.queue != wanted:
        yield f"threads[{index}] in state {Activity(thread.state).name} is in queue {thread.queue}, not {wanted}"

"""Queues: a thread is in at most one, the links agree both ways, and its state says which queue that is."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.prover.abstraction import CORE_TIMERS, PRIORITY_COUNT, ready_queues, timer_queues
from keelback.prover.incremental import each
from keelback.prover.state import Activity
from keelback.prover.tables import Tables, bits_of


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


TIMED = (Activity.RECEIVING_UNTIL, Activity.WAITING, Activity.GUEST_IDLE)
"""Who does this may have a deadline."""


@each("threads", first=0)
def states_agree_with_queues(tables: Tables, index: int) -> Iterator[str]:
    """READY: running, in a ready queue of its core and priority, or without time. CALLING: in its endpoint's queue.
    RECEIVING_UNTIL: waiting for a deadline. Otherwise in none, or waiting for a deadline."""
    thread = tables.threads[index]
    runs = index != 0 and tables.cores[thread.rank // PRIORITY_COUNT].current == index
    timed = thread.queue >= timer_queues(tables)
    if thread.state == Activity.READY:
        is_ready = 0 < thread.queue < ready_queues(tables)
        is_right = (not thread.queue) if runs else timed or is_ready
        if is_ready and thread.queue % (PRIORITY_COUNT * len(tables.cores)) != thread.rank:
            is_right = False
    elif thread.state == Activity.CALLING:
        is_right = thread.queue == ready_queues(tables) + thread.endpoint
    elif thread.state == Activity.RECEIVING_UNTIL:
        is_right = timed
    else:
        is_right = not thread.queue or (timed and thread.state in TIMED)
    if not is_right:
        yield f"threads[{index}] in state {Activity(thread.state).name} is in queue {thread.queue}"


@each("cores", first=0)
def marked_timers_have_members(tables: Tables, number: int) -> Iterator[str]:
    """A bit of a core's timer wheel is set only if that queue has members."""
    first = timer_queues(tables) + number * CORE_TIMERS
    for level, word in enumerate(tables.cores[number].timers):
        for bit in bits_of(word):
            if not tables.queues[first + 64 * level + bit].head:
                yield f"timer {bit} of level {level} of cores[{number}] is marked, and its queue is empty"


@each("threads", first=0)
def timers_with_members_are_marked(tables: Tables, index: int) -> Iterator[str]:
    """Where a thread is in a timer queue, the bit of that queue is set."""
    queue, first = tables.threads[index].queue, timer_queues(tables)
    if queue < first:
        return
    number, place = divmod(queue - first, CORE_TIMERS)
    if not tables.cores[number].timers[place // 64] >> place % 64 & 1:
        yield f"threads[{index}] sleeps, and timer {place % 64} of level {place // 64} of cores[{number}] is not marked"


@each("threads", first=0)
def nobody_oversleeps(tables: Tables, index: int) -> Iterator[str]:
    """The queue that a sleeper is in is due after the present, and not long after its deadline."""
    thread, first = tables.threads[index], timer_queues(tables)
    if thread.queue < first:
        return
    number, place = divmod(thread.queue - first, CORE_TIMERS)
    level, bucket = divmod(place, 64)
    passed = tables.cores[number].timers_passed
    span = (passed >> 6 * level) + 1
    due = span + (bucket - span) % 64 << 6 * level
    if due <= passed:
        yield f"threads[{index}] sleeps in a queue that has passed"
    wanted = max(-(-thread.deadline >> 10), passed + 1)
    if due > wanted:
        yield f"threads[{index}] is woken {due - wanted} units after its deadline"

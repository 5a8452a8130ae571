"""Queues: a thread is in at most one, the links agree both ways, and its state says which queue that is."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.abi import limits
from keelback.prover.state import Activity
from keelback.prover.tables import Tables

EMPTY = (0, 0)


def queues_are_lists(tables: Tables) -> Iterator[str]:
    """From head to tail every member names its queue and both neighbours, and nobody else names the queue."""
    claims = [thread.queue for thread in tables.threads]
    used = {number for number, queue in enumerate(tables.queues) if queue != EMPTY}
    for number in used.union(claims):
        yield from list_is_sound(tables, number, claims.count(number) if number else 0)


def list_is_sound(tables: Tables, number: int, member_count: int) -> Iterator[str]:
    """One queue, with as many members as threads name it."""
    previous, index, seen = 0, tables.queues[number].head, 0
    while index and seen <= member_count:
        thread = tables.threads[index]
        if thread.queue != number:
            yield f"threads[{index}] is in queue {number} but says {thread.queue}"
        if thread.previous != previous:
            yield f"threads[{index}] follows {previous} in queue {number} but says {thread.previous}"
        previous, index, seen = index, thread.next, seen + 1
    if tables.queues[number].tail != previous:
        yield f"queue {number} ends with {previous} but says {tables.queues[number].tail}"
    if seen != member_count:
        yield f"queue {number} has {seen} members but {member_count} threads name it"


def states_agree_with_queues(tables: Tables) -> Iterator[str]:
    """READY: running, or in the queue of its priority. CALLING: in its endpoint's. Otherwise in none."""
    for index, thread in enumerate(tables.threads):
        wanted = 0
        if thread.state == Activity.READY and index != tables.core.current:
            wanted = thread.priority
        elif thread.state == Activity.CALLING:
            wanted = limits.PRIORITY_COUNT + thread.endpoint
        if thread.queue != wanted:
            yield f"threads[{index}] in state {Activity(thread.state).name} is in queue {thread.queue}, not {wanted}"

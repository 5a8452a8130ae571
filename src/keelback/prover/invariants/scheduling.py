"""Scheduling: the bitmap says which ready queues have members, and nobody ready is better than who runs."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.abi import limits
from keelback.prover.state import Activity
from keelback.prover.tables import Tables, words


def bitmap_agrees_with_queues(tables: Tables) -> Iterator[str]:
    """Bit p is set if and only if the ready queue of priority p has a head."""
    bitmap = sum(word << 64 * number for number, word in enumerate(words(tables.core.ready)))
    members = sum(1 << priority for priority, queue in enumerate(tables.queues[: limits.PRIORITY_COUNT]) if queue.head)
    if bitmap != members:
        yield f"the bitmap is {bitmap:#x}, the queues with members are {members:#x}"


def the_best_thread_runs(tables: Tables) -> Iterator[str]:
    """Whoever runs is READY, and no ready thread has a higher priority; nobody runs only when nobody is ready."""
    current = tables.threads[tables.core.current]
    if tables.core.current and current.state != Activity.READY:
        yield f"threads[{tables.core.current}] runs in state {Activity(current.state).name}"
    for index, thread in enumerate(tables.threads):
        if thread.state == Activity.READY and thread.priority > current.priority:
            yield f"threads[{index}] is ready and better than threads[{tables.core.current}], which runs"


def nobody_is_nobody(tables: Tables) -> Iterator[str]:
    """Entry 0 of the object tables stays as it was: stopped, unnamed, without a priority."""
    nobody = tables.threads[0]
    if any((nobody.state, nobody.priority, nobody.queue, nobody.client, nobody.server, nobody.guest, nobody.faulting)):
        yield "threads[0] is somebody"
    if any(tables.endpoints[0]) or any(tables.notifications[0]) or any(tables.interrupts[0]):
        yield "an object of index 0 is something"
    if any(words(tables.vcpus[0].context)) or any(words(tables.vcpus[0].el1)) or any(tables.floating_point[0]):
        yield "vcpus[0] is something"

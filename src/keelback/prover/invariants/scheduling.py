"""Scheduling: the bitmap says which ready queues have members, and nobody ready is better than who runs."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.abi import limits
from keelback.prover.incremental import each, once
from keelback.prover.state import Activity
from keelback.prover.tables import Tables, is_zero


@once
def marked_queues_have_members(tables: Tables) -> Iterator[str]:
    """A bit of the bitmap is set only if the ready queue of that priority has a head."""
    for word, bits in enumerate(tables.cores[0].ready):
        for bit in range(64):
            if bits >> bit & 1 and not tables.queues[64 * word + bit].head:
                yield f"priority {64 * word + bit} is marked as ready, and its queue is empty"


@each("threads", first=0)
def queues_with_members_are_marked(tables: Tables, index: int) -> Iterator[str]:
    """Where a thread is in a ready queue, the bit of that priority is set."""
    queue = tables.threads[index].queue
    if 0 < queue < limits.PRIORITY_COUNT and not tables.cores[0].ready[queue // 64] >> queue % 64 & 1:
        yield f"threads[{index}] is ready, and priority {queue} is not marked"


@each("threads", first=0)
def the_best_thread_runs(tables: Tables, index: int) -> Iterator[str]:
    """Whoever runs is READY, and no ready thread has a higher priority; nobody runs only when nobody is ready."""
    thread, running = tables.threads[index], tables.cores[0].current
    if thread.state == Activity.READY and thread.priority > tables.threads[running].priority:
        yield f"threads[{index}] is ready and better than threads[{running}], which runs"
    if running == index != 0 and thread.state != Activity.READY:
        yield f"threads[{index}] runs in state {Activity(thread.state).name}"


@once
def nobody_is_nobody(tables: Tables) -> Iterator[str]:
    """Entry 0 of the object tables stays as it was: stopped, unnamed, without a priority."""
    nobody = tables.threads[0]
    if any((nobody.state, nobody.priority, nobody.queue, nobody.client, nobody.server, nobody.guest, nobody.faulting)):
        yield "threads[0] is somebody"
    if not all(is_zero(rows[0]) for rows in (tables.endpoints, tables.notifications, tables.interrupts)):
        yield "an object of index 0 is something"
    guest = tables.vcpus[0]
    if not (is_zero(guest.context) and is_zero(guest.el1) and is_zero(tables.fp_states[0])):
        yield "vcpus[0] is something"

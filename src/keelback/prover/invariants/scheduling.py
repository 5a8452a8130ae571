"""Scheduling: on each core the bitmap says which ready queues have members, and the best thread runs."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.prover.abstraction import PRIORITY_COUNT, READY_WORDS, TABLE_OF_KIND, ready_queues
from keelback.prover.incremental import each, once
from keelback.prover.state import Activity
from keelback.prover.tables import Tables, bits_of, is_zero

ASKED = 1


def partition_count(tables: Tables) -> int:
    """How many partitions there are."""
    return len(tables.cores[0].ready) // READY_WORDS


@each("cores", first=0)
def marked_queues_have_members(tables: Tables, number: int) -> Iterator[str]:
    """A bit of a core's bitmap is set only if the ready queue of that partition and priority has a head."""
    for word, bits in enumerate(tables.cores[number].ready):
        partition, part = divmod(word, READY_WORDS)
        first = (partition * len(tables.cores) + number) * PRIORITY_COUNT + 64 * part
        for bit in bits_of(bits):
            if not tables.queues[first + bit].head:
                yield f"ready queue {first + bit} is marked, and is empty"


@each("threads", first=0)
def queues_with_members_are_marked(tables: Tables, index: int) -> Iterator[str]:
    """Where a thread is in a ready queue, the bit of that partition and priority is set."""
    queue = tables.threads[index].queue
    if not 0 < queue < ready_queues(tables):
        return
    partition, rank = divmod(queue, PRIORITY_COUNT * len(tables.cores))
    core, priority = divmod(rank, PRIORITY_COUNT)
    if not tables.cores[core].ready[READY_WORDS * partition + priority // 64] >> priority % 64 & 1:
        yield f"threads[{index}] is ready in queue {queue}, which is not marked"


@each("cores", first=0)
def the_best_rank_is_known(tables: Tables, number: int) -> Iterator[str]:
    """A core knows the highest priority that is ready and may run in its present window."""
    core = tables.cores[number]
    if core.number != number:
        yield f"cores[{number}] calls itself {core.number}"
    best = 0
    for partition in {0, core.partition}:
        words = core.ready[READY_WORDS * partition : READY_WORDS * (partition + 1)]
        best = max(best, sum(word << 64 * place for place, word in enumerate(words)).bit_length() - 1)
    if core.best_rank != PRIORITY_COUNT * number + best:
        yield f"cores[{number}] says that {core.best_rank} is its best rank, and priority {best} is ready"


@each("cores", first=0)
def the_best_thread_runs(tables: Tables, number: int) -> Iterator[str]:
    """Whoever runs is READY and of this core, and no ready thread that may run has a higher priority, unless the core
    was asked to look."""
    core = tables.cores[number]
    thread = tables.threads[core.current]
    if core.current and (thread.state != Activity.READY or thread.rank // PRIORITY_COUNT != number):
        yield f"threads[{core.current}] runs on cores[{number}], in state {Activity(thread.state).name}"
    priority = thread.rank % PRIORITY_COUNT if core.current else 0
    if core.best_rank % PRIORITY_COUNT > priority and not core.asked & ASKED:
        yield f"cores[{number}] runs threads[{core.current}], and a better one is ready"


@each("cores", first=0)
def who_is_to_stop_is_of_the_core(tables: Tables, number: int) -> Iterator[str]:
    """The thread that others want a core to stop lives, is of this core, and the core was asked to look."""
    core = tables.cores[number]
    thread = tables.threads[core.stopping]
    if core.stopping and not (thread.header.live and thread.rank // PRIORITY_COUNT == number and core.asked & ASKED):
        yield f"cores[{number}] is to stop threads[{core.stopping}], which is not there, or was not asked to"


@each("threads")
def live_threads_are_placed(tables: Tables, index: int) -> Iterator[str]:
    """A thread that runs sometime has a priority, an address space and a core; one that does not live is stopped."""
    thread = tables.threads[index]
    if thread.state != Activity.STOPPED and not (thread.header.live and thread.space and thread.rank % PRIORITY_COUNT):
        yield f"threads[{index}] is {Activity(thread.state).name} and not complete"
    if thread.rank // PRIORITY_COUNT >= len(tables.cores):
        yield f"threads[{index}] is on a core that there is not"
    if thread.header.live and thread.rank % PRIORITY_COUNT > thread.ceiling:
        yield f"threads[{index}] is above its ceiling"


@each("times")
def budgets_are_within_periods(tables: Tables, index: int) -> Iterator[str]:
    """What remains is at most the budget, that at most the period, and a thread has only what is configured."""
    time = tables.times[index]
    if not time.remaining <= time.budget <= time.period:
        yield f"times[{index}] has {time.remaining} of {time.budget} in {time.period}"
    if time.partition >= partition_count(tables):
        yield f"times[{index}] is of a partition that there is not"
    if time.thread and not (time.budget and time.header.live):
        yield f"times[{index}] is bound to threads[{time.thread}] and gives it nothing"


@each("threads")
def charges_name_contexts(tables: Tables, index: int) -> Iterator[str]:
    """Whose time a thread uses is a scheduling context, in no incarnation that is yet to come."""
    charged = tables.threads[index].charged
    if charged & 0xFFFF_FFFF >= len(tables.times):
        yield f"threads[{index}] uses the time of no scheduling context"
    elif charged >> 32 > tables.times[charged & 0xFFFF_FFFF].incarnation:
        yield f"threads[{index}] uses the time of what is yet to come"


UNITS = 1 << 54
"""Units of 1,024 ticks that a 64-bit number of ticks can tell."""


@each("cores", first=0)
def time_can_be_told(tables: Tables, number: int) -> Iterator[str]:
    """The present, in units, is the present of a 64-bit counter; a core uses the time of a scheduling context."""
    core = tables.cores[number]
    if core.timers_passed >= UNITS:
        yield f"cores[{number}] is beyond the end of time"
    if core.charged & 0xFFFF_FFFF >= len(tables.times):
        yield f"cores[{number}] uses the time of no scheduling context"


@each("cores", first=0)
def windows_go_round(tables: Tables, number: int) -> Iterator[str]:
    """A core with a schedule is in one of its windows, which lasts, and its partition is that window's."""
    core = tables.cores[number]
    if not core.window:
        if core.partition:
            yield f"cores[{number}] has no windows, and runs partition {core.partition}"
        return
    window = tables.windows[core.window]
    if core.online and window.partition != core.partition:
        yield f"cores[{number}] runs partition {core.partition} in a window of {window.partition}"
    if not window.ticks or not window.next:
        yield f"window {core.window} never ends, or nothing comes after it"


NOBODY = ("endpoints", "notifications", "interrupts", "replies", "times", "frames", "tables", "grants")


@once
def nobody_is_nobody(tables: Tables) -> Iterator[str]:
    """Entry 0 of the object tables stays as it was: stopped, unnamed, without a priority."""
    nobody = tables.threads[0]
    if any((nobody.state, nobody.rank, nobody.queue, nobody.client, nobody.server, nobody.guest, nobody.faulting)):
        yield "threads[0] is somebody"
    for table in NOBODY:
        if not is_zero(getattr(tables, table)[0]):
            yield f"{table}[0] is something"
    for table in TABLE_OF_KIND.values():
        header = getattr(tables, table)[0].header
        if header.owner or header.live:
            yield f"{table}[0] is owned, or lives"
    guest = tables.vcpus[0]
    if not (is_zero(guest.context) and is_zero(guest.el1) and is_zero(tables.fp_states[0])):
        yield "vcpus[0] is something"

"""Timing: the kernel's timer is set for whatever has to happen next, and it ends the slice of who has rivals."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.prover.abstraction import CORE_TIMERS, timer_queues
from keelback.prover.incremental import each
from keelback.prover.tables import Tables

UNIT_BITS = 10
LEVEL_BITS = 6
NEVER = (1 << 64) - 1


@each("cores", first=0)
def timers_are_armed(tables: Tables, number: int) -> Iterator[str]:
    """A core's timer fires at the end of its window, slice and budget, or before."""
    core = tables.cores[number]
    if core.deadline > core.window_end:
        yield f"cores[{number}] sleeps on when its window ends"
    if core.deadline > core.slice_end:
        yield f"cores[{number}] sleeps on when its slice ends"
    context, incarnation = core.charged & 0xFFFF_FFFF, core.charged >> 32
    time = tables.times[context]
    if context and incarnation == time.incarnation and tables.threads[core.current].charged == core.charged:
        end = core.charge_start + time.remaining
        if core.deadline > end:
            yield f"cores[{number}] sleeps on {core.deadline - end} ticks after its budget ends"


@each("threads", first=0)
def sleepers_are_waited_for(tables: Tables, index: int) -> Iterator[str]:
    """The timer of a sleeper's core fires when its queue is due, or before."""
    thread, first = tables.threads[index], timer_queues(tables)
    if thread.queue < first:
        return
    number, place = divmod(thread.queue - first, CORE_TIMERS)
    level, bucket = divmod(place, 1 << LEVEL_BITS)
    core = tables.cores[number]
    span = (core.timers_passed >> LEVEL_BITS * level) + 1
    due = span + (bucket - span) % (1 << LEVEL_BITS) << LEVEL_BITS * level
    if core.deadline > due << UNIT_BITS and not core.asked:
        yield f"cores[{number}] sleeps on when threads[{index}] is due"


@each("cores", first=0)
def rivals_end_slices(tables: Tables, number: int) -> Iterator[str]:
    """Where a ready thread may run that is as good as the one that runs, the core's timer ends its slice, or will."""
    core = tables.cores[number]
    is_rivalled = core.current and tables.threads[core.current].rank == core.best_rank
    if is_rivalled and not core.slice_wanted and core.slice_end == NEVER and not core.asked:
        yield f"cores[{number}] runs threads[{core.current}] for ever, though others are as good"

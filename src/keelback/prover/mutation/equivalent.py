"""Mutants that behave as the original, each with its reason. One that is told after all does not belong here."""

from __future__ import annotations

from typing import Final

_ONE_PARTITION: Final = "saves looking where there is one partition: with one, the other way says the same"
_EQUAL: Final = "where the two are equal, both ways give the same number"
_SLOW_WAY: Final = "`holds` is the quick way for the common case; what it leaves open the slow way finds out"

EQUIVALENT: Final[dict[str, str]] = {
    "scheduler.py:partition_of: dropped check: if limits.PARTITION_COUNT == 1: -> nothing": _ONE_PARTITION,
    "scheduler.py:is_eligible: dropped check: if limits.PARTITION_COUNT == 1: -> nothing": _ONE_PARTITION,
    "scheduler.py:commit_find_best: dropped condition: limits.PARTITION_COUNT != 1 and core.partition != 0 -> "
    "core.partition != 0": _ONE_PARTITION,
    "scheduler.py:commit_find_best: dropped condition: limits.PARTITION_COUNT != 1 and core.partition != 0 -> "
    "limits.PARTITION_COUNT != 1": "partition 0 is looked at twice then, and is not better than itself",
    "scheduler.py:commit_find_best: bound off by one: other > best -> other >= best": _EQUAL,
    "scheduler.py:mark_ready: bound off by one: rank > core.best_rank -> rank >= core.best_rank": _EQUAL,
    "scheduler.py:commit_start_all: dropped condition: thread != 0 and threads[thread].state == READY -> "
    "threads[thread].state == READY": "thread 0 is nobody, and never READY (nobody_is_nobody)",
    "budgets.py:commit_settle: bound off by one: used >= time.remaining -> used > time.remaining": _EQUAL,
    "ticks.py:find_deadline: bound off by one: budget_end < deadline -> budget_end <= deadline": _EQUAL,
    "ticks.py:find_deadline: bound off by one: core.window_end < deadline -> core.window_end <= deadline": _EQUAL,
    "ticks.py:find_deadline: bound off by one: core.slice_end < deadline -> core.slice_end <= deadline": _EQUAL,
    "timers.py:commit_insert: bound off by one: unit <= base -> unit < base": _EQUAL,
    "timers.py:commit_insert: bound off by one: ahead > FARTHEST -> ahead >= FARTHEST": _EQUAL,
    "timers.py:is_due: bound off by one: find_next(core) <= now >> UNIT_BITS -> find_next(core) < now >> UNIT_BITS": (
        "the kernel does not call it; who fuzzes does, to know how often a tick may come"
    ),
    "queues.py:is_empty: swapped link: queues[queue].head -> queues[queue].tail": (
        "a queue has a head exactly when it has a tail (queues_are_lists)"
    ),
    "objects/capability.py:holds: wrong right: slot.rights & right -> slot.rights": _SLOW_WAY,
    "objects/trace_ring.py:read: bound off by one: newest - sequence > limits.TRACE_COUNT -> "
    "newest - sequence >= limits.TRACE_COUNT": _EQUAL,
    "objects/pool.py:is_busy: dropped condition: pools[index].owned != 0 or pools[index].header.owner == index -> "
    "pools[index].owned != 0": "only the root owns itself, and it owns something as long as there is anything",
    "objects/pool.py:take: dropped check: if status != errors.OK: -> nothing": (
        "the taker is pool 0 then, which owns no pool, so that the call is refused for the same reason"
    ),
}
"""By `Mutant.name`."""

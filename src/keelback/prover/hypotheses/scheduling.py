"""Cores, scheduling contexts and windows."""

from __future__ import annotations

from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.hypotheses.queues import is_marked, ready_place
from keelback.prover.hypotheses.statement import states
from keelback.prover.hypotheses.threads import does
from keelback.prover.hypotheses.view import (
    PRIORITY_COUNT,
    READY_WORDS,
    View,
    below,
    either,
    is_set,
    is_zero,
    names,
    narrow,
)
from keelback.prover.state import Activity

UNITS = 1 << 54
"""Units of time that a 64-bit number of ticks can tell (`kernel.timers`)."""


@states("cores", "the_best_rank_is_known")
def cores_know_their_numbers(view: View, row: Term) -> Term:
    return names(view.get("cores.number", row), row)


def is_ready_of(view: View, core: Term, partition: Term, priority: Term) -> Term:
    """Whether a priority is marked in a core's bitmap for a partition."""
    first = t.mul(partition, t.const(READY_WORDS, 32))
    word = view.get("cores.ready", core, t.add(first, t.zext(t.extract(priority, 7, 6), 32)))
    return is_marked(word, t.zext(t.extract(priority, 5, 0), 64))


@states("cores", "the_best_rank_is_known")
def the_best_rank_is_ready(view: View, row: Term) -> Term:
    """Or it is priority 0: then nothing needs to be."""
    rank = view.get("cores.best_rank", row)
    here = names(t.lshr(rank, t.const(8, 32)), row)
    own = is_ready_of(view, row, view.get("cores.partition", row), rank)
    ready = either(is_zero(t.extract(rank, 7, 0)), is_ready_of(view, row, t.const(0, 32), rank), own)
    return t.and_(here, ready)


@states("queues", "the_best_rank_is_known")
def nothing_better_is_ready(view: View, row: Term) -> Term:
    """Of those that may run in the core's present window."""
    core, word, bit = ready_place(view, row)
    partition = t.udiv(narrow(row, 32), t.const(PRIORITY_COUNT * view.rows("cores"), 32))
    may_run = either(is_zero(partition), t.eq(partition, view.get("cores.partition", core)))
    marked = t.and_(is_marked(view.get("cores.ready", core, word), bit), is_set(view.get("queues.head", row)))
    may_run = t.and_(may_run, below(narrow(row, 32), view.ready_queues))
    best = t.extract(view.get("cores.best_rank", core), 7, 0)
    return t.implies(t.and_(may_run, marked), t.ule(t.extract(narrow(row, 32), 7, 0), best))


@states("cores", "the_best_thread_runs")
def who_runs_is_ready(view: View, row: Term) -> Term:
    current = view.get("cores.current", row)
    here = names(t.lshr(view.get("threads.rank", current), t.const(8, 32)), row)
    return t.implies(is_set(current), t.and_(does(view, current, Activity.READY), here))


@states("cores", "time_can_be_told")
def time_can_be_told(view: View, row: Term) -> Term:
    return below(view.get("cores.timers_passed", row), UNITS)


@states("cores", "time_can_be_told")
def cores_charge_contexts(view: View, row: Term) -> Term:
    return below(t.extract(view.get("cores.charged", row), 31, 0), view.rows("times"))


@states("cores", "windows_go_round")
def partitions_of_cores_exist(view: View, row: Term) -> Term:
    return below(view.get("cores.partition", row), view.partitions)


@states("windows", "windows_go_round")
def partitions_of_windows_exist(view: View, row: Term) -> Term:
    return below(view.get("windows.partition", row), view.partitions)


@states("times", "budgets_are_within_periods", "nobody_is_nobody")
def budgets_are_within_periods(view: View, row: Term) -> Term:
    budget = view.get("times.budget", row)
    within = t.and_(t.ule(view.get("times.remaining", row), budget), t.ule(budget, view.get("times.period", row)))
    return t.and_(within, below(view.get("times.partition", row), view.partitions))


@states("times", "budgets_are_within_periods", first=1)
def bound_contexts_give_time(view: View, row: Term) -> Term:
    gives = t.and_(is_set(view.get("times.budget", row)), is_set(view.get("times.header.live", row)))
    return t.implies(is_set(view.get("times.thread", row)), gives)

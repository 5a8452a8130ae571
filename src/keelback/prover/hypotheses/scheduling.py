"""Cores, scheduling contexts and windows."""

from __future__ import annotations

from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.hypotheses.statement import states
from keelback.prover.hypotheses.threads import does
from keelback.prover.hypotheses.view import PRIORITY_COUNT, READY_WORDS, View, below, is_set, is_zero, names, narrow
from keelback.prover.state import Activity

UNITS = 1 << 54
"""Units of time that a 64-bit number of ticks can tell (`kernel.timers`)."""


@states("cores", "the_best_rank_is_known")
def cores_know_their_numbers(view: View, row: Term) -> Term:
    return names(view.get("cores.number", row), row)


def best_of(view: View, core: Term, partition: Term) -> Term:
    """The highest priority that is marked for a partition, in 32 bits; 0 if none is."""
    best = t.const(0, 32)
    for place in range(READY_WORDS):
        index = t.add(t.mul(partition, t.const(READY_WORDS, 32)), t.const(place, 32))
        word = view.get("cores.ready", core, index)
        highest = t.sub(t.const(64 * place + 63, 32), t.extract(t.ctlz(word), 31, 0))
        best = t.ite(is_zero(word), best, highest)
    return best


@states("cores", "the_best_rank_is_known")
def the_best_rank_is_known(view: View, row: Term) -> Term:
    best = best_of(view, row, t.const(0, 32))
    if view.partitions > 1:
        own = best_of(view, row, view.get("cores.partition", row))
        best = t.ite(t.ult(best, own), own, best)
    first = t.mul(narrow(row, 32), t.const(PRIORITY_COUNT, 32))
    return t.eq(view.get("cores.best_rank", row), t.add(first, best))


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

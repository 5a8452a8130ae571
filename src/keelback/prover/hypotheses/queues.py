"""Queues: links, heads and marks, each told of one thread or one queue.

That a queue's members can be counted from its head is not said: no formula here follows links.
"""

from __future__ import annotations

from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.hypotheses.statement import STATEMENTS, Statement, states
from keelback.prover.hypotheses.threads import does
from keelback.prover.hypotheses.view import (
    CORE_TIMERS,
    PRIORITY_COUNT,
    READY_WORDS,
    View,
    below,
    choice,
    either,
    is_set,
    is_zero,
    names,
    narrow,
)
from keelback.prover.state import Activity


def _linked(link: str, end: str, back: str) -> None:
    """Who is in a queue and has a neighbour on one side is named back by it; who has none is that end of the queue."""

    def named_back(view: View, row: Term) -> Term:
        queue, other = view.get("threads.queue", row), view.get(f"threads.{link}", row)
        known = t.and_(t.eq(view.get("threads.queue", other), queue), names(view.get(f"threads.{back}", other), row))
        return t.implies(t.and_(is_set(queue), is_set(other)), known)

    def at_the_end(view: View, row: Term) -> Term:
        queue = view.get("threads.queue", row)
        is_last = t.and_(is_set(queue), is_zero(view.get(f"threads.{link}", row)))
        return t.implies(is_last, names(view.get(f"queues.{end}", queue), row))

    named_back.__name__ = f"{link}_neighbours_name_threads"
    at_the_end.__name__ = f"without_{link}_is_{end}"
    STATEMENTS.extend(Statement("threads", one, ("neighbours_name_each_other",)) for one in (named_back, at_the_end))


_linked("previous", "head", "next")
_linked("next", "tail", "previous")


@states("queues", "queues_are_lists")
def ends_are_members(view: View, row: Term) -> Term:
    head, tail = view.get("queues.head", row), view.get("queues.tail", row)
    begins = t.and_(names(view.get("threads.queue", head), row), is_zero(view.get("threads.previous", head)))
    ends = t.and_(names(view.get("threads.queue", tail), row), is_zero(view.get("threads.next", tail)))
    return choice(is_zero(head), is_zero(tail), t.all_of((begins, is_set(tail), ends)))


@states("queues", "nobody_is_nobody", "queues_are_lists")
def nobody_waits_in_no_queue(view: View, row: Term) -> Term:
    return t.implies(is_zero(row), is_zero(view.get("queues.head", row)))


@states("threads", "states_agree_with_queues")
def states_agree_with_queues(view: View, row: Term) -> Term:
    queue, rank = view.get("threads.queue", row), view.get("threads.rank", row)
    current = view.get("cores.current", t.lshr(rank, t.const(8, 32)))
    runs = t.and_(is_set(row), names(current, row))
    timed = t.not_(below(queue, view.timer_queues))
    width = t.const(PRIORITY_COUNT * view.rows("cores"), 32)
    ready = t.all_of((is_set(queue), below(queue, view.ready_queues), t.eq(t.urem(queue, width), rank)))
    where = t.add(view.get("threads.endpoint", row), t.const(view.ready_queues, 32))
    may_sleep = does(view, row, Activity.WAITING, Activity.GUEST_IDLE)
    idle = either(is_zero(queue), t.and_(timed, may_sleep))
    other = choice(does(view, row, Activity.RECEIVING_UNTIL), timed, idle)
    return choice(
        does(view, row, Activity.READY),
        choice(runs, is_zero(queue), either(timed, ready)),
        choice(does(view, row, Activity.CALLING), t.eq(queue, where), other),
    )


def ready_place(view: View, queue: Term) -> tuple[Term, Term, Term]:
    """Core, word and bit of a ready queue's mark."""
    number = narrow(queue, 32)
    width = t.const(PRIORITY_COUNT * view.rows("cores"), 32)
    partition = t.udiv(number, width)
    core = t.lshr(t.urem(number, width), t.const(8, 32))
    word = t.add(t.mul(partition, t.const(READY_WORDS, 32)), t.zext(t.extract(number, 7, 6), 32))
    return core, word, t.zext(t.extract(number, 5, 0), 64)


def is_marked(word: Term, bit: Term) -> Term:
    return is_set(t.bit_and(t.lshr(word, bit), t.const(1, 64)))


def agree(a: Term, b: Term) -> Term:
    return choice(a, b, t.not_(b))


@states("queues", "marked_queues_have_members", "queues_with_members_are_marked")
def ready_queues_are_marked(view: View, row: Term) -> Term:
    core, word, bit = ready_place(view, row)
    marked = is_marked(view.get("cores.ready", core, word), bit)
    is_ready = below(narrow(row, 32), view.ready_queues)
    return t.implies(is_ready, agree(marked, is_set(view.get("queues.head", row))))


@states("queues", "marked_timers_have_members", "timers_with_members_are_marked")
def timer_queues_are_marked(view: View, row: Term) -> Term:
    number = t.sub(narrow(row, 32), t.const(view.timer_queues, 32))
    core = t.udiv(number, t.const(CORE_TIMERS, 32))
    word = view.get("cores.timers", core, t.zext(t.extract(number, 7, 6), 32))
    marked = is_marked(word, t.zext(t.extract(number, 5, 0), 64))
    is_timer = t.not_(below(narrow(row, 32), view.timer_queues))
    return t.implies(is_timer, agree(marked, is_set(view.get("queues.head", row))))

"""Threads: what they may be, whom they wait for, and what is bound to them."""

from __future__ import annotations

from typing import Final

from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.hypotheses.statement import STATEMENTS, Statement, states
from keelback.prover.hypotheses.view import View, below, choice, either, is_set, is_value, is_zero, names
from keelback.prover.state import RECEIVES, Activity

FIRST_LINE: Final = 32
LINE_END: Final = 1020
"""Lines of the interrupt controller that components can have (GIC IHI 0069, 2.2.1)."""


def does(view: View, thread: Term, *activities: Activity) -> Term:
    """Whether a thread does one of these."""
    state = view.get("threads.state", thread)
    return either(*(is_value(state, activity) for activity in activities))


@states("threads", "threads_use_their_tables", "tables_lie_apart")
def slots_of_a_thread_exist(view: View, row: Term) -> Term:
    first, count = view.get("threads.slots_first", row), view.get("threads.slots_count", row)
    return t.ule(t.add(t.zext(first, 40), t.zext(count, 40)), t.const(view.rows("slots"), 40))


@states("threads", "threads_use_their_tables", first=1)
def threads_use_their_tables(view: View, row: Term) -> Term:
    table = view.get("threads.table", row)
    first, count = view.get("threads.slots_first", row), view.get("threads.slots_count", row)
    same = t.and_(t.eq(first, view.get("tables.first", table)), t.eq(count, view.get("tables.count", table)))
    return choice(is_set(table), same, t.and_(is_zero(first), is_zero(count)))


@states("threads", "threads_use_their_tables")
def tables_and_spaces_go_together(view: View, row: Term) -> Term:
    table, space = is_zero(view.get("threads.table", row)), is_zero(view.get("threads.space", row))
    return choice(table, space, t.not_(space))


@states("threads", "live_threads_are_placed", "nobody_is_nobody")
def threads_have_cores(view: View, row: Term) -> Term:
    return below(view.get("threads.rank", row), 256 * view.rows("cores"))


@states("threads", "live_threads_are_placed", first=1)
def who_runs_is_complete(view: View, row: Term) -> Term:
    rank = view.get("threads.rank", row)
    complete = t.all_of(
        (
            is_set(view.get("threads.header.live", row)),
            is_set(view.get("threads.space", row)),
            is_set(t.extract(rank, 7, 0)),
        )
    )
    return t.or_(does(view, row, Activity.STOPPED), complete)


@states("threads", "states_agree_with_queues")
def activities_are_known(view: View, row: Term) -> Term:
    return below(view.get("threads.state", row), len(Activity))


@states("threads", "charges_name_contexts", first=1)
def charges_name_contexts(view: View, row: Term) -> Term:
    return below(t.extract(view.get("threads.charged", row), 31, 0), view.rows("times"))


@states("threads", "nobody_is_nobody")
def nobody_does_nothing(view: View, row: Term) -> Term:
    fields = ("state", "rank", "queue", "client", "server", "guest", "faulting")
    return t.implies(is_zero(row), t.all_of(is_zero(view.get(f"threads.{name}", row)) for name in fields))


@states("threads", "clients_and_servers_name_each_other")
def clients_await_their_servers(view: View, row: Term) -> Term:
    client = view.get("threads.client", row)
    awaits = t.all_of(
        (
            does(view, client, Activity.AWAITING),
            names(view.get("threads.server", client), row),
            is_zero(view.get("threads.reply", client)),
        )
    )
    return t.implies(is_set(client), awaits)


@states("threads", "clients_and_servers_name_each_other")
def who_awaits_is_owed(view: View, row: Term) -> Term:
    reply, server = view.get("threads.reply", row), view.get("threads.server", row)
    in_reply = t.and_(names(view.get("replies.client", reply), row), is_zero(server))
    at_server = t.and_(names(view.get("threads.client", server), row), is_set(server))
    nobody = t.and_(is_zero(reply), is_zero(server))
    return choice(does(view, row, Activity.AWAITING), choice(is_set(reply), in_reply, at_server), nobody)


@states("replies", "reply_objects_hold_clients")
def reply_objects_hold_clients(view: View, row: Term) -> Term:
    client = view.get("replies.client", row)
    holds = t.and_(does(view, client, Activity.AWAITING), is_set(view.get("replies.header.live", row)))
    return t.implies(is_set(client), holds)


@states("threads", "receivers_are_free_servers")
def receivers_are_free_servers(view: View, row: Term) -> Term:
    endpoint = view.get("threads.serves", row)
    free = t.all_of(
        (is_set(endpoint), names(view.get("endpoints.server", endpoint), row), is_zero(view.get("threads.client", row)))
    )
    return t.implies(does(view, row, *RECEIVES), free)


@states("threads", "faulting_threads_do_not_run")
def faulting_threads_do_not_run(view: View, row: Term) -> Term:
    stands = does(view, row, Activity.CALLING, Activity.AWAITING, Activity.STOPPED)
    return t.implies(is_set(view.get("threads.faulting", row)), stands)


@states("threads", "only_callers_pass")
def only_callers_pass(view: View, row: Term) -> Term:
    calls = t.and_(does(view, row, Activity.CALLING), is_zero(view.get("threads.faulting", row)))
    return t.implies(is_set(view.get("threads.passing", row)), calls)


@states("threads", "only_monitors_run_guests")
def only_monitors_run_guests(view: View, row: Term) -> Term:
    guest = view.get("threads.guest", row)
    own = t.all_of(
        (
            names(view.get("vcpus.thread", guest), row),
            t.eq(view.get("threads.vcpu", row), guest),
            does(view, row, Activity.READY, Activity.GUEST_IDLE),
        )
    )
    return choice(is_set(guest), own, t.not_(does(view, row, Activity.GUEST_IDLE)))


@states("threads", "who_waits_has_a_notification")
def who_waits_has_a_notification(view: View, row: Term) -> Term:
    return t.implies(does(view, row, Activity.WAITING), is_set(view.get("threads.notification", row)))


BINDINGS = (
    ("threads", "serves", "endpoints", "server"),
    ("threads", "notification", "notifications", "thread"),
    ("threads", "budget", "times", "thread"),
    ("threads", "vcpu", "vcpus", "thread"),
    ("replies", "client", "threads", "reply"),
)


def _bind(table: str, forth: str, other: str, back: str) -> None:
    def formula(view: View, row: Term) -> Term:
        target = view.get(f"{table}.{forth}", row)
        return t.implies(is_set(target), names(view.get(f"{other}.{back}", target), row))

    formula.__name__ = f"{table}_{forth}_is_bound"
    STATEMENTS.append(Statement(table, formula, ("bindings_agree",), 1))


for _left, _forth, _right, _back in BINDINGS:
    _bind(_left, _forth, _right, _back)
    _bind(_right, _back, _left, _forth)


@states("vcpus", "loaded_guests_are_where_they_say")
def vcpus_are_loaded_on_cores(view: View, row: Term) -> Term:
    return below(view.get("vcpus.loaded_on", row), view.rows("cores") + 1)


@states("interrupts", "lines_are_shared", first=1)
def lines_are_shared(view: View, row: Term) -> Term:
    line = view.get("interrupts.line", row)
    return t.and_(t.not_(below(line, FIRST_LINE)), below(line, LINE_END))

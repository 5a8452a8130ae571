"""Endpoints and notifications: what is known of those for whom threads wait."""

from __future__ import annotations

from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.hypotheses.statement import states
from keelback.prover.hypotheses.threads import does
from keelback.prover.hypotheses.view import View, either, is_set, is_zero, narrow
from keelback.prover.state import RECEIVES, Activity


@states("endpoints", "nobody_queues_at_a_waiting_server")
def nobody_queues_at_a_waiting_server(view: View, row: Term) -> Term:
    callers = t.add(narrow(row, 32), t.const(view.ready_queues, 32))
    receives = does(view, view.get("endpoints.server", row), *RECEIVES)
    return t.implies(receives, is_zero(view.get("queues.head", callers)))


@states("threads", "quiet_servers_have_nothing_to_do")
def quiet_servers_have_nothing_to_do(view: View, row: Term) -> Term:
    serves, notification = view.get("threads.serves", row), view.get("threads.notification", row)
    callers = t.add(narrow(serves, 32), t.const(view.ready_queues, 32))
    nothing = (
        is_set(serves),
        is_zero(view.get("queues.head", callers)),
        is_zero(view.get("notifications.pending", notification)),
    )
    return t.implies(is_set(view.get("threads.quiet", row)), t.all_of(nothing))


@states("notifications", "nothing_is_pending_for_who_waits")
def nothing_is_pending_for_who_waits(view: View, row: Term) -> Term:
    thread = view.get("notifications.thread", row)
    listens = either(does(view, thread, Activity.WAITING, *RECEIVES), is_set(view.get("threads.guest", thread)))
    return t.implies(t.and_(is_set(thread), listens), is_zero(view.get("notifications.pending", row)))

"""Endpoints and notifications: what is known of those for whom threads wait."""

from __future__ import annotations

from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.hypotheses.statement import states
from keelback.prover.hypotheses.threads import does
from keelback.prover.hypotheses.view import View, below, either, is_set, is_zero, narrow
from keelback.prover.state import Activity


@states("endpoints", "nobody_queues_at_a_waiting_server")
def endpoints_know_who_waits(view: View, row: Term) -> Term:
    """The server, while it receives without a deadline; else nobody."""
    server = view.get("endpoints.server", row)
    waits = t.and_(does(view, server, Activity.RECEIVING), below(view.get("threads.queue", server), view.timer_queues))
    return t.eq(view.get("endpoints.waiting", row), t.ite(waits, server, t.const(0, server.width)))


@states("endpoints", "nobody_queues_at_a_waiting_server")
def nobody_queues_at_a_waiting_server(view: View, row: Term) -> Term:
    callers = t.add(narrow(row, 32), t.const(view.ready_queues, 32))
    receives = does(view, view.get("endpoints.server", row), Activity.RECEIVING)
    return t.implies(receives, is_zero(view.get("queues.head", callers)))


@states("notifications", "nothing_is_pending_for_who_waits")
def nothing_is_pending_for_who_waits(view: View, row: Term) -> Term:
    thread = view.get("notifications.thread", row)
    listens = either(
        does(view, thread, Activity.WAITING, Activity.RECEIVING), is_set(view.get("threads.guest", thread))
    )
    return t.implies(t.and_(is_set(thread), listens), is_zero(view.get("notifications.pending", row)))

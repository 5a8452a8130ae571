"""Partners: client and server name each other, receivers serve what they receive on, waiting means nothing pending."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.prover.abstraction import ready_queues
from keelback.prover.incremental import each
from keelback.prover.state import RECEIVES, Activity
from keelback.prover.tables import Tables


@each("threads", first=0)
def clients_and_servers_name_each_other(tables: Tables, index: int) -> Iterator[str]:
    """A thread owes a reply to one client, which awaits it from that thread, or from one reply object; and the other
    way round."""
    thread = tables.threads[index]
    if thread.client:
        client = tables.threads[thread.client]
        if client.state != Activity.AWAITING or client.server != index or client.reply:
            yield f"threads[{index}] owes a reply to threads[{thread.client}], which does not await it"
    if thread.state != Activity.AWAITING:
        if thread.reply or thread.server:
            yield f"threads[{index}] awaits nothing, and names who owes it that"
    elif thread.reply:
        if tables.replies[thread.reply].client != index or thread.server:
            yield f"threads[{index}] is not the client of replies[{thread.reply}]"
    elif tables.threads[thread.server].client != index or not thread.server:
        yield f"threads[{index}] awaits a reply from threads[{thread.server}], which owes it none"


@each("replies", first=0)
def reply_objects_hold_clients(tables: Tables, number: int) -> Iterator[str]:
    """The client in a reply object awaits its reply; one that does not live holds none."""
    row = tables.replies[number]
    if row.client and tables.threads[row.client].state != Activity.AWAITING:
        yield f"replies[{number}] holds threads[{row.client}], which awaits no reply"
    if row.client and not row.header.live:
        yield f"replies[{number}] holds a client and does not live"


@each("threads", first=0)
def receivers_are_free_servers(tables: Tables, index: int) -> Iterator[str]:
    """Who receives is an endpoint's server and owes nobody a reply."""
    thread = tables.threads[index]
    if thread.state not in RECEIVES:
        return
    if not thread.serves or tables.endpoints[thread.serves].server != index:
        yield f"threads[{index}] receives at endpoints[{thread.serves}], which it does not serve"
    if thread.client:
        yield f"threads[{index}] receives and owes threads[{thread.client}] a reply"


@each("endpoints", first=0)
def nobody_queues_at_a_waiting_server(tables: Tables, number: int) -> Iterator[str]:
    """Where a server receives, no caller is queued."""
    server = tables.threads[tables.endpoints[number].server]
    if server.state in RECEIVES and tables.queues[ready_queues(tables) + number].head:
        yield f"endpoints[{number}] has callers, and its server waits"


@each("threads", first=0)
def quiet_servers_have_nothing_to_do(tables: Tables, index: int) -> Iterator[str]:
    """A thread that is marked as quiet serves an endpoint that nobody queues for, and no bits are pending for it."""
    thread = tables.threads[index]
    if not thread.quiet:
        return
    if not thread.serves:
        yield f"threads[{index}] is quiet and serves nothing"
    if tables.queues[ready_queues(tables) + thread.serves].head:
        yield f"threads[{index}] is quiet, and endpoints[{thread.serves}] has callers"
    if tables.notifications[thread.notification].pending:
        yield f"threads[{index}] is quiet, and notifications[{thread.notification}] has bits"


@each("threads", first=0)
def faulting_threads_do_not_run(tables: Tables, index: int) -> Iterator[str]:
    """A thread that faulted is with its handler, or stopped."""
    thread = tables.threads[index]
    if thread.faulting and thread.state not in (Activity.CALLING, Activity.AWAITING, Activity.STOPPED):
        yield f"threads[{index}] faulted and is {Activity(thread.state).name}"


@each("threads", first=0)
def only_callers_pass(tables: Tables, index: int) -> Iterator[str]:
    """A capability is to be passed only while a call waits to be taken."""
    thread = tables.threads[index]
    if thread.passing and (thread.state != Activity.CALLING or thread.faulting):
        yield f"threads[{index}] passes a capability and calls nobody"


@each("notifications", first=0)
def nothing_is_pending_for_who_waits(tables: Tables, number: int) -> Iterator[str]:
    """The notification of a thread that would take its bits has none."""
    notification = tables.notifications[number]
    thread = tables.threads[notification.thread]
    is_listening = thread.state in (Activity.WAITING, *RECEIVES) or thread.guest
    if notification.thread and is_listening and notification.pending:
        yield f"notifications[{number}] has bits, and threads[{notification.thread}] waits"


@each("threads", first=0)
def who_waits_has_a_notification(tables: Tables, index: int) -> Iterator[str]:
    """A thread in WAIT has a notification bound to it."""
    thread = tables.threads[index]
    if thread.state == Activity.WAITING and not thread.notification:
        yield f"threads[{index}] waits for nothing"

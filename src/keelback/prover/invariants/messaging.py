"""Partners: client and server name each other, receivers serve what they receive on, waiting means nothing pending."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.prover.state import Activity
from keelback.prover.tables import Tables


def clients_and_servers_name_each_other(tables: Tables) -> Iterator[str]:
    """A thread owes a reply to one client, which awaits it from that thread, and the other way round."""
    for index, thread in enumerate(tables.threads):
        if thread.client:
            client = tables.threads[thread.client]
            if client.state != Activity.AWAITING or client.server != index:
                yield f"threads[{index}] owes a reply to threads[{thread.client}], which does not await it"
        if thread.state == Activity.AWAITING and tables.threads[thread.server].client != index:
            yield f"threads[{index}] awaits a reply from threads[{thread.server}], which owes it none"


def receivers_are_free_servers(tables: Tables) -> Iterator[str]:
    """Who receives is the endpoint's server, owes nobody a reply, and nobody is queued there."""
    for index, thread in enumerate(tables.threads):
        if thread.state != Activity.RECEIVING:
            continue
        if tables.endpoints[thread.endpoint].server != index:
            yield f"threads[{index}] receives at endpoints[{thread.endpoint}], which it does not serve"
        if thread.client:
            yield f"threads[{index}] receives and owes threads[{thread.client}] a reply"
    for number, endpoint in enumerate(tables.endpoints):
        server = tables.threads[endpoint.server]
        queue = tables.queues[len(tables.queues) - len(tables.endpoints) + number]
        if server.state == Activity.RECEIVING and server.endpoint == number and queue.head:
            yield f"endpoints[{number}] has callers, and its server waits"


def calls_go_upwards(tables: Tables) -> Iterator[str]:
    """Who awaits a reply has a lower priority than the server, unless it faulted."""
    for index, thread in enumerate(tables.threads):
        is_client = thread.state == Activity.AWAITING and not thread.faulting
        if is_client and tables.threads[thread.server].priority <= thread.priority:
            yield f"threads[{index}] awaits a reply from a server that is not above it"


def faulting_threads_do_not_run(tables: Tables) -> Iterator[str]:
    """A thread that faulted is with its handler, or stopped."""
    for index, thread in enumerate(tables.threads):
        if thread.faulting and thread.state not in (Activity.CALLING, Activity.AWAITING, Activity.STOPPED):
            yield f"threads[{index}] faulted and is {Activity(thread.state).name}"


def nothing_is_pending_for_who_waits(tables: Tables) -> Iterator[str]:
    """The notification of a thread that would take its bits has none."""
    for number, notification in enumerate(tables.notifications):
        thread = tables.threads[notification.thread]
        is_listening = thread.state in (Activity.WAITING, Activity.RECEIVING) or thread.guest
        if notification.thread and is_listening and notification.pending:
            yield f"notifications[{number}] has bits, and threads[{notification.thread}] waits"


def bindings_agree(tables: Tables) -> Iterator[str]:
    """A thread's notification names the thread."""
    for index, thread in enumerate(tables.threads):
        if thread.notification and tables.notifications[thread.notification].thread != index:
            yield f"threads[{index}] has a notification of another thread"

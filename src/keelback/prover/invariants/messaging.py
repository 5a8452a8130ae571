"""Partners: client and server name each other, receivers serve what they receive on, waiting means nothing pending."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.prover.incremental import each
from keelback.prover.state import Activity
from keelback.prover.tables import Tables


@each("threads", first=0)
def clients_and_servers_name_each_other(tables: Tables, index: int) -> Iterator[str]:
    """A thread owes a reply to one client, which awaits it from that thread, and the other way round."""
    thread = tables.threads[index]
    if thread.client:
        client = tables.threads[thread.client]
        if client.state != Activity.AWAITING or client.server != index:
            yield f"threads[{index}] owes a reply to threads[{thread.client}], which does not await it"
    if thread.state == Activity.AWAITING and tables.threads[thread.server].client != index:
        yield f"threads[{index}] awaits a reply from threads[{thread.server}], which owes it none"


@each("threads", first=0)
def receivers_are_free_servers(tables: Tables, index: int) -> Iterator[str]:
    """Who receives is the endpoint's server and owes nobody a reply."""
    thread = tables.threads[index]
    if thread.state != Activity.RECEIVING:
        return
    if tables.endpoints[thread.endpoint].server != index:
        yield f"threads[{index}] receives at endpoints[{thread.endpoint}], which it does not serve"
    if thread.client:
        yield f"threads[{index}] receives and owes threads[{thread.client}] a reply"


@each("endpoints", first=0)
def nobody_queues_at_a_waiting_server(tables: Tables, number: int) -> Iterator[str]:
    """Where a server receives, no caller is queued."""
    server = tables.threads[tables.endpoints[number].server]
    queue = tables.queues[len(tables.queues) - len(tables.endpoints) + number]
    if server.state == Activity.RECEIVING and server.endpoint == number and queue.head:
        yield f"endpoints[{number}] has callers, and its server waits"


@each("threads", first=0)
def calls_go_upwards(tables: Tables, index: int) -> Iterator[str]:
    """Who awaits a reply has a lower priority than the server, unless it faulted."""
    thread = tables.threads[index]
    is_client = thread.state == Activity.AWAITING and not thread.faulting
    if is_client and tables.threads[thread.server].priority <= thread.priority:
        yield f"threads[{index}] awaits a reply from a server that is not above it"


@each("threads", first=0)
def faulting_threads_do_not_run(tables: Tables, index: int) -> Iterator[str]:
    """A thread that faulted is with its handler, or stopped."""
    thread = tables.threads[index]
    if thread.faulting and thread.state not in (Activity.CALLING, Activity.AWAITING, Activity.STOPPED):
        yield f"threads[{index}] faulted and is {Activity(thread.state).name}"


@each("notifications", first=0)
def nothing_is_pending_for_who_waits(tables: Tables, number: int) -> Iterator[str]:
    """The notification of a thread that would take its bits has none."""
    notification = tables.notifications[number]
    thread = tables.threads[notification.thread]
    is_listening = thread.state in (Activity.WAITING, Activity.RECEIVING) or thread.guest
    if notification.thread and is_listening and notification.pending:
        yield f"notifications[{number}] has bits, and threads[{notification.thread}] waits"


@each("threads", first=0)
def bindings_agree(tables: Tables, index: int) -> Iterator[str]:
    """A thread's notification names the thread."""
    thread = tables.threads[index]
    if thread.notification and tables.notifications[thread.notification].thread != index:
        yield f"threads[{index}] has a notification of another thread"

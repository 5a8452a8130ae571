"""What CALL, RECEIVE, REPLY_RECEIVE, faults and stopping have in common: messages, replies, and their absence."""

from __future__ import annotations

from keelback.abi import errors, faults, messages, objects, rights
from keelback.prover.specs.authority import held_of
from keelback.prover.specs.refusal import require
from keelback.prover.specs.scheduling import wake
from keelback.prover.state import Activity, State, Thread

WORDS = slice(0, messages.WORD_COUNT)


def take_bits(state: State, notification: int) -> int:
    """Take all pending bits of a notification; none of notification 0."""
    if not notification:
        return 0
    bits = state.notifications[notification].pending
    state.notifications[notification].pending = 0
    return bits


def tell(thread: Thread, kind: int, badge: int) -> None:
    """A thread's RECEIVE or WAIT ends with an event."""
    thread.registers[8:11] = [errors.OK, badge, kind]


def deliver(server: Thread, client: Thread) -> None:
    """The server gets the client's message, or its fault, and owes it a reply from now on."""
    if client.fault is not None:
        server.registers[WORDS] = [*client.fault, *[0] * (messages.WORD_COUNT - faults.WORD_COUNT)]
        tell(server, messages.FAULT, client.fault_badge)
    else:
        server.registers[WORDS] = client.registers[WORDS]
        tell(server, messages.MESSAGE, client.badge)
    server.client, client.server = client.index, server.index
    client.activity, client.endpoint, client.badge = Activity.AWAITING, 0, 0


def send(state: State, client: Thread, endpoint: int) -> Thread | None:
    """The client blocks in a call. The server, if it was there to receive; otherwise the client queues."""
    server = state.threads.get(state.endpoints[endpoint].server)
    if server is not None and server.activity == Activity.RECEIVING and server.endpoint == endpoint:
        server.endpoint = 0
        deliver(server, client)
        return server
    client.activity, client.endpoint = Activity.CALLING, endpoint
    state.endpoints[endpoint].callers.append(client.index)
    return None


def served_endpoint(state: State, caller: Thread) -> int:
    """The endpoint that x8 names, where the caller may receive."""
    endpoint = held_of(state, caller, objects.ENDPOINT, rights.READ).object
    require(state.endpoints[endpoint].server == caller.index, errors.STATE)
    return endpoint


def take_event(state: State, server: Thread, endpoint: int) -> bool:
    """The server gets its bits, or else the caller that has waited longest. Blocks it and gives False: neither."""
    bits = take_bits(state, server.notification)
    if bits:
        tell(server, messages.SIGNAL, bits)
        return True
    callers = state.endpoints[endpoint].callers
    if callers:
        deliver(server, state.threads[callers.pop(0)])
        return True
    server.activity, server.endpoint = Activity.RECEIVING, endpoint
    return False


def dismiss(server: Thread, state: State) -> Thread | None:
    """The server's present client, to whom it owes nothing any more."""
    client = state.threads.get(server.client)
    server.client = 0
    if client is not None:
        client.server = 0
    return client


def abandon(state: State, client: Thread) -> None:
    """A client hears that there will be no reply. If it faulted, it stays stopped."""
    if client.fault is not None:
        client.activity = Activity.STOPPED
    else:
        client.registers[8] = errors.RESTARTED
        wake(state, client)

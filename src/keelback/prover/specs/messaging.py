"""What calls, replies, faults and stopping have in common: messages, capabilities in them, and their absence."""

from __future__ import annotations

from keelback.abi import errors, faults, messages, rights
from keelback.prover.specs.authority import put
from keelback.prover.specs.charging import own_charge, sleep
from keelback.prover.specs.refusal import Refused, require
from keelback.prover.specs.scheduling import hand_over, run_best, wake
from keelback.prover.state import RECEIVES, Activity, State, Thread

WORDS = slice(0, messages.WORD_COUNT)
NEVER = (1 << 64) - 1
LOW = (1 << 32) - 1


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


def block(thread: Thread, activity: Activity) -> None:
    """A thread waits, or stops: whose time it uses then is up to what wakes it."""
    thread.activity, thread.charge = activity, None


def deliver(state: State, server: Thread, client: Thread) -> None:
    """The server gets the client's message and works on its time, or its fault, and owes it a reply from now on."""
    if client.fault is not None:
        server.charge = own_charge(state, server)
        server.registers[WORDS] = [*client.fault, *[0] * (messages.WORD_COUNT - faults.WORD_COUNT)]
        tell(server, messages.FAULT, client.fault_badge)
    else:
        server.charge = client.charge
        server.registers[WORDS] = client.registers[WORDS]
        tell(server, messages.MESSAGE, client.badge)
        server.registers[10] |= pass_capability(state, client, client.passing, server)
    server.client, client.server = client.index, server.index
    client.activity, client.endpoint, client.badge, client.passing = Activity.AWAITING, 0, 0, 0


def pass_capability(state: State, sender: Thread, slot: int, receiver: Thread) -> int:
    """The receiver gets a copy of the sender's capability where it accepts one. Whether that happened, as x10 says."""
    capability = state.capabilities.get(sender.table, {}).get(slot)
    if not receiver.accept or capability is None or not capability.rights & rights.GRANT:
        return 0
    try:
        put(state, receiver.table, receiver.accept, capability)
    except Refused:
        return 0
    return messages.PASSED


def send(state: State, client: Thread, endpoint: int) -> None:
    """The client, which runs, blocks in a call. The server runs if it was there to receive; otherwise the client
    queues."""
    server = state.threads[state.endpoints[endpoint].server]
    if server.activity in RECEIVES:
        state.sleeping.pop(server.index, None)
        deliver(state, server, client)
        if client.fault is None and server.core == state.here:
            server.activity, state.core.current = Activity.READY, server.index
        else:
            hand_over(state, server)
    else:
        client.activity, client.endpoint = Activity.CALLING, endpoint
        state.endpoints[endpoint].callers.append(client.index)
        run_best(state)


def send_upwards(state: State, caller: Thread, endpoint: int, badge: int) -> None:
    """A call that the caller asks for: there must be a server, of a higher priority."""
    server = state.threads.get(state.endpoints[endpoint].server)
    require(server is not None, errors.STATE)
    assert server is not None
    require(server.priority > caller.priority, errors.PRIORITY)
    caller.badge = badge
    send(state, caller, endpoint)


def served_endpoint(caller: Thread) -> int:
    """The endpoint that the caller receives from."""
    require(caller.serves != 0, errors.STATE)
    return caller.serves


def take_event(state: State, server: Thread, endpoint: int) -> bool:
    """The server gets its bits, or else the caller that has waited longest. False: neither."""
    bits = take_bits(state, server.notification)
    callers = state.endpoints[endpoint].callers
    if bits:
        tell(server, messages.SIGNAL, bits)
        server.charge = own_charge(state, server)
    elif callers:
        deliver(state, server, state.threads[callers.pop(0)])
    return bool(bits) or server.client != 0


def await_until(state: State, thread: Thread, activity: Activity, deadline: int) -> None:
    """A thread blocks until something comes, or the deadline."""
    block(thread, activity)
    if deadline != NEVER:
        sleep(state, thread, deadline)


def receive_until(state: State, caller: Thread, deadline: int) -> None:
    """The caller gets the next event, or blocks until there is one. A client not replied to is sent away."""
    endpoint = served_endpoint(caller)
    client = dismiss(state, caller)
    if not take_event(state, caller, endpoint):
        activity = Activity.RECEIVING if deadline == NEVER else Activity.RECEIVING_UNTIL
        await_until(state, caller, activity, deadline)
        run_best(state)
    if client is not None:
        abandon(state, client)


def dismiss(state: State, server: Thread) -> Thread | None:
    """The server's present client, to whom it owes nothing any more."""
    client = state.threads.get(server.client)
    server.client = 0
    if client is not None:
        client.server = 0
    return client


def answer(client: Thread, reply: list[int]) -> bool:
    """Give a client its reply; whether it runs on. One that faulted only hears whether it does."""
    if client.fault is None:
        client.registers[WORDS] = reply[WORDS]
        client.registers[8] = errors.OK
        return True
    if reply[0] != faults.RESUME:
        block(client, Activity.STOPPED)
        return False
    client.fault = None
    return True


def abandon(state: State, client: Thread) -> None:
    """A caller hears that there will be no reply. If it faulted, it stays stopped."""
    if client.fault is not None:
        block(client, Activity.STOPPED)
    else:
        client.registers[8] = errors.RESTARTED
        wake(state, client)


def stop_waiting(state: State, thread: Thread) -> None:
    """A thread that waited in RECEIVE or WAIT goes on, with its own time."""
    state.sleeping.pop(thread.index, None)
    thread.charge = own_charge(state, thread)

"""Endpoints: call, receive and reply. A message is eight words, x0..x7.

Calls go to a higher priority only, so a call cannot deadlock, and the server runs at once, on the caller's time.
Callers that come while the server is busy wait in the endpoint's queue, first come first served. A fault is a call that
the kernel makes for the thread (`faults`); it may go to a lower priority, since the thread cannot be anybody's server
meanwhile, and its handler uses its own time.

Receiving takes no capability: the endpoint that a thread serves is bound to it.

The common cases of CALL and REPLY_RECEIVE say HANDED_OVER: the words are still in the caller's registers, and whoever
called these functions moves them to the thread that is now the present one. The entry code tries the common cases first
(`is_call_next`, `is_reply_next`), with the message in the processor's registers.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, faults, messages, objects, rights
from keelback.kernel import queues
from keelback.kernel.budgets import commit_own_time
from keelback.kernel.objects.capability import check_any, find_error, holds, slot_of
from keelback.kernel.objects.notification import take_pending
from keelback.kernel.objects.passing import commit_pass
from keelback.kernel.scheduler import (
    commit_hand_over,
    commit_run_next,
    commit_wake,
    commit_wake_slowly,
    is_same_time,
    priority_of,
    this_core,
)
from keelback.kernel.state import (
    AWAITING,
    CALLING,
    ENDPOINT_QUEUES,
    READY,
    RECEIVING,
    RECEIVING_UNTIL,
    STOPPED,
    Core,
    Thread,
    endpoints,
    threads,
)
from keelback.kernel.timers import NEVER, commit_sleep, commit_unsleep
from keelback.lang import Array, inline, noinline, u8, u32, u64

LOW: Final = 0xFFFF_FFFF
HANDED_OVER: Final = 1 << 32
"""No status: the message is to be moved to the present thread."""


@inline
def copy_words(to: Array[u64], source: Array[u64]) -> None:
    """Copy x0..x7."""
    word0 = source[0]
    word1 = source[1]
    word2 = source[2]
    word3 = source[3]
    word4 = source[4]
    word5 = source[5]
    word6 = source[6]
    word7 = source[7]
    to[0] = word0
    to[1] = word1
    to[2] = word2
    to[3] = word3
    to[4] = word4
    to[5] = word5
    to[6] = word6
    to[7] = word7


@inline
def server_of(thread: Thread, number: u64) -> u32:
    """Who serves the endpoint in slot `number`; 0 if nobody does."""
    return endpoints[slot_of(thread, number).object].server


@inline
def is_call_next(thread: Thread, number: u64) -> bool:
    """Whether CALL to the endpoint in slot `number` is the common case: its server waits, on the same core. Nobody, who
    is thread 0, does not wait."""
    if not holds(thread, number, u8(objects.ENDPOINT), u8(rights.WRITE)):
        return False
    server = threads[server_of(thread, number)]
    return server.state == RECEIVING and thread.rank < server.rank <= thread.rank | 255


@inline
def commit_call(core: Core, thread: Thread, number: u64, server: u32) -> u64:
    """Let the server run for which is_call_next holds; the message, whose badge is returned, is still to be moved,
    and so are x8 and x10."""
    slot = slot_of(thread, number)
    receiver = threads[server]
    receiver.client = core.current
    receiver.state = u32(READY)
    receiver.charged = thread.charged
    thread.server = server
    thread.state = u32(AWAITING)
    core.current = server
    return slot.badge


@inline
def commit_message(receiver: Thread, badge: u64) -> None:
    """Say that a message has come."""
    registers = receiver.context.registers
    registers[8] = u64(errors.OK)
    registers[9] = badge
    registers[10] = u64(messages.MESSAGE)


def call(core: Core, thread: Thread) -> u64:
    """CALL: x8 endpoint. OK means that the caller is blocked now."""
    number = thread.context.registers[8]
    if is_call_next(thread, number):
        server = server_of(thread, number)
        commit_message(threads[server], commit_call(core, thread, number, server))
        core.turned = True
        return u64(HANDED_OVER)
    return call_later(core, thread)


@noinline
def call_later(core: Core, thread: Thread) -> u64:
    """CALL when the server is busy, waits with a deadline, or is on another core; or why it is refused."""
    number = thread.context.registers[8]
    status = find_error(thread, number, u8(objects.ENDPOINT), u8(rights.WRITE))
    if status != errors.OK:
        return status
    return call_endpoint(core, thread, slot_of(thread, number).object, slot_of(thread, number).badge)


@inline
def call_endpoint(core: Core, thread: Thread, index: u32, badge: u64) -> u64:
    """A call to an endpoint that the caller may call. A server that waited runs at once: its priority is higher. If
    another core has just made a better thread ready, that has asked for this core's attention and gets it next."""
    server = endpoints[index].server
    if server == 0:
        return u64(errors.STATE)
    if priority_of(threads[server]) <= priority_of(thread):
        return u64(errors.PRIORITY)
    thread.badge = badge
    if not is_receiving(threads[server]):
        commit_queue(core, thread, index)
        return u64(errors.OK)
    commit_send(core, thread, index, server)
    if threads[server].rank >> 8 == core.number:
        threads[server].state = u32(READY)
        core.current = server
        core.turned = True
    else:
        commit_wake_slowly(server)
        commit_run_next(core)
    return u64(errors.OK)


def call_pass(thread: Thread) -> u64:
    """CALL_PASS: x8 endpoint | slot of the capability to pass << 32."""
    core = this_core()
    number = thread.context.registers[8] & LOW
    passed = thread.context.registers[8] >> 32
    if not is_call_next(thread, number) or check_any(thread, passed, u8(rights.GRANT)) != errors.OK:
        return call_pass_later(core, thread, number, passed)
    server = server_of(thread, number)
    commit_message(threads[server], commit_call(core, thread, number, server))
    registers = threads[server].context.registers
    copy_words(registers, thread.context.registers)
    registers[10] = registers[10] | commit_pass(thread, passed, threads[server])
    core.turned = True
    return u64(errors.OK)


@noinline
def call_pass_later(core: Core, thread: Thread, number: u64, passed: u64) -> u64:
    """CALL_PASS when the server is busy, waits with a deadline, or is on another core; or why it is refused."""
    status = find_error(thread, number, u8(objects.ENDPOINT), u8(rights.WRITE))
    if status == errors.OK:
        status = check_any(thread, passed, u8(rights.GRANT))
    if status == errors.OK:
        thread.passing = u32.truncate(passed)
        slot = slot_of(thread, number)
        status = call_endpoint(core, thread, slot.object, slot.badge)
        if status != errors.OK:
            thread.passing = u32(0)
    return status


def commit_send(core: Core, thread: Thread, endpoint: u32, server: u32) -> None:
    """Give the call, or the fault, of the present thread to the endpoint's server, which waits for it and is to run."""
    thread.endpoint = endpoint
    if threads[server].state == RECEIVING_UNTIL:
        commit_unsleep(server)
    commit_deliver(server, core.current)


def commit_queue(core: Core, thread: Thread, endpoint: u32) -> None:
    """Let the present thread queue for an endpoint's server, which is busy, and somebody else run."""
    thread.endpoint = endpoint
    thread.state = u32(CALLING)
    threads[endpoints[endpoint].server].quiet = False
    queues.commit_append(endpoint + ENDPOINT_QUEUES, core.current)
    commit_run_next(core)


@inline
def is_receiving(thread: Thread) -> bool:
    """Whether a thread is in RECEIVE."""
    return thread.state == RECEIVING or thread.state == RECEIVING_UNTIL


def commit_deliver(server: u32, client: u32) -> None:
    """Give a caller's message, or its fault, to its server; the caller awaits the reply from now on."""
    receiver = threads[server]
    sender = threads[client]
    receiver.client = client
    sender.server = server
    sender.state = u32(AWAITING)
    registers = receiver.context.registers
    registers[8] = u64(errors.OK)
    if sender.faulting:
        commit_own_time(receiver)
        commit_words(registers, sender)
    else:
        receiver.charged = sender.charged
        registers[9] = sender.badge
        registers[10] = u64(messages.MESSAGE)
        copy_words(registers, sender.context.registers)
        if sender.passing != 0:
            registers[10] = registers[10] | commit_pass(sender, u64(sender.passing), receiver)
            sender.passing = u32(0)


@inline
def commit_words(registers: Array[u64], sender: Thread) -> None:
    """Give a fault to its handler: x0..x4; the rest of the message is zero."""
    words = sender.fault_words
    registers[8] = u64(errors.OK)
    registers[9] = sender.fault_badge
    registers[10] = u64(messages.FAULT)
    registers[0] = words[0]
    registers[1] = words[1]
    registers[2] = words[2]
    registers[3] = words[3]
    registers[4] = words[4]
    registers[5] = u64(0)
    registers[6] = u64(0)
    registers[7] = u64(0)


def receive(thread: Thread) -> u64:
    """RECEIVE. A client still owed a reply hears that it will not get one."""
    return receive_until(thread, u64(NEVER))


def receive_until(thread: Thread, deadline: u64) -> u64:
    """RECEIVE_UNTIL: `deadline` in ticks."""
    core = this_core()
    if thread.serves == 0:
        return u64(errors.STATE)
    client = thread.client
    thread.client = u32(0)
    if not commit_take_event(core, thread):
        commit_await_event(core, thread, deadline)
        commit_run_next(core)
    if client != 0:
        commit_abandon(client)
    return u64(errors.OK)


@inline
def is_reply_next(core: Core, thread: Thread) -> bool:
    """Whether REPLY_RECEIVE is the common case: the client runs next, and its server waits. Nobody, who is thread 0,
    has the lowest rank of all."""
    if not thread.quiet:
        return False
    waiting = threads[thread.client]
    return core.best_rank < waiting.rank <= core.best_rank | 255 and is_same_time(core, waiting)


@inline
def commit_go_on(core: Core, thread: Thread) -> None:
    """Let the client run for which is_reply_next holds, whether it called or faulted, and its server wait."""
    client = thread.client
    waiting = threads[client]
    thread.client = u32(0)
    thread.state = u32(RECEIVING)
    waiting.server = u32(0)
    waiting.state = u32(READY)
    core.current = client


def reply_receive(core: Core, thread: Thread) -> u64:
    """REPLY_RECEIVE: x0..x7 the reply."""
    if not is_reply_next(core, thread) or threads[thread.client].faulting:
        return reply_receive_later(core, thread)
    registers = threads[thread.client].context.registers
    registers[8] = u64(errors.OK)
    registers[9] = u64(0)
    registers[10] = u64(0)
    commit_go_on(core, thread)
    core.turned = True
    return u64(HANDED_OVER)


@noinline
def reply_receive_later(core: Core, thread: Thread) -> u64:
    """REPLY_RECEIVE when somebody else waits for the server or for the core, or the client faulted."""
    if thread.serves == 0:
        return u64(errors.STATE)
    client = thread.client
    thread.client = u32(0)
    is_runnable = client != 0 and commit_reply(thread, client)
    if commit_take_event(core, thread):
        if is_runnable:
            commit_wake(client)
    else:
        commit_await_event(core, thread, u64(NEVER))
        if is_runnable:
            commit_hand_over(core, client)
        else:
            commit_run_next(core)
    return u64(errors.OK)


def commit_reply(thread: Thread, client: u32) -> bool:
    """Give the words in the server's registers to its client. False if the client is not to run on."""
    waiting = threads[client]
    waiting.server = u32(0)
    waiting.reply = u32(0)
    if waiting.faulting:
        resume = thread.context.registers[0] == faults.RESUME
        waiting.faulting = not resume
        waiting.state = u32(STOPPED)
        return resume
    waiting.context.registers[8] = u64(errors.OK)
    copy_words(waiting.context.registers, thread.context.registers)
    return True


def commit_abandon(client: u32) -> None:
    """Tell a client that its server will not reply; a faulted one stays stopped."""
    waiting = threads[client]
    waiting.server = u32(0)
    waiting.reply = u32(0)
    if waiting.faulting:
        waiting.state = u32(STOPPED)
    else:
        waiting.context.registers[8] = u64(errors.RESTARTED)
        commit_wake_slowly(client)


@inline
def commit_take_event(core: Core, thread: Thread) -> bool:
    """Hand the server the pending bits of its notification, or else the first waiting caller. False: neither."""
    bits = take_pending(thread.notification)
    if bits != 0:
        thread.context.registers[9] = bits
        thread.context.registers[10] = u64(messages.SIGNAL)
        commit_own_time(thread)
        core.turned = True
        return True
    client = queues.first(thread.serves + ENDPOINT_QUEUES)
    if client == 0:
        return False
    queues.commit_unlink(client)
    commit_deliver(core.current, client)
    core.turned = True
    return True


@inline
def commit_await_event(core: Core, thread: Thread, deadline: u64) -> None:
    """Block the server, for which there is nothing, until a caller or a signal comes, or the deadline."""
    thread.state = u32(RECEIVING)
    thread.quiet = True
    if deadline != NEVER:
        thread.state = u32(RECEIVING_UNTIL)
        commit_sleep(core.current, deadline)


def cancel(index: u32) -> bool:
    """End the call of the first waiting caller. False if there is none."""
    client = queues.first(index + ENDPOINT_QUEUES)
    if client == 0:
        return False
    queues.commit_unlink(client)
    threads[client].passing = u32(0)
    commit_abandon(client)
    return True


def is_busy(index: u32) -> bool:
    """Whether callers wait."""
    return not queues.is_empty(index + ENDPOINT_QUEUES)


def commit_destroy(index: u32) -> None:
    """The server is told; it serves nothing now."""
    server = endpoints[index].server
    endpoints[index].server = u32(0)
    receiver = threads[server]
    receiver.serves = u32(0)
    receiver.quiet = False
    if is_receiving(receiver):
        if receiver.state == RECEIVING_UNTIL:
            commit_unsleep(server)
        commit_own_time(receiver)
        receiver.context.registers[8] = u64(errors.DEAD)
        commit_wake(server)

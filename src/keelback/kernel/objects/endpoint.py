"""Endpoints: call, receive and reply. A message is the eight words x0..x7 in the contexts.

Calls go to a higher priority only, so a call cannot deadlock, and the server runs at once. Callers that come while the
server is busy wait in the endpoint's queue, first come first served. A fault is a call that the kernel makes for the
thread (`faults`); it may go to a lower priority, since the thread cannot be anybody's server meanwhile.
"""

from __future__ import annotations

from keelback.abi import errors, faults, messages, objects, rights
from keelback.kernel.objects.capability import check_slot, slot_of
from keelback.kernel.objects.notification import take_pending
from keelback.kernel.scheduler import (
    commit_append,
    commit_hand_over,
    commit_run_next,
    commit_unlink,
    commit_wake,
    this_core,
)
from keelback.kernel.state import (
    AWAITING,
    CALLING,
    ENDPOINT_QUEUES,
    READY,
    RECEIVING,
    STOPPED,
    Thread,
    endpoints,
    queues,
    threads,
)
from keelback.lang import Array, inline, noinline, u8, u32, u64


@inline
def call(caller: u32, thread: Thread) -> u64:
    """CALL: x8 endpoint. OK means that the caller is blocked now."""
    slot_number = thread.context.registers[8]
    status = check_slot(thread, slot_number, u8(objects.ENDPOINT), u8(rights.WRITE))
    if status != errors.OK:
        return status
    slot = slot_of(thread, slot_number)
    server = endpoints[slot.object].server
    if threads[server].priority <= thread.priority:
        return u64(errors.PRIORITY)
    thread.badge = slot.badge
    thread.endpoint = slot.object
    if threads[server].state == RECEIVING and threads[server].endpoint == slot.object:
        commit_deliver(server, caller)
        threads[server].state = u8(READY)
        this_core().current = server
    else:
        thread.state = u8(CALLING)
        commit_append(slot.object + ENDPOINT_QUEUES, caller)
        commit_run_next()
    return u64(errors.OK)


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


def commit_deliver(server: u32, client: u32) -> None:
    """Give a caller's message, or its fault, to its server; the caller awaits the reply from now on."""
    receiver = threads[server]
    sender = threads[client]
    receiver.client = client
    sender.server = server
    sender.state = u8(AWAITING)
    registers = receiver.context.registers
    registers[8] = u64(errors.OK)
    if sender.faulting:
        registers[9] = sender.fault_badge
        registers[10] = u64(messages.FAULT)
        copy_fault(registers, sender.fault_words)
    else:
        registers[9] = sender.badge
        registers[10] = u64(messages.MESSAGE)
        copy_words(registers, sender.context.registers)


@noinline
def copy_fault(registers: Array[u64], words: Array[u64]) -> None:
    """Copy the words of a fault to x0..x4; the rest of the message is zero."""
    registers[0] = words[0]
    registers[1] = words[1]
    registers[2] = words[2]
    registers[3] = words[3]
    registers[4] = words[4]
    registers[5] = u64(0)
    registers[6] = u64(0)
    registers[7] = u64(0)


def check_receive(caller: u32, thread: Thread) -> u64:
    """OK if the caller may receive from the endpoint in slot x8."""
    slot_number = thread.context.registers[8]
    status = check_slot(thread, slot_number, u8(objects.ENDPOINT), u8(rights.READ))
    if status != errors.OK:
        return status
    if endpoints[slot_of(thread, slot_number).object].server != caller:
        return u64(errors.STATE)
    return u64(errors.OK)


def receive(caller: u32, thread: Thread) -> u64:
    """RECEIVE: x8 endpoint. A client still owed a reply hears that it will not get one."""
    status = check_receive(caller, thread)
    if status != errors.OK:
        return status
    endpoint = slot_of(thread, thread.context.registers[8]).object
    abandoned = thread.client
    thread.client = u32(0)
    has_event = commit_take_event(caller, thread, endpoint)
    if abandoned != 0:
        commit_abandon(abandoned)
    if not has_event:
        commit_await_event(thread, endpoint)
        commit_run_next()
    return u64(errors.OK)


@inline
def reply_receive(caller: u32, thread: Thread) -> u64:
    """REPLY_RECEIVE: x8 endpoint, x0..x7 the reply."""
    status = check_receive(caller, thread)
    if status != errors.OK:
        return status
    endpoint = slot_of(thread, thread.context.registers[8]).object
    client = thread.client
    thread.client = u32(0)
    is_runnable = client != 0 and commit_reply(thread, client)
    has_event = commit_take_event(caller, thread, endpoint)
    if not has_event:
        commit_await_event(thread, endpoint)
        if is_runnable:
            commit_hand_over(client)
        else:
            commit_run_next()
    elif is_runnable:
        commit_wake(client)
    return u64(errors.OK)


def commit_reply(thread: Thread, client: u32) -> bool:
    """Give the words in the server's registers to its client. False if the client is not to run on."""
    waiting = threads[client]
    waiting.server = u32(0)
    if waiting.faulting:
        resume = thread.context.registers[0] == faults.RESUME
        waiting.faulting = not resume
        waiting.state = u8(STOPPED)
        return resume
    waiting.context.registers[8] = u64(errors.OK)
    copy_words(waiting.context.registers, thread.context.registers)
    return True


def commit_abandon(client: u32) -> None:
    """Tell a client that its server will not reply; a faulted one stays stopped."""
    waiting = threads[client]
    waiting.server = u32(0)
    if waiting.faulting:
        waiting.state = u8(STOPPED)
    else:
        waiting.context.registers[8] = u64(errors.RESTARTED)
        commit_wake(client)


@inline
def commit_take_event(caller: u32, thread: Thread, endpoint: u32) -> bool:
    """Hand the server the pending bits of its notification, or else the first waiting caller. False: neither."""
    bits = take_pending(thread.notification)
    if bits != 0:
        thread.context.registers[9] = bits
        thread.context.registers[10] = u64(messages.SIGNAL)
        return True
    client = queues[endpoint + ENDPOINT_QUEUES].head
    if client == 0:
        return False
    commit_take_caller(caller, client)
    return True


@noinline
def commit_take_caller(caller: u32, client: u32) -> None:
    """Hand the server a caller that waits."""
    commit_unlink(client)
    commit_deliver(caller, client)


@inline
def commit_await_event(thread: Thread, endpoint: u32) -> None:
    """Block the server until a caller or a signal comes."""
    thread.endpoint = endpoint
    thread.state = u8(RECEIVING)

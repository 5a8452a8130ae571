"""Reply objects: a client that a server answers later, while it serves others."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.kernel.budgets import commit_own_time
from keelback.kernel.objects.capability import check_any, check_slot, slot_of
from keelback.kernel.objects.endpoint import LOW, commit_abandon, commit_reply
from keelback.kernel.objects.passing import commit_pass
from keelback.kernel.scheduler import commit_wake, this_core
from keelback.kernel.state import Thread, replies, threads
from keelback.lang import u8, u32, u64


def save(thread: Thread) -> u64:
    """REPLY_SAVE: x8 reply."""
    number = thread.context.registers[8]
    status = check_slot(thread, number, u8(objects.REPLY), u8(rights.CONTROL))
    if status != errors.OK:
        return status
    index = slot_of(thread, number).object
    client = thread.client
    if client == 0 or (thread.budget == 0 and thread.charged != 0):
        return u64(errors.STATE)
    if replies[index].client != 0:
        return u64(errors.BUSY)
    replies[index].client = client
    threads[client].reply = index
    threads[client].server = u32(0)
    thread.client = u32(0)
    commit_own_time(thread)
    this_core().turned = True
    return status


def answer(thread: Thread) -> u64:
    """REPLY: x8 reply, x0..x7 the words."""
    return answer_through(thread, thread.context.registers[8])


def answer_through(thread: Thread, number: u64) -> u64:
    """REPLY with the reply object in slot `number`."""
    status = check_slot(thread, number, u8(objects.REPLY), u8(rights.CONTROL))
    if status != errors.OK:
        return status
    index = slot_of(thread, number).object
    client = replies[index].client
    if client == 0:
        return u64(errors.STATE)
    replies[index].client = u32(0)
    if commit_reply(thread, client):
        commit_wake(client)
    return status


def answer_pass(thread: Thread) -> u64:
    """REPLY_PASS: x8 reply | slot of the capability to pass << 32."""
    passed = thread.context.registers[8] >> 32
    status = check_slot(thread, thread.context.registers[8] & LOW, u8(objects.REPLY), u8(rights.CONTROL))
    if status == errors.OK:
        status = check_any(thread, passed, u8(rights.GRANT))
    if status != errors.OK:
        return status
    client = threads[replies[slot_of(thread, thread.context.registers[8] & LOW).object].client]
    status = answer_through(thread, thread.context.registers[8] & LOW)
    if status == errors.OK and not client.faulting:
        client.context.registers[10] = commit_pass(thread, passed, client)
    return status


def commit_destroy(index: u32) -> None:
    """The client hears that there will be no reply."""
    client = replies[index].client
    replies[index].client = u32(0)
    if client != 0:
        commit_abandon(client)

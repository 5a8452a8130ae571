"""Notifications: a word of bits, and the one thread that is bound to it.

The thread hears of the bits in WAIT, in RECEIVE, or as an exit of its guest from VCPU_RUN.
"""

from __future__ import annotations

from keelback.abi import errors, messages, objects, rights, vcpu
from keelback.kernel.objects.capability import check_slot, slot_of
from keelback.kernel.scheduler import commit_run_next, commit_wake
from keelback.kernel.state import GUEST_IDLE, RECEIVING, WAITING, Thread, notifications, threads
from keelback.lang import inline, u8, u32, u64


@inline
def take_pending(notification: u32) -> u64:
    """Take the pending bits; 0 when there are none."""
    bits = notifications[notification].pending
    if bits != 0:
        notifications[notification].pending = u64(0)
    return bits


def signal(thread: Thread) -> u64:
    """SIGNAL: x8 notification."""
    slot_number = thread.context.registers[8]
    status = check_slot(thread, slot_number, u8(objects.NOTIFICATION), u8(rights.WRITE))
    if status != errors.OK:
        return status
    slot = slot_of(thread, slot_number)
    commit_signal(slot.object, slot.badge)
    return u64(errors.OK)


def commit_signal(notification: u32, bits: u64) -> None:
    """Or bits into a notification, and hand all of them to its thread if that waits for them. No bits: no event."""
    if bits == 0:
        return
    notifications[notification].pending = notifications[notification].pending | bits
    receiver = notifications[notification].thread
    thread = threads[receiver]
    if thread.guest != 0:
        is_idle = thread.state == GUEST_IDLE
        commit_exit_notified(thread)
        if is_idle:
            commit_wake(receiver)
    elif thread.state == WAITING or thread.state == RECEIVING:
        thread.context.registers[8] = u64(errors.OK)
        thread.context.registers[9] = take_pending(notification)
        thread.context.registers[10] = u64(messages.SIGNAL)
        commit_wake(receiver)


def commit_exit_notified(thread: Thread) -> None:
    """End a VCPU_RUN because bits are pending, and take them."""
    thread.guest = u32(0)
    thread.context.registers[8] = u64(errors.OK)
    thread.context.registers[0] = u64(vcpu.NOTIFIED)
    thread.context.registers[1] = take_pending(thread.notification)


def wait(caller: u32, thread: Thread) -> u64:
    """WAIT: x8 notification, bound to the caller."""
    slot_number = thread.context.registers[8]
    status = check_slot(thread, slot_number, u8(objects.NOTIFICATION), u8(rights.READ))
    if status != errors.OK:
        return status
    notification = slot_of(thread, slot_number).object
    if notifications[notification].thread != caller:
        return u64(errors.STATE)
    bits = take_pending(notification)
    if bits != 0:
        thread.context.registers[9] = bits
        thread.context.registers[10] = u64(messages.SIGNAL)
    else:
        thread.state = u8(WAITING)
        commit_run_next()
    return u64(errors.OK)


def poll(thread: Thread) -> u64:
    """POLL: x8 notification."""
    slot_number = thread.context.registers[8]
    status = check_slot(thread, slot_number, u8(objects.NOTIFICATION), u8(rights.READ))
    if status != errors.OK:
        return status
    thread.context.registers[9] = take_pending(slot_of(thread, slot_number).object)
    return u64(errors.OK)

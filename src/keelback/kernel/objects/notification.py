"""Notifications: a word of bits, and the one thread that is bound to it.

The thread hears of the bits in WAIT, in RECEIVE, or as an exit of its guest from VCPU_RUN.
"""

from __future__ import annotations

from keelback.abi import errors, messages, objects, rights, vcpu
from keelback.kernel.budgets import commit_own_time
from keelback.kernel.objects.capability import check_slot, find_error, holds, slot_of
from keelback.kernel.scheduler import ask, commit_run_next, commit_wake, core_of, this_core
from keelback.kernel.state import (
    ASKED_RESCHEDULE,
    GUEST_IDLE,
    RECEIVING,
    WAITING,
    Thread,
    notifications,
    threads,
)
from keelback.kernel.timers import NEVER, commit_sleep, commit_unsleep
from keelback.lang import inline, noinline, packed_u64, u8, u32, u64


@inline
def take_pending(notification: u32) -> u64:
    """Take the pending bits; 0 when there are none."""
    bits = notifications[notification].pending
    if bits != 0:
        notifications[notification].pending = u64(0)
    return bits


def signal(thread: Thread) -> u64:
    """SIGNAL: x8 notification."""
    number = thread.context.registers[8]
    if not holds(thread, number, u8(objects.NOTIFICATION), u8(rights.WRITE)):
        return signal_through(thread, number)
    slot = slot_of(thread, number)
    return commit_signal(slot.object, slot.badge)


@noinline
def signal_through(thread: Thread, number: u64) -> u64:
    """SIGNAL by a capability that came through a grant; or why not."""
    status = find_error(thread, number, u8(objects.NOTIFICATION), u8(rights.WRITE))
    if status != errors.OK:
        return status
    return commit_notify(slot_of(thread, number).object, slot_of(thread, number).badge)


@noinline
def commit_notify(notification: u32, bits: u64) -> u64:
    """commit_signal, where it is not worth a copy."""
    return commit_signal(notification, bits)


@inline
def commit_signal(notification: u32, bits: u64) -> u64:
    """Or bits into a notification, and hand all of them to its thread if that waits for them. No bits: no event. OK."""
    pending = notifications[notification].pending | bits
    notifications[notification].pending = pending
    receiver = notifications[notification].thread
    thread = threads[receiver]
    if not RECEIVING <= thread.state <= WAITING or pending == 0:
        thread.quiet = False
        return u64(errors.OK) if thread.guest == 0 else commit_signal_monitor(receiver, thread)
    thread.context.registers[8] = u64(errors.OK)
    thread.context.registers[9] = pending
    thread.context.registers[10] = u64(messages.SIGNAL)
    notifications[notification].pending = u64(0)
    if packed_u64(thread.queue, thread.budget) != 0:
        return commit_signal_later(receiver, thread)
    thread.charged = u64(0)
    return commit_wake(receiver)


@noinline
def commit_signal_later(receiver: u32, thread: Thread) -> u64:
    """Wake a thread that has its bits, and that waited until a deadline or whose time is limited. OK."""
    commit_stop_waiting(receiver, thread)
    return commit_wake(receiver)


@inline
def commit_stop_waiting(index: u32, thread: Thread) -> None:
    """End the wait of a thread in WAIT or RECEIVE; it uses its own time then."""
    if thread.queue != 0:
        commit_unsleep(index)
    commit_own_time(thread)


@noinline
def commit_signal_monitor(receiver: u32, thread: Thread) -> u64:
    """Bits are pending for a monitor that runs its guest: end that, and hand them over. OK."""
    if notifications[thread.notification].pending == 0:
        return u64(errors.OK)
    is_idle = thread.state == GUEST_IDLE
    commit_exit_notified(thread)
    core = core_of(thread)
    if is_idle:
        if thread.queue != 0:
            commit_unsleep(receiver)
        commit_wake(receiver)
    elif core.current == receiver and core.number != this_core().number:
        ask(core, u32(ASKED_RESCHEDULE))  # it is in its guest there
    return u64(errors.OK)


def commit_exit_notified(thread: Thread) -> None:
    """End a VCPU_RUN because bits are pending, and take them."""
    thread.guest = u32(0)
    thread.context.registers[8] = u64(errors.OK)
    thread.context.registers[0] = u64(vcpu.NOTIFIED)
    thread.context.registers[1] = take_pending(thread.notification)


def wait(thread: Thread) -> u64:
    """WAIT: x8 notification, bound to the caller."""
    return wait_until(thread, u64(NEVER))


def wait_until(thread: Thread, deadline: u64) -> u64:
    """WAIT_UNTIL: x8 notification; `deadline` in ticks."""
    core = this_core()
    number = thread.context.registers[8]
    status = check_slot(thread, number, u8(objects.NOTIFICATION), u8(rights.READ))
    if status != errors.OK:
        return status
    if slot_of(thread, number).object != thread.notification:
        return u64(errors.STATE)
    bits = take_pending(thread.notification)
    if bits != 0:
        thread.context.registers[9] = bits
        thread.context.registers[10] = u64(messages.SIGNAL)
        return status
    thread.state = u32(WAITING)
    if deadline != NEVER:
        commit_sleep(core.current, deadline)
    commit_run_next(core)
    return status


def poll(thread: Thread) -> u64:
    """POLL: x8 notification."""
    number = thread.context.registers[8]
    status = check_slot(thread, number, u8(objects.NOTIFICATION), u8(rights.READ))
    if status != errors.OK:
        return status
    thread.context.registers[9] = take_pending(slot_of(thread, number).object)
    return status


def commit_destroy(index: u32) -> None:
    """Its thread is bound to none now; if it waits for this alone, it is told."""
    bound = notifications[index].thread
    thread = threads[bound]
    thread.notification = u32(0)
    notifications[index].thread = u32(0)
    notifications[index].pending = u64(0)
    if thread.state == WAITING:
        commit_stop_waiting(bound, thread)
        thread.context.registers[8] = u64(errors.DEAD)
        commit_wake(bound)

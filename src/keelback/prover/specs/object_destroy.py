"""OBJECT_DESTROY."""

from __future__ import annotations

from collections.abc import Callable

from keelback.abi import errors, objects
from keelback.prover.specs.interrupt_bind import bind
from keelback.prover.specs.messaging import abandon, stop_waiting
from keelback.prover.specs.ownership import ALWAYS_THERE, TABLES, is_busy, owned_object
from keelback.prover.specs.refusal import require
from keelback.prover.specs.revoke import LAST_GENERATION
from keelback.prover.specs.scheduling import wake
from keelback.prover.specs.thread_start import reset
from keelback.prover.specs.thread_stop import forget_stop
from keelback.prover.state import RECEIVES, Activity, Object, State, Thread

NOBODY = 0
"""Owns what has used up its generations: it can never be created again."""


def object_destroy(state: State, caller: Thread) -> None:
    """An object on which nothing depends is no more: capabilities to it are dead, and what it was bound to is free."""
    (kind, index), named = owned_object(state, caller)
    require(kind not in ALWAYS_THERE, errors.BAD_ARGUMENT)
    require(named.live, errors.STATE)
    require(not is_busy(state, kind, index), errors.BUSY)
    generation = named.generation + 1
    owner = NOBODY if generation > LAST_GENERATION else named.owner
    state.objects[kind, index] = Object(generation, owner, live=False)
    if kind in ENDINGS:
        ENDINGS[kind](state, index)


def end_table(state: State, index: int) -> None:
    """A translation table that is none has no level."""
    state.translations[index].level = 0


def end_thread(state: State, index: int) -> None:
    """Whatever a thread was bound to is bound to nobody."""
    thread = state.threads[index]
    if thread.serves:
        state.endpoints[thread.serves].server = 0
    if thread.notification:
        state.notifications[thread.notification].thread = 0
    if thread.budget:
        state.times[thread.budget].thread = 0
    if thread.vcpu:
        state.vcpus[thread.vcpu].monitor = 0
    thread.serves = thread.notification = thread.budget = thread.vcpu = 0
    thread.table = thread.space = 0
    thread.fault_endpoint, thread.fault_badge = (0, 0), 0
    forget_stop(state, thread)
    thread.core = thread.priority = thread.ceiling = 0
    reset(state, thread)


def end_endpoint(state: State, index: int) -> None:
    """Its server serves nothing; if it waits, it hears that the endpoint is dead."""
    server = state.threads.get(state.endpoints[index].server)
    state.endpoints[index].server = 0
    if server is not None:
        server.serves = 0
        tell_dead(state, server, *RECEIVES)


def end_notification(state: State, index: int) -> None:
    """Its thread is told of no bits; if it waits for them alone, it hears that the notification is dead."""
    notification = state.notifications[index]
    thread = state.threads.get(notification.thread)
    notification.thread = notification.pending = 0
    if thread is not None:
        thread.notification = 0
        tell_dead(state, thread, Activity.WAITING)


def tell_dead(state: State, thread: Thread, *activities: Activity) -> None:
    """What a thread waits for, if it does one of these, will never come."""
    if thread.activity in activities:
        stop_waiting(state, thread)
        thread.registers[8] = errors.DEAD
        wake(state, thread)


def end_vcpu(state: State, index: int) -> None:
    """A virtual processor has no monitor and no address space."""
    vcpu = state.vcpus[index]
    if vcpu.monitor:
        state.threads[vcpu.monitor].vcpu = 0
    vcpu.monitor = vcpu.space = 0


def end_time(state: State, index: int) -> None:
    """Who uses the time of a caller with this context has no limit until it waits again."""
    time = state.times[index]
    time.budget = time.period = time.remaining = time.last = time.partition = 0
    time.fault_on_overrun = False
    time.incarnation = time.incarnation + 1 & (1 << 32) - 1


def end_reply(state: State, index: int) -> None:
    """The client hears that there will be no reply."""
    client = state.threads.get(state.replies.pop(index, 0))
    if client is not None:
        client.reply = 0
        abandon(state, client)


ENDINGS: dict[int, Callable[[State, int], None]] = {
    **dict.fromkeys(TABLES, end_table),
    objects.THREAD: end_thread,
    objects.ENDPOINT: end_endpoint,
    objects.NOTIFICATION: end_notification,
    objects.INTERRUPT: lambda state, index: bind(state, index, 0, 0, edge=False),
    objects.VCPU: end_vcpu,
    objects.TIME: end_time,
    objects.REPLY: end_reply,
}
"""What ends beside the object itself."""

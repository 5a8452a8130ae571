"""SIGNAL, and what signalling is wherever it comes from."""

from __future__ import annotations

from keelback.abi import errors, messages, objects, rights, vcpu
from keelback.prover.specs.authority import held_of
from keelback.prover.specs.messaging import take_bits, tell
from keelback.prover.specs.scheduling import wake
from keelback.prover.state import Activity, State, Thread


def signal(state: State, caller: Thread) -> None:
    """The capability's badge is added to the notification's bits."""
    capability = held_of(state, caller, objects.NOTIFICATION, rights.WRITE)
    raise_bits(state, capability.object, capability.badge)


def raise_bits(state: State, notification: int, bits: int) -> None:
    """Bits become pending. The bound thread gets all pending bits at once if it waits, or leaves its guest for them."""
    target = state.notifications[notification]
    target.pending |= bits
    thread = state.threads.get(target.thread)
    if target.pending == 0 or thread is None:
        return
    was_blocked = thread.activity in (Activity.WAITING, Activity.RECEIVING, Activity.GUEST_IDLE)
    if thread.guest:
        thread.guest = 0
        thread.registers[0], thread.registers[1] = vcpu.NOTIFIED, take_bits(state, notification)
        thread.registers[8] = errors.OK
    elif was_blocked:
        thread.endpoint = 0
        tell(thread, messages.SIGNAL, take_bits(state, notification))
    if was_blocked:
        wake(state, thread)

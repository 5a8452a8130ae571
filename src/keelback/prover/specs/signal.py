"""SIGNAL, and what signalling is wherever it comes from."""

from __future__ import annotations

from keelback.abi import errors, messages, objects, rights, vcpu
from keelback.prover.specs.authority import held
from keelback.prover.specs.messaging import stop_waiting, take_bits, tell
from keelback.prover.specs.scheduling import RESCHEDULE, ask, wake
from keelback.prover.state import RECEIVES, Activity, State, Thread


def signal(state: State, caller: Thread) -> None:
    """The capability's badge is added to the notification's bits."""
    slot = caller.registers[8]
    notification = held(state, caller, slot, objects.NOTIFICATION, rights.WRITE)
    raise_bits(state, notification, state.capabilities[caller.table][slot].badge)


def raise_bits(state: State, notification: int, bits: int) -> None:
    """Bits become pending. The bound thread gets all pending bits at once if it waits, or leaves its guest for them."""
    target = state.notifications[notification]
    target.pending |= bits
    thread = state.threads.get(target.thread)
    if target.pending == 0 or thread is None:
        return
    if thread.guest:
        leave_guest(state, thread)
    elif thread.activity in (Activity.WAITING, *RECEIVES):
        stop_waiting(state, thread)
        tell(thread, messages.SIGNAL, take_bits(state, notification))
        wake(state, thread)


def leave_guest(state: State, monitor: Thread) -> None:
    """A monitor's VCPU_RUN ends with its bits; the core where the guest runs is told."""
    monitor.guest = 0
    monitor.registers[0], monitor.registers[1] = vcpu.NOTIFIED, take_bits(state, monitor.notification)
    monitor.registers[8] = errors.OK
    if monitor.activity == Activity.GUEST_IDLE:
        state.sleeping.pop(monitor.index, None)
        wake(state, monitor)
    elif state.cores[monitor.core].current == monitor.index and monitor.core != state.here:
        ask(state, monitor.core, RESCHEDULE)

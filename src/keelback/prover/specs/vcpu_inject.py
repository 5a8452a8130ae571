"""VCPU_INJECT, and what injecting is wherever it comes from."""

from __future__ import annotations

from keelback.abi import errors, objects, rights, vcpu
from keelback.prover.specs.authority import held
from keelback.prover.specs.refusal import Refused, require
from keelback.prover.specs.scheduling import ask, wake
from keelback.prover.state import Activity, State, Thread, Vcpu, VirtualInterrupt

INJECT = 4
"""Core.asked: the loaded vcpu has arriving interrupts."""

TIMER_ON, TIMER_MASKED = 1, 2
"""ENABLE and IMASK of CNTV_CTL."""


def vcpu_inject(state: State, caller: Thread) -> None:
    """An interrupt is pending for the guest; one that slept wakes. Refused for want of room, the monitor will hear."""
    index = held(state, caller, caller.registers[8], objects.VCPU, rights.WRITE)
    interrupt, priority = caller.registers[:2]
    require(interrupt < vcpu.INTID_LIMIT and priority < 256, errors.BAD_ARGUMENT)
    if not inject(state, state.vcpus[index], interrupt, priority):
        state.vcpus[index].wants_room = True
        raise Refused(errors.BUSY)
    wake_guest(state, index)


def inject(state: State, target: Vcpu, number: int, priority: int) -> bool:
    """Make an interrupt pending, again if it is active, if there is room. One that is known keeps its priority."""
    if target.loaded_on not in (0, state.here + 1):
        return leave_for(state, target, number, priority)
    known = target.interrupts.get(number)
    if known is None and len(target.interrupts) == state.sizes.list_registers:
        return False
    known = known or VirtualInterrupt(priority, pending=True, active=False)
    target.interrupts[number] = known._replace(pending=True)
    return True


def leave_for(state: State, target: Vcpu, number: int, priority: int) -> bool:
    """Leave an interrupt for the core that has the guest's registers, if there is room."""
    ask(state, target.loaded_on - 1, INJECT)
    if number not in target.arriving and len(target.arriving) == state.sizes.list_registers:
        return False
    target.arriving.setdefault(number, priority)
    return True


def wake_guest(state: State, index: int) -> None:
    """A guest that waits for an interrupt runs on."""
    monitor = state.threads.get(state.vcpus[index].monitor)
    if monitor is not None and monitor.activity == Activity.GUEST_IDLE and monitor.guest == index:
        state.sleeping.pop(monitor.index, None)
        wake(state, monitor)


def retry_timer(state: State, target: Vcpu) -> None:
    """A timer interrupt that is due becomes pending if it may and can; it lapses if the timer is not past any more."""
    if not target.timer_due or not target.timer_enabled:
        return
    is_past = target.el1["cntv_ctl"] & TIMER_ON != 0 and target.el1["cntv_cval"] <= state.now
    target.timer_due = is_past and not inject(state, target, vcpu.TIMER_INTID, target.timer_priority)


def fire_timer(state: State, index: int) -> None:
    """The timer of a guest that does not run fires: it is masked, and its interrupt becomes due."""
    target = state.vcpus[index]
    target.el1["cntv_ctl"] |= TIMER_MASKED
    target.timer_due = True
    retry_timer(state, target)
    if target.timer_enabled and not target.timer_due:
        wake_guest(state, index)

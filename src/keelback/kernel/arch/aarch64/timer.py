"""Time: the counter, the kernel's own timer (CNTHP), and the virtual timers of guests (CNTV).

Guests see the board's counter (CNTVOFF_EL2 = 0). A guest's timer that fires is masked and becomes virtual interrupt 27;
the guest programs it anew itself. Nobody looks at the timer of a vcpu that is not loaded until it is loaded again; but
if its guest waits for an interrupt, its thread is in a timer queue (`keelback.kernel.timers`).
"""

from __future__ import annotations

from typing import Final

from keelback.abi.vcpu import TIMER_INTID
from keelback.kernel.arch.aarch64.list_registers import inject, is_loaded
from keelback.kernel.arch.aarch64.processor import this_core
from keelback.kernel.arch.aarch64.registers import (
    CNTFRQ_EL0,
    CNTHP_CTL_EL2,
    CNTHP_CVAL_EL2,
    CNTPCT_EL0,
    CNTV_CTL_EL0,
    CNTV_CVAL_EL0,
)
from keelback.kernel.state import Core, vcpus
from keelback.lang import u32, u64

ENABLE: Final = 1
MASK: Final = 2
STATUS: Final = 4
SLICES_PER_SECOND: Final = 200
"""A time slice is 5 ms."""
NEVER: Final = u64.MAX


def read_counter() -> u64:
    """The board's time in ticks of CNTFRQ_EL0."""
    return CNTPCT_EL0.read()


def arm(deadline: u64) -> None:
    """Let the kernel's timer of this core fire at `deadline`, or earlier if it is to already."""
    core = this_core()
    if deadline < core.deadline:
        core.deadline = deadline
        CNTHP_CVAL_EL2.write(deadline)
        CNTHP_CTL_EL2.write(u64(ENABLE))


def arm_slice(core: Core) -> None:
    """Let the kernel's timer of this core fire at the end of the present time slice, which may begin now."""
    if core.slice_end == NEVER:
        core.slice_end = CNTPCT_EL0.read().wrapping_add(CNTFRQ_EL0.read() // SLICES_PER_SECOND)
    arm(core.slice_end)


def disarm() -> None:
    """The kernel's timer of this core fired: stop it until it is armed again."""
    this_core().deadline = u64(NEVER)
    CNTHP_CTL_EL2.write(u64(0))


def mask_loaded_timer() -> None:
    """The loaded vcpu's timer fired: keep it from firing on. It is turned off and on, so that its status is worked out
    anew: an emulator may not have noticed yet that it fired, and the guest ignores its interrupt without."""
    control = (CNTV_CTL_EL0.read() & ENABLE) | MASK
    CNTV_CTL_EL0.write(u64(0))
    CNTV_CTL_EL0.write(control)


def deliver(index: u32) -> bool:
    """A vcpu's timer fired and is masked: make its interrupt pending now, and say so, or when that becomes possible."""
    vcpu = vcpus[index]
    vcpu.timer_due = True
    if vcpu.timer_enabled and inject(index, u64(TIMER_INTID), u64(vcpu.timer_priority)):
        vcpu.timer_due = False
    return not vcpu.timer_due


def retry(index: u32) -> bool:
    """Make the timer interrupt of a vcpu pending if it is still due. True if that happened."""
    vcpu = vcpus[index]
    if not vcpu.timer_due or not vcpu.timer_enabled:
        return False
    if not is_firing(index):  # the guest has turned it off, or set it anew, meanwhile
        vcpu.timer_due = False
        return False
    return deliver(index)


def is_firing(index: u32) -> bool:
    """Whether the condition of a vcpu's timer is met, masked or not."""
    if is_loaded(index):
        return CNTV_CTL_EL0.read() & (ENABLE | STATUS) == ENABLE | STATUS
    el1 = vcpus[index].el1
    return el1.cntv_ctl & ENABLE != 0 and el1.cntv_cval <= CNTPCT_EL0.read()


def find_guest_deadline(index: u32) -> u64:
    """When the timer of a vcpu of this core will fire; beyond all time if it will not."""
    el1 = vcpus[index].el1
    is_here = is_loaded(index)
    control = CNTV_CTL_EL0.read() if is_here else el1.cntv_ctl
    if control & (ENABLE | MASK) != ENABLE:
        return u64(NEVER)
    return CNTV_CVAL_EL0.read() if is_here else el1.cntv_cval


def take_due(index: u32) -> bool:
    """If the timer of a vcpu of this core fires: mask and deliver it; true if its interrupt is pending now."""
    if find_guest_deadline(index) > CNTPCT_EL0.read():
        return False
    if is_loaded(index):
        mask_loaded_timer()
    else:
        vcpus[index].el1.cntv_ctl = vcpus[index].el1.cntv_ctl | MASK
    return deliver(index)

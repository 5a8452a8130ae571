"""The run loop: into the guest, out again, and what each exit means."""

from __future__ import annotations

from keelback.abi import errors, vcpu
from keelback.lang import u64
from keelback.user.runtime import syscalls
from keelback.user.vmm.device_access import handle_memory, take_input
from keelback.user.vmm.guest import RUNNING, VCPU_SLOT, guest
from keelback.user.vmm.interrupts import refill_list_registers
from keelback.user.vmm.pl011 import end_run
from keelback.user.vmm.psci import handle_call
from keelback.user.vmm.report import crash_on_fault, lose_guest
from keelback.user.vmm.system_registers import handle_system_register


def run_guest() -> None:
    """Run the guest until it ends (`guest.ending`)."""
    actions = u64(0)
    value = u64(0)
    while guest.ending == RUNNING:
        status, reason, first, second, third, fourth, _, _ = syscalls.vcpu_run(u64(VCPU_SLOT), actions, value)
        if status != errors.OK:
            lose_guest(status)
        elif reason == vcpu.MEMORY:
            actions, value = handle_memory(first, second, third, fourth)
        else:
            actions, value = handle_exit(reason, first, second, third, fourth)


def handle_exit(reason: u64, first: u64, second: u64, third: u64, fourth: u64) -> tuple[u64, u64]:
    """Any exit but a memory access; (action flags, value) for VCPU_RUN."""
    end_run(False)
    if reason == vcpu.HYPERCALL or reason == vcpu.SECURE_CALL:
        return u64(vcpu.WRITE_RESULT), handle_call(first, second, third)
    if reason == vcpu.NOTIFIED:
        take_input()
    elif reason == vcpu.MAINTENANCE:
        refill_list_registers()
    elif reason == vcpu.SYSTEM_REGISTER:
        return handle_system_register(first, third, fourth), u64(0)
    else:
        crash_on_fault(first, second, third)
    return u64(0), u64(0)

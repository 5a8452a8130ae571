"""The door between the kernel and the processor: everything that the rest of the kernel may use of `arch`.

A second architecture would offer the same names. Only names are given here; see where each comes from.
"""

from __future__ import annotations

from keelback.kernel.arch.aarch64.component_exit import HANDLED as COMPONENT_HANDLED
from keelback.kernel.arch.aarch64.component_exit import explain as explain_fault
from keelback.kernel.arch.aarch64.component_exit import explain_system_error as explain_fault_system_error
from keelback.kernel.arch.aarch64.gic import MAINTENANCE_LINE, TICK_LINE, VIRTUAL_TIMER_LINE, enable_interrupt
from keelback.kernel.arch.aarch64.gic import acknowledge as acknowledge_interrupt
from keelback.kernel.arch.aarch64.gic import deactivate as deactivate_interrupt
from keelback.kernel.arch.aarch64.gic import drop_priority as drop_interrupt_priority
from keelback.kernel.arch.aarch64.gic import start as start_interrupts
from keelback.kernel.arch.aarch64.guest_exit import HANDLED as GUEST_HANDLED
from keelback.kernel.arch.aarch64.guest_exit import IDLE as GUEST_WAITS
from keelback.kernel.arch.aarch64.guest_exit import explain as explain_exit
from keelback.kernel.arch.aarch64.guest_exit import explain_system_error as explain_exit_system_error
from keelback.kernel.arch.aarch64.guest_exit import (
    instruction_bytes,
    load_register,
    load_value,
    system_register_target,
)
from keelback.kernel.arch.aarch64.list_registers import end_underflow, has_pending, has_room, inject
from keelback.kernel.arch.aarch64.power import power_off, power_reset, wait_for_interrupt
from keelback.kernel.arch.aarch64.registers import ESR_EL2, FAR_EL2
from keelback.kernel.arch.aarch64.start import close_window, open_window, physical, start_processor, window
from keelback.kernel.arch.aarch64.timer import arm_slice, mask_loaded_timer, read_counter
from keelback.kernel.arch.aarch64.timer import deliver as deliver_timer
from keelback.kernel.arch.aarch64.timer import disarm as disarm_tick
from keelback.kernel.arch.aarch64.timer import retry as retry_timer
from keelback.kernel.arch.aarch64.timer import take_due as take_due_timer
from keelback.kernel.arch.aarch64.uart import put, put_decimal, put_hexadecimal, put_text
from keelback.kernel.arch.aarch64.vcpu_state import (
    enter_component,
    enter_guest,
    enter_guest_from,
    forget_thread,
    leave_guest,
    reset_vcpu,
    switch_component,
    unload_vcpu,
)

__all__ = [
    "COMPONENT_HANDLED",
    "ESR_EL2",
    "FAR_EL2",
    "GUEST_HANDLED",
    "GUEST_WAITS",
    "MAINTENANCE_LINE",
    "TICK_LINE",
    "VIRTUAL_TIMER_LINE",
    "acknowledge_interrupt",
    "arm_slice",
    "close_window",
    "deactivate_interrupt",
    "deliver_timer",
    "disarm_tick",
    "drop_interrupt_priority",
    "enable_interrupt",
    "end_underflow",
    "enter_component",
    "enter_guest",
    "enter_guest_from",
    "explain_exit",
    "explain_exit_system_error",
    "explain_fault",
    "explain_fault_system_error",
    "forget_thread",
    "has_pending",
    "has_room",
    "inject",
    "instruction_bytes",
    "leave_guest",
    "load_register",
    "load_value",
    "mask_loaded_timer",
    "open_window",
    "physical",
    "power_off",
    "power_reset",
    "put",
    "put_decimal",
    "put_hexadecimal",
    "put_text",
    "read_counter",
    "reset_vcpu",
    "retry_timer",
    "start_interrupts",
    "start_processor",
    "switch_component",
    "system_register_target",
    "take_due_timer",
    "unload_vcpu",
    "wait_for_interrupt",
    "window",
]

"""The door between the kernel and the processor: everything that the rest of the kernel may use of `arch`.

A second architecture would offer the same names. Only names are given here; see where each comes from.
"""

from __future__ import annotations

from keelback.kernel.arch.aarch64.component_exit import HANDLED as COMPONENT_HANDLED
from keelback.kernel.arch.aarch64.component_exit import explain as explain_fault
from keelback.kernel.arch.aarch64.component_exit import explain_system_error as explain_fault_system_error
from keelback.kernel.arch.aarch64.component_exit import find_call_number as find_call_number
from keelback.kernel.arch.aarch64.gic import ASK_LINE as ASK_LINE
from keelback.kernel.arch.aarch64.gic import MAINTENANCE_LINE as MAINTENANCE_LINE
from keelback.kernel.arch.aarch64.gic import TICK_LINE as TICK_LINE
from keelback.kernel.arch.aarch64.gic import VIRTUAL_TIMER_LINE as VIRTUAL_TIMER_LINE
from keelback.kernel.arch.aarch64.gic import acknowledge as acknowledge_interrupt
from keelback.kernel.arch.aarch64.gic import ask as ask
from keelback.kernel.arch.aarch64.gic import deactivate as deactivate_interrupt
from keelback.kernel.arch.aarch64.gic import disable_interrupt as disable_interrupt
from keelback.kernel.arch.aarch64.gic import drop_priority as drop_interrupt_priority
from keelback.kernel.arch.aarch64.gic import enable_interrupt as enable_interrupt
from keelback.kernel.arch.aarch64.gic import send_interrupt as send_interrupt
from keelback.kernel.arch.aarch64.gic import start as start_interrupts
from keelback.kernel.arch.aarch64.gic import start_core as start_core_interrupts
from keelback.kernel.arch.aarch64.guest_exit import HANDLED as GUEST_HANDLED
from keelback.kernel.arch.aarch64.guest_exit import IDLE as GUEST_WAITS
from keelback.kernel.arch.aarch64.guest_exit import explain as explain_exit
from keelback.kernel.arch.aarch64.guest_exit import explain_system_error as explain_exit_system_error
from keelback.kernel.arch.aarch64.guest_exit import instruction_bytes as instruction_bytes
from keelback.kernel.arch.aarch64.guest_exit import load_register as load_register
from keelback.kernel.arch.aarch64.guest_exit import load_value as load_value
from keelback.kernel.arch.aarch64.guest_exit import system_register_target as system_register_target
from keelback.kernel.arch.aarch64.list_registers import end_underflow as end_underflow
from keelback.kernel.arch.aarch64.list_registers import has_pending as has_pending
from keelback.kernel.arch.aarch64.list_registers import has_room as has_room
from keelback.kernel.arch.aarch64.list_registers import inject as inject
from keelback.kernel.arch.aarch64.power import power_off as power_off
from keelback.kernel.arch.aarch64.power import power_reset as power_reset
from keelback.kernel.arch.aarch64.power import sleep as sleep
from keelback.kernel.arch.aarch64.power import start_core as start_core
from keelback.kernel.arch.aarch64.power import wait_for_interrupt as wait_for_interrupt
from keelback.kernel.arch.aarch64.processor import present_thread as present_thread
from keelback.kernel.arch.aarch64.processor import this_core as this_core
from keelback.kernel.arch.aarch64.registers import ESR_EL2 as ESR_EL2
from keelback.kernel.arch.aarch64.registers import FAR_EL2 as FAR_EL2
from keelback.kernel.arch.aarch64.start import close_window as close_window
from keelback.kernel.arch.aarch64.start import open_window as open_window
from keelback.kernel.arch.aarch64.start import physical as physical
from keelback.kernel.arch.aarch64.start import start_processor as start_processor
from keelback.kernel.arch.aarch64.start import window as window
from keelback.kernel.arch.aarch64.timer import arm as arm
from keelback.kernel.arch.aarch64.timer import arm_slice as arm_slice
from keelback.kernel.arch.aarch64.timer import deliver as deliver_timer
from keelback.kernel.arch.aarch64.timer import disarm as disarm_tick
from keelback.kernel.arch.aarch64.timer import find_guest_deadline as find_guest_deadline
from keelback.kernel.arch.aarch64.timer import mask_loaded_timer as mask_loaded_timer
from keelback.kernel.arch.aarch64.timer import read_counter as read_counter
from keelback.kernel.arch.aarch64.timer import retry as retry_timer
from keelback.kernel.arch.aarch64.timer import take_due as take_due_timer
from keelback.kernel.arch.aarch64.translations import clear_page as clear_page
from keelback.kernel.arch.aarch64.translations import complete_new_entry as complete_new_entry
from keelback.kernel.arch.aarch64.translations import forget_space as forget_space
from keelback.kernel.arch.aarch64.translations import is_link as is_link
from keelback.kernel.arch.aarch64.translations import make_leaf as make_leaf
from keelback.kernel.arch.aarch64.translations import make_link as make_link
from keelback.kernel.arch.aarch64.translations import stage2_of as stage2_of
from keelback.kernel.arch.aarch64.uart import put as put
from keelback.kernel.arch.aarch64.uart import put_decimal as put_decimal
from keelback.kernel.arch.aarch64.uart import put_hexadecimal as put_hexadecimal
from keelback.kernel.arch.aarch64.uart import put_text as put_text
from keelback.kernel.arch.aarch64.vcpu_state import enter_component as enter_component
from keelback.kernel.arch.aarch64.vcpu_state import enter_guest as enter_guest
from keelback.kernel.arch.aarch64.vcpu_state import enter_guest_from as enter_guest_from
from keelback.kernel.arch.aarch64.vcpu_state import forget_thread as forget_thread
from keelback.kernel.arch.aarch64.vcpu_state import is_within_reach as is_within_reach
from keelback.kernel.arch.aarch64.vcpu_state import leave_guest as leave_guest
from keelback.kernel.arch.aarch64.vcpu_state import let_go as let_go
from keelback.kernel.arch.aarch64.vcpu_state import release as release
from keelback.kernel.arch.aarch64.vcpu_state import reset_vcpu as reset_vcpu
from keelback.kernel.arch.aarch64.vcpu_state import switch_component as switch_component
from keelback.kernel.arch.aarch64.vcpu_state import unload_vcpu as unload_vcpu

__all__ = [
    "ASK_LINE",
    "COMPONENT_HANDLED",
    "ESR_EL2",
    "FAR_EL2",
    "GUEST_HANDLED",
    "GUEST_WAITS",
    "MAINTENANCE_LINE",
    "TICK_LINE",
    "VIRTUAL_TIMER_LINE",
    "acknowledge_interrupt",
    "arm",
    "arm_slice",
    "ask",
    "clear_page",
    "close_window",
    "complete_new_entry",
    "deactivate_interrupt",
    "deliver_timer",
    "disable_interrupt",
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
    "find_call_number",
    "find_guest_deadline",
    "forget_space",
    "forget_thread",
    "has_pending",
    "has_room",
    "inject",
    "instruction_bytes",
    "is_link",
    "is_within_reach",
    "leave_guest",
    "let_go",
    "load_register",
    "load_value",
    "make_leaf",
    "make_link",
    "mask_loaded_timer",
    "open_window",
    "physical",
    "power_off",
    "power_reset",
    "present_thread",
    "put",
    "put_decimal",
    "put_hexadecimal",
    "put_text",
    "read_counter",
    "release",
    "reset_vcpu",
    "retry_timer",
    "send_interrupt",
    "sleep",
    "stage2_of",
    "start_core",
    "start_core_interrupts",
    "start_interrupts",
    "start_processor",
    "switch_component",
    "system_register_target",
    "take_due_timer",
    "this_core",
    "unload_vcpu",
    "wait_for_interrupt",
    "window",
]

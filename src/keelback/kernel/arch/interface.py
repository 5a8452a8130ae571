"""The door between the kernel and the processor: everything that the rest of the kernel may use of `arch`.

A second architecture would offer the same names. Only names are given here; see where each comes from.
"""

from __future__ import annotations

from keelback.kernel.arch.aarch64 import (
    component_exit,
    gic,
    guest_exit,
    list_registers,
    power,
    processor,
    registers,
    start,
    timer,
    translations,
    uart,
    vcpu_state,
    vectors,
)

COMPONENT_HANDLED = component_exit.HANDLED
explain_fault = component_exit.explain
explain_fault_system_error = component_exit.explain_system_error
find_call_number = component_exit.find_call_number
ASK_LINE = gic.ASK_LINE
MAINTENANCE_LINE = gic.MAINTENANCE_LINE
TICK_LINE = gic.TICK_LINE
VIRTUAL_TIMER_LINE = gic.VIRTUAL_TIMER_LINE
acknowledge_interrupt = gic.acknowledge
ask = gic.ask
deactivate_interrupt = gic.deactivate
disable_interrupt = gic.disable_interrupt
drop_interrupt_priority = gic.drop_priority
enable_interrupt = gic.enable_interrupt
send_interrupt = gic.send_interrupt
start_interrupts = gic.start
start_core_interrupts = gic.start_core
GUEST_HANDLED = guest_exit.HANDLED
GUEST_WAITS = guest_exit.IDLE
explain_exit = guest_exit.explain
is_common_exit = guest_exit.is_common
read_syndrome = guest_exit.read_syndrome
explain_common_exit = guest_exit.explain_common
explain_exit_system_error = guest_exit.explain_system_error
instruction_bytes = guest_exit.instruction_bytes
load_register = guest_exit.load_register
load_value = guest_exit.load_value
system_register_target = guest_exit.system_register_target
undo_exit = guest_exit.undo
end_underflow = list_registers.end_underflow
has_pending = list_registers.has_pending
has_room = list_registers.has_room
inject = list_registers.inject
power_off = power.power_off
power_reset = power.power_reset
sleep = power.sleep
start_core = power.start_core
wait_for_interrupt = power.wait_for_interrupt
present_thread = processor.present_thread
take_lock = processor.take_lock
this_core = processor.this_core
ESR_EL2 = registers.ESR_EL2
FAR_EL2 = registers.FAR_EL2
close_window = start.close_window
open_window = start.open_window
physical = start.physical
start_processor = start.start_processor
window = start.window
arm = timer.arm
arm_slice = timer.arm_slice
deliver_timer = timer.deliver
disarm_tick = timer.disarm
find_guest_deadline = timer.find_guest_deadline
mask_loaded_timer = timer.mask_loaded_timer
read_counter = timer.read_counter
retry_timer = timer.retry
take_due_timer = timer.take_due
change_component = vcpu_state.change_component
clear_page = translations.clear_page
complete_new_entry = translations.complete_new_entry
forget_space = translations.forget_space
is_link = translations.is_link
make_leaf = translations.make_leaf
make_link = translations.make_link
stage2_of = translations.stage2_of
put = uart.put
put_decimal = uart.put_decimal
put_hexadecimal = uart.put_hexadecimal
put_text = uart.put_text
enter_component = vcpu_state.enter_component
enter_guest = vcpu_state.enter_guest
enter_loaded_guest = vcpu_state.enter_loaded_guest
forget_thread = vcpu_state.forget_thread
has_own_space = vcpu_state.has_own_space
has_own_space_vcpu = vcpu_state.has_own_space_vcpu
is_within_reach = vcpu_state.is_within_reach
leave_guest = vcpu_state.leave_guest
let_go = vcpu_state.let_go
release = vcpu_state.release
reset_vcpu = vcpu_state.reset_vcpu
switch_component = vcpu_state.switch_component
unload_vcpu = vcpu_state.unload_vcpu
select_vectors = vectors.select_vectors

"""The shell around the pure kernel: what the assembly stubs call, and what they then return to.

Each entry point ends by giving the address of the context to resume. Everything that reads or programs hardware on
the way in or out is called from here; system calls themselves are `dispatch`.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import limits, syscalls, trace
from keelback.kernel import boot
from keelback.kernel.arch import interface
from keelback.kernel.dispatch import begin_call, dispatch, end_call
from keelback.kernel.faults import commit_fault
from keelback.kernel.objects import endpoint, vcpu
from keelback.kernel.objects.interrupt import FIRST_LINE, LINE_COUNT, commit_fire
from keelback.kernel.objects.vcpu import commit_exit, commit_idle, commit_interrupted, commit_room
from keelback.kernel.scheduler import commit_end_slice, this_core
from keelback.kernel.state import AWAITING, threads
from keelback.kernel.trace import record, write_record
from keelback.lang import entry, inline, noinline, u32, u64, upto

# Kinds of exception, as the vectors number them.
SYNCHRONOUS: Final = 0
INTERRUPT: Final = 1
SYSTEM_ERROR: Final = 2


@entry("kernel_boot")
def start(device_tree: u64) -> u64:
    """Once, with the physical address of the device tree."""
    boot.start(device_tree)
    return resume()


@entry("kernel_system_call")
def system_call(number: u64) -> u64:
    """`svc #number` by the present thread; x0..x8 are in its context."""
    dispatch(number)
    return resume()


# The three calls that everything else is made of have entries of their own: the same functions as in `dispatch`, and
# then straight to whom they hand the processor.


@entry("kernel_call")
def call() -> u64:
    """CALL. If the server waited for it, it runs at once."""
    current = this_core().current
    calling = threads[current]
    begin_call(calling, u64(syscalls.CALL))
    end_call(calling, u64(syscalls.CALL), endpoint.call(current, calling))
    if calling.state != AWAITING:
        return resume_any()
    server = this_core().current
    return interface.switch_component(calling, server, threads[server])


@entry("kernel_reply_receive")
def reply_receive() -> u64:
    """REPLY_RECEIVE. If nothing waits for the server, its client runs at once."""
    current = this_core().current
    calling = threads[current]
    client = calling.client
    begin_call(calling, u64(syscalls.REPLY_RECEIVE))
    end_call(calling, u64(syscalls.REPLY_RECEIVE), endpoint.reply_receive(current, calling))
    if client == 0 or this_core().current != client or this_core().slice_wanted:
        return resume_any()
    return interface.switch_component(calling, client, threads[client])


@entry("kernel_vcpu_run")
def vcpu_run() -> u64:
    """VCPU_RUN."""
    current = this_core().current
    calling = threads[current]
    begin_call(calling, u64(syscalls.VCPU_RUN))
    end_call(calling, u64(syscalls.VCPU_RUN), vcpu.run(current, calling))
    if calling.guest == 0:
        return interface.enter_component(current, calling)
    return interface.enter_guest_from(calling, calling.guest)


@entry("kernel_exception")
def exception(kind: u64) -> u64:
    """Everything else that stops a thread or a guest; all its registers are in its context."""
    current = this_core().current
    thread = threads[current]
    guest = thread.guest
    if guest == 0 or kind != SYNCHRONOUS:
        return handle_other(current, kind)
    reason = interface.explain_exit(guest, thread)
    if reason < interface.GUEST_HANDLED:
        commit_exit(guest, thread, reason)
        return interface.leave_guest(guest, current, thread)
    if reason == interface.GUEST_WAITS and not interface.has_pending(guest):
        commit_idle(thread)
        return resume_any()
    return interface.enter_guest(guest)


@noinline
def handle_other(current: u32, kind: u64) -> u64:
    """Interrupts, system errors, and what a component did."""
    thread = threads[current]
    if kind == INTERRUPT:
        handle_interrupt()
    elif thread.guest == 0:
        handle_fault(current, kind)
    else:
        reason = interface.explain_exit_system_error(thread.guest, thread)
        commit_exit(thread.guest, thread, reason)
    return resume()


@noinline
def handle_fault(current: u32, kind: u64) -> None:
    """The present thread did something that it may not."""
    if kind == SYSTEM_ERROR:
        fault, address, syndrome, immediate = interface.explain_fault_system_error()
    else:
        fault, address, syndrome, immediate = interface.explain_fault(current)
    if fault != interface.COMPONENT_HANDLED:
        commit_fault(current, fault, address, syndrome, immediate)


@noinline
def handle_interrupt() -> None:
    """Take one interrupt, if there is one."""
    line = interface.acknowledge_interrupt()
    if line >= LINE_COUNT:
        return
    record(u64(trace.INTERRUPT), line, u64(0), u64(0))
    interface.drop_interrupt_priority(line)
    if line >= FIRST_LINE:
        if not commit_fire(line):
            interface.deactivate_interrupt(line)
        return
    handle_private(line)
    interface.deactivate_interrupt(line)


def handle_private(line: u64) -> None:
    """Interrupts of this core that are the kernel's own."""
    loaded = this_core().loaded
    if line == interface.TICK_LINE:
        handle_tick()
    elif line == interface.VIRTUAL_TIMER_LINE:
        interface.mask_loaded_timer()
        if loaded != 0 and interface.deliver_timer(loaded):
            commit_interrupted(loaded)
    elif line == interface.MAINTENANCE_LINE:
        interface.end_underflow()
        if loaded != 0:
            if interface.retry_timer(loaded):
                commit_interrupted(loaded)
            commit_room(loaded)


def handle_tick() -> None:
    """The kernel's timer: timers of guests that are not loaded, and the end of a time slice."""
    interface.disarm_tick()
    for index in upto(u32(limits.VCPU_COUNT)):
        if index != 0 and interface.take_due_timer(index):
            commit_interrupted(index)
    commit_end_slice()


@inline
def resume() -> u64:
    """Set up the processor for the present thread, and give the address of its context."""
    core = this_core()
    current = core.current
    if current == 0:
        idle()
        current = core.current
    if core.slice_wanted:
        core.slice_wanted = False
        interface.arm_slice()
    thread = threads[current]
    if thread.guest != 0:
        return interface.enter_guest(thread.guest)
    if core.trace_mask.bit(trace.SWITCH) and core.component != current:
        write_record(u64(trace.SWITCH), u64(core.component), u64(0), u64(0))
    return interface.enter_component(current, thread)


@noinline
def resume_any() -> u64:
    """`resume`, where it is not worth a copy."""
    return resume()


@noinline
def idle() -> None:
    """Sleep until an interrupt makes a thread ready."""
    while this_core().current == 0:
        interface.wait_for_interrupt()
        handle_interrupt()

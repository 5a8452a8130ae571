"""The shell around the pure kernel: what the assembly stubs call, and what they then return to.

Each entry point ends by giving the address of the context to resume. Everything that reads or programs hardware on
the way in or out is called from here; system calls themselves are `dispatch`.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import limits, trace
from keelback.kernel import boot
from keelback.kernel.arch import interface
from keelback.kernel.dispatch import dispatch
from keelback.kernel.faults import commit_fault
from keelback.kernel.objects.interrupt import FIRST_LINE, LINE_COUNT, commit_fire
from keelback.kernel.objects.vcpu import commit_exit, commit_idle, commit_interrupted, commit_room
from keelback.kernel.scheduler import commit_end_slice, has_rivals, this_core
from keelback.kernel.state import Thread, threads
from keelback.kernel.trace import record
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


@entry("kernel_exception")
def exception(kind: u64) -> u64:
    """Everything else that stops a thread or a guest; all its registers are in its context."""
    current = this_core().current
    thread = threads[current]
    if kind == INTERRUPT:
        handle_interrupt()
    elif thread.guest != 0:
        handle_exit(thread, kind)
    else:
        handle_fault(current, kind)
    return resume()


@inline
def handle_exit(thread: Thread, kind: u64) -> None:
    """The present thread's guest exited."""
    index = thread.guest
    if kind == SYSTEM_ERROR:
        reason = interface.explain_exit_system_error(index, thread)
    else:
        reason = interface.explain_exit(index, thread)
    if reason == interface.GUEST_WAITS:
        if not interface.has_pending(index):
            commit_idle(thread)
    elif reason != interface.GUEST_HANDLED:
        commit_exit(index, thread, reason)


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
    this_core().slice_armed = False
    for index in upto(u32(limits.VCPU_COUNT)):
        if index != 0 and interface.take_due_timer(index):
            commit_interrupted(index)
    commit_end_slice()


@inline
def resume() -> u64:
    """Set up the processor for the present thread, and give the address of its context."""
    core = this_core()
    if core.current == 0:
        idle()
    if not core.slice_armed and has_rivals(core.current):
        core.slice_armed = True
        interface.arm_slice()
    thread = threads[core.current]
    if thread.guest != 0:
        return interface.enter_guest(thread.guest)
    if core.component != core.current:
        record(u64(trace.SWITCH), u64(core.component), u64(0), u64(0))
    return interface.enter_component(core.current)


@noinline
def idle() -> None:
    """Sleep until an interrupt makes a thread ready."""
    while this_core().current == 0:
        interface.wait_for_interrupt()
        handle_interrupt()

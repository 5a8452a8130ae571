"""The shell around the pure kernel: what the assembly stubs call, and what they then return to.

Each entry point ends by giving the address of the context to resume, or by going to a stub that leaves the kernel with
the message still in x0..x7. Everything that reads or programs hardware on the way in or out is called from here; system
calls themselves are `dispatch`.
"""

from __future__ import annotations

from keelback.abi import errors, faults, messages, syscalls, trace
from keelback.kernel import boot
from keelback.kernel.arch import interface
from keelback.kernel.arch.aarch64.vectors import (
    CALLER,
    SERVER,
    STOPPED,
    TURNED,
    leave,
    leave_caller,
    leave_common_case,
    leave_refused,
    leave_to,
)
from keelback.kernel.budgets import commit_charge
from keelback.kernel.dispatch import call_traced, clear_results
from keelback.kernel.faults import commit_fault
from keelback.kernel.objects import endpoint, thread, vcpu
from keelback.kernel.objects.capability import check_any
from keelback.kernel.objects.interrupt import FIRST_LINE, LINE_COUNT, commit_fire
from keelback.kernel.objects.vcpu import commit_exit, commit_idle, commit_interrupted, commit_room
from keelback.kernel.scheduler import commit_reschedule, this_core
from keelback.kernel.state import Core, Thread, threads, vcpus
from keelback.kernel.ticks import commit_tick
from keelback.kernel.trace import record, write_record
from keelback.lang import address_of, entry, inline, noinline, packed_u32, u8, u32, u64


@entry("kernel_boot")
def start(device_tree: u64) -> u64:
    """Once, on the first core, with the physical address of the device tree."""
    interface.take_lock()
    boot.start(device_tree)
    return resume(this_core())


@entry("kernel_secondary")
def start_secondary() -> u64:
    """Once, on each other core."""
    interface.take_lock()
    boot.start_core(this_core())
    return resume(this_core())


@entry("kernel_system_call")
def system_call(number: u64) -> u64:
    """`svc #number` by the present thread; x0..x8 are in its context. The status, for `called`. Where nothing is to be
    recorded the stub itself does what is below, by the table `dispatch.calls`."""
    core = this_core()
    return call_traced(number, core, interface.present_thread(core))


@entry("kernel_called", registers=TURNED)
def called(status: u64, core: Core, calling: Thread) -> None:
    """After a system call that turned something, when all registers are saved: whoever is the present thread now runs.
    If nothing turned the stub lets the caller run on."""
    calling.context.registers[8] = status
    return leave(resume_soon(core, calling))


# The calls that everything else is made of have entries of their own. The common case goes straight to whom it hands
# the processor, the message in x0..x7 all the way. They are not used while calls leave records.


@entry("kernel_call", registers=CALLER)
def call(
    x0: u64, x1: u64, x2: u64, x3: u64, x4: u64, x5: u64, x6: u64, x7: u64, core: Core, calling: Thread, number: u64
) -> None:
    """CALL. If the server waited for it, it runs at once."""
    if not endpoint.is_call_next(calling, number):
        return call_later(x0, x1, x2, x3, x4, x5, x6, x7, core, calling, number)
    server = endpoint.server_of(calling, number)
    if not interface.has_own_space(threads[server]):
        return call_later(x0, x1, x2, x3, x4, x5, x6, x7, core, calling, number)
    badge = endpoint.commit_call(core, calling, number, server)
    receiver = threads[server]
    interface.switch_component(core, calling, server, receiver)
    return leave_to(x0, x1, x2, x3, x4, x5, x6, x7, receiver, badge, u64(messages.MESSAGE))


@inline
def call_later(
    x0: u64, x1: u64, x2: u64, x3: u64, x4: u64, x5: u64, x6: u64, x7: u64, core: Core, calling: Thread, number: u64
) -> None:
    """CALL, all other cases. Without any capability the caller goes on at once."""
    status = check_any(calling, number, u8(0))
    if status != errors.OK:
        return leave_refused(x0, x1, x2, x3, x4, x5, x6, x7, calling, u64(0), u64(0), status)
    return leave_common_case(x0, x1, x2, x3, x4, x5, x6, x7, core, calling, number)


@entry("kernel_reply_receive", registers=SERVER)
def reply_receive(
    x0: u64, x1: u64, x2: u64, x3: u64, x4: u64, x5: u64, x6: u64, x7: u64, core: Core, calling: Thread
) -> None:
    """REPLY_RECEIVE. If nothing waits for the server, its client runs at once."""
    if not endpoint.is_reply_next(core, calling):
        return leave_common_case(x0, x1, x2, x3, x4, x5, x6, x7, core, calling, u64(0))
    client = calling.client
    waiting = threads[client]
    if not interface.has_own_space(waiting):
        return leave_common_case(x0, x1, x2, x3, x4, x5, x6, x7, core, calling, u64(0))
    if waiting.faulting:
        if x0 != faults.RESUME:
            return leave_common_case(x0, x1, x2, x3, x4, x5, x6, x7, core, calling, u64(0))
        waiting.faulting = False
        endpoint.commit_go_on(core, calling)
        return leave(interface.change_component(core, calling, client, waiting))
    endpoint.commit_go_on(core, calling)
    interface.switch_component(core, calling, client, waiting)
    return leave_to(x0, x1, x2, x3, x4, x5, x6, x7, waiting, u64(0), u64(0))


@entry("kernel_finish_call")
def finish_call() -> None:
    """All other cases of these calls; the message is in the caller's context."""
    core = this_core()
    calling = interface.present_thread(core)
    registers = calling.context.registers
    number = interface.find_call_number()
    slot = registers[8]
    record(core, u64(trace.CALL), number, slot, registers[0])
    clear_results(calling)
    if number == syscalls.CALL:
        status = endpoint.call_later(core, calling)
    else:
        status = endpoint.reply_receive_later(core, calling)
    registers[8] = status
    if status != errors.OK:
        record(core, u64(trace.ERROR), number, slot, status)
        return leave_caller(address_of(calling))
    return leave(resume_soon(core, calling))


@entry("kernel_vcpu_run")
def vcpu_run() -> u64:
    """VCPU_RUN. The common case: the vcpu is in the processor already, and wants nothing but to run."""
    core = this_core()
    calling = interface.present_thread(core)
    guest = calling.vcpu
    target = vcpus[guest]
    if guest != core.loaded or target.wants_room:
        return run_any(core, calling)
    if not vcpu.is_runnable(calling) or not interface.has_own_space_vcpu(target):
        return run_any(core, calling)
    clear_results(calling)
    calling.context.registers[8] = vcpu.start(calling, guest)
    return interface.enter_loaded_guest(core, calling, guest) if calling.guest != 0 else address_of(calling)


@entry("kernel_traced_vcpu_run")
def traced_vcpu_run() -> u64:
    """VCPU_RUN, where calls leave records."""
    core = this_core()
    return run_any(core, interface.present_thread(core))


@noinline
def run_any(core: Core, calling: Thread) -> u64:
    """VCPU_RUN, all other cases."""
    calling.context.registers[8] = call_traced(u64(syscalls.VCPU_RUN), core, calling)
    return resume(core)


# Everything else that stops a thread or a guest; all its registers are in its context.


@entry("kernel_exception", registers=STOPPED)
def exception(core: Core) -> None:
    """It faulted, or its guest exits."""
    current = core.current
    stopped = threads[current]
    guest = stopped.guest
    if guest == 0:
        return handle_fault(core, current, stopped)
    syndrome = interface.read_syndrome()
    if not interface.is_common_exit(syndrome) or core.trace_mask.bit(trace.EXIT):
        return handle_exit(core, guest, syndrome)
    if not interface.has_own_space(stopped):
        return handle_exit(core, guest, syndrome)
    commit_exit(core, guest, stopped, interface.explain_common_exit(guest, stopped, syndrome))
    return leave(interface.leave_guest(core, guest, current, stopped))


@entry("kernel_interrupt", registers=STOPPED)
def interrupt(core: Core) -> None:
    """An interrupt came."""
    stopped = threads[core.current]
    return leave(resume_soon(core, stopped) if handle_interrupt(core) else resume_any(core))


@entry("kernel_failure", registers=STOPPED)
def failure(core: Core) -> None:
    """A system error."""
    stopped = threads[core.current]
    if stopped.guest != 0:
        commit_exit(core, stopped.guest, stopped, interface.explain_exit_system_error(stopped.guest, stopped))
    elif not core.in_guest:
        fault, address, syndrome, immediate = interface.explain_fault_system_error()
        commit_fault(core, stopped, fault, address, syndrome, immediate)
    return leave(resume_any(core))


@entry("kernel_exit", registers=("x20", "x21", "x22"))
def handle_exit(core: Core, guest: u32, syndrome: u64) -> None:
    """The present thread's guest stopped for whatever reason."""
    stopped = threads[core.current]
    reason = interface.explain_exit(guest, stopped, syndrome)
    if reason < interface.GUEST_HANDLED:
        commit_exit(core, guest, stopped, reason)
        return leave(interface.leave_guest(core, guest, core.current, stopped))
    if reason == interface.GUEST_WAITS and not interface.has_pending(guest):
        commit_idle(core, stopped)
        return leave(resume_any(core))
    return leave(interface.enter_guest(core, guest))


@inline
def handle_fault(core: Core, current: u32, stopped: Thread) -> None:
    """The present thread's component did something that it may not."""
    if core.in_guest:
        interface.undo_exit(core.loaded)  # another core has just ended VCPU_RUN
        return leave(resume_any(core))
    fault, address, syndrome, immediate = interface.explain_fault(current)
    if fault == interface.COMPONENT_HANDLED:
        return leave(resume_any(core))
    commit_fault(core, stopped, fault, address, syndrome, immediate)
    return leave(resume_soon(core, stopped))


@inline
def handle_interrupt(core: Core) -> bool:
    """Take one interrupt, if there is one. Whether it was a device's: no more than who runs may have changed then."""
    line = interface.acknowledge_interrupt()
    if line >= LINE_COUNT:
        return False
    record(core, u64(trace.INTERRUPT), line, u64(0), u64(0))
    interface.drop_interrupt_priority(line)
    if line >= FIRST_LINE:
        if not commit_fire(line):
            interface.deactivate_interrupt(line)
        return True
    handle_private(core, line)
    interface.deactivate_interrupt(line)
    return False


@noinline
def handle_private(core: Core, line: u64) -> None:
    """Interrupts of this core that are the kernel's own."""
    loaded = core.loaded
    if line == interface.TICK_LINE:
        commit_tick(core)
    elif line == interface.ASK_LINE:
        handle_asked(core)
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


def handle_asked(core: Core) -> None:
    """Another core wants something (ASKED_): a better thread to run, the present one to stop, registers to be saved."""
    asked = core.asked
    core.asked = u32(0)
    interface.select_vectors(core)
    interface.release(core, asked)
    thread.commit_stop_present(core)
    commit_reschedule(core)


@inline
def resume(core: Core) -> u64:
    """Set up the processor for the present thread, and give the address of its context."""
    core.turned = False
    if core.current == 0:
        idle(core)
    current = core.current
    chosen = threads[current]
    if chosen.charged != core.charged:
        commit_charge(core, chosen.charged)
    if core.slice_wanted:
        core.slice_wanted = False
        interface.arm_slice(core)
    if chosen.guest != 0:
        return interface.enter_guest(core, chosen.guest)
    if core.trace_mask.bit(trace.SWITCH) and core.component != current:
        write_record(core, u64(trace.SWITCH), u64(core.component), u64(0), u64(0))
    return interface.enter_component(core, current, chosen)


@inline
def resume_soon(core: Core, before: Thread) -> u64:
    """`resume` for the common case, after a system call, fault or device's interrupt: one component follows another, to
    which the thread `before` belongs."""
    current = core.current
    chosen = threads[current]
    is_special = packed_u32(core.slice_wanted, core.in_guest, core.padding) != 0
    if current == 0 or is_special or core.trace_mask.bit(trace.SWITCH):
        return resume_any(core)
    if chosen.guest != 0 or chosen.charged != core.charged or not interface.has_own_space(chosen):
        return resume_any(core)
    core.turned = False
    return interface.change_component(core, before, current, chosen)


@noinline
def resume_any(core: Core) -> u64:
    """`resume`, where it is not worth a copy."""
    return resume(core)


@noinline
def idle(core: Core) -> None:
    """Sleep until an interrupt makes a thread ready. Other cores have the kernel meanwhile."""
    if core.charged != 0:
        commit_charge(core, u64(0))
    while True:
        interface.wait_for_interrupt()
        handle_interrupt(core)
        if core.current != 0:
            return

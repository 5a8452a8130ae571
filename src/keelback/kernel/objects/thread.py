"""Threads: stop, start, resume, and their registers."""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, limits, objects, rights, trace
from keelback.kernel import queues
from keelback.kernel.arch import interface
from keelback.kernel.budgets import commit_own_time
from keelback.kernel.objects.capability import find_error, slot_of
from keelback.kernel.objects.endpoint import commit_abandon
from keelback.kernel.scheduler import (
    ask,
    commit_ready_last,
    commit_run_next,
    commit_unready,
    commit_wake_slowly,
    core_of,
    is_here,
    priority_of,
)
from keelback.kernel.state import (
    ASKED_RESCHEDULE,
    AWAITING,
    CALLING,
    READY,
    STOPPED,
    TIMER_QUEUES,
    WAITING,
    Core,
    Thread,
    endpoints,
    notifications,
    replies,
    tables,
    threads,
    times,
    translations,
    vcpus,
)
from keelback.kernel.timers import commit_unsleep
from keelback.kernel.trace import record
from keelback.lang import u8, u32, u64

REGISTER_COUNT: Final = 31
STACK_POINTER: Final = 31
PROGRAM_COUNTER: Final = 32
PROCESS_STATE: Final = 33

CONDITION_FLAGS: Final = 0xF000_0000
"""N, Z, C, V: what a component may have in its process state; the rest of a zero word is EL0 of AArch64."""


def check_thread(core: Core, thread: Thread, right: u8) -> u64:
    """OK if slot x8 names, with this right, a thread that is not the caller."""
    number = thread.context.registers[8]
    status = find_error(thread, number, u8(objects.THREAD), right)
    if status != errors.OK:
        return status
    return u64(errors.STATE) if slot_of(thread, number).object == core.current else u64(errors.OK)


def target_of(thread: Thread) -> u32:
    """The thread that slot x8 names, once check_thread said OK."""
    return slot_of(thread, thread.context.registers[8]).object


def is_elsewhere(index: u32) -> bool:
    """Whether a thread runs on another core at the moment."""
    core = core_of(threads[index])
    return not is_here(core) and core.current == index


def check_not_elsewhere(index: u32) -> u64:
    """OK, or PENDING for a thread that runs on another core: that core is asked to stop it.

    It forgets that when it has answered; the thread may have left the processor meanwhile.
    """
    if not is_elsewhere(index):
        return u64(errors.OK)
    core_of(threads[index]).stopping = index
    ask(core_of(threads[index]), u32(ASKED_RESCHEDULE))
    return u64(errors.PENDING)


def stop(core: Core, thread: Thread) -> u64:
    """THREAD_STOP: x8 thread."""
    status = check_thread(core, thread, u8(rights.CONTROL))
    if status == errors.OK:
        status = check_not_elsewhere(target_of(thread))
    if status == errors.OK:
        commit_recorded_stop(core, target_of(thread))
    return status


def commit_recorded_stop(core: Core, index: u32) -> None:
    """commit_stop with its record, which says whose doing it was: so before another thread may be the present one."""
    record(core, u64(trace.STOP), u64(index), u64(0), u64(0))
    commit_stop(index)


def commit_stop(index: u32) -> None:
    """Stop a thread that does not run at the moment. Its client hears that there will be no reply."""
    commit_withdraw(index)
    client = threads[index].client
    threads[index].client = u32(0)
    if client != 0:
        commit_abandon(client)


def commit_forget_stop(index: u32) -> None:
    """Nobody wants its core to stop a thread any more: it is stopped."""
    core = core_of(threads[index])
    if core.stopping == index:
        core.stopping = u32(0)


def commit_stop_present(core: Core) -> None:
    """Another core asked to stop the thread that runs here."""
    index = core.stopping
    core.stopping = u32(0)
    if index != 0 and index == core.current:
        core.current = u32(0)
        commit_ready_last(core, index)
        commit_stop(index)
        if core.current == 0:
            commit_run_next(core)


def commit_withdraw(index: u32) -> None:
    """Stop a thread that does not run at the moment, and end what it was blocked in."""
    thread = threads[index]
    state = thread.state
    commit_forget_stop(index)
    thread.passing = u32(0)
    if thread.queue >= TIMER_QUEUES:
        commit_unsleep(index)
    elif state == READY:
        commit_unready(index)
    elif state == CALLING:
        queues.commit_unlink(index)
    if state == AWAITING:
        commit_leave_server(thread)
    is_blocked = CALLING <= state <= WAITING
    if (is_blocked and not thread.faulting) or thread.guest != 0:
        thread.context.registers[8] = u64(errors.RESTARTED)
    thread.guest = u32(0)
    thread.state = u32(STOPPED)


def commit_leave_server(thread: Thread) -> None:
    """Take a thread from the server, or reply object, that owes it a reply. The server goes on with its own time."""
    if thread.reply != 0:
        replies[thread.reply].client = u32(0)
        thread.reply = u32(0)
    else:
        server = thread.server
        threads[server].client = u32(0)
        commit_own_time(threads[server])
        core_of(threads[server]).turned = True  # it may be running on the time that its client gave it
        if is_elsewhere(server):
            ask(core_of(threads[server]), u32(ASKED_RESCHEDULE))
        thread.server = u32(0)


def start(core: Core, thread: Thread) -> u64:
    """THREAD_START: x8 thread, x0 pc, x1 sp, x2 argument. One that is not stopped yet is stopped, for PENDING."""
    status = check_thread(core, thread, u8(rights.CONTROL))
    if status != errors.OK:
        return status
    target = target_of(thread)
    if not can_run(target):
        return u64(errors.STATE)
    status = check_not_elsewhere(target)
    if status != errors.OK:
        return status
    if is_busy(target):
        commit_recorded_stop(core, target)
        return u64(errors.PENDING)
    registers = thread.context.registers
    record(core, u64(trace.START), u64(target), registers[0], u64(0))
    commit_forget_stop(target)
    commit_reset(target, registers[0], registers[1], registers[2])
    commit_own_time(threads[target])
    return commit_wake_slowly(target)


def commit_reset(index: u32, program_counter: u64, stack_pointer: u64, argument: u64) -> None:
    """Give a stopped thread fresh registers."""
    thread = threads[index]
    thread.context.clear()
    thread.context.registers[0] = argument
    thread.context.stack_pointer = stack_pointer
    thread.context.program_counter = program_counter
    thread.thread_pointer = u64(0)
    thread.accept = u32(0)
    thread.faulting = False
    interface.forget_thread(index)


def resume(core: Core, thread: Thread) -> u64:
    """THREAD_RESUME: x8 thread."""
    status = check_thread(core, thread, u8(rights.CONTROL))
    if status != errors.OK:
        return status
    target = target_of(thread)
    if not is_held(target) or not can_run(target):
        return u64(errors.STATE)
    commit_withdraw(target)
    threads[target].faulting = False
    commit_own_time(threads[target])
    return commit_wake_slowly(target)


def can_run(index: u32) -> bool:
    """Whether a thread has a priority, an address space and a capability table."""
    return priority_of(threads[index]) != 0 and threads[index].table != 0


def is_held(index: u32) -> bool:
    """Whether a thread is stopped, or waits for its fault handler."""
    return threads[index].state == STOPPED or threads[index].faulting


def read(core: Core, thread: Thread) -> u64:
    """THREAD_READ: x8 thread, x0 register id."""
    status = check_thread(core, thread, u8(rights.READ))
    if status != errors.OK:
        return status
    register = thread.context.registers[0]
    if register > PROCESS_STATE:
        return u64(errors.BAD_ARGUMENT)
    if is_elsewhere(target_of(thread)):
        return u64(errors.STATE)
    context = threads[target_of(thread)].context
    if register < REGISTER_COUNT:
        thread.context.registers[0] = context.registers[register]
    elif register == STACK_POINTER:
        thread.context.registers[0] = context.stack_pointer
    elif register == PROGRAM_COUNTER:
        thread.context.registers[0] = context.program_counter
    else:
        thread.context.registers[0] = context.process_state
    return status


def write(core: Core, thread: Thread) -> u64:
    """THREAD_WRITE: x8 thread, x0 register id, x1 value."""
    status = check_thread(core, thread, u8(rights.WRITE))
    if status != errors.OK:
        return status
    register = thread.context.registers[0]
    value = thread.context.registers[1]
    if register > PROCESS_STATE:
        return u64(errors.BAD_ARGUMENT)
    target = target_of(thread)
    if not is_held(target):
        return u64(errors.STATE)
    context = threads[target].context
    if register < REGISTER_COUNT:
        context.registers[register] = value
    elif register == STACK_POINTER:
        context.stack_pointer = value
    elif register == PROGRAM_COUNTER:
        context.program_counter = value
    else:
        context.process_state = value & CONDITION_FLAGS
    return status


def is_busy(index: u32) -> bool:
    """Whether a thread is not stopped, or owes a reply."""
    return threads[index].state != STOPPED or threads[index].client != 0


def commit_destroy(index: u32) -> None:
    """Undo everything that a stopped thread is bound to."""
    commit_forget_stop(index)
    thread = threads[index]
    endpoints[thread.serves].server = u32(0)
    notifications[thread.notification].thread = u32(0)
    times[thread.budget].thread = u32(0)
    vcpus[thread.vcpu].thread = u32(0)
    commit_leave(thread)
    owner = thread.header.owner
    generation = thread.header.generation
    thread.clear()
    thread.header.owner = owner
    thread.header.generation = generation
    interface.forget_thread(index)


def commit_leave(thread: Thread) -> None:
    """Take a stopped thread out of its address space, and from its capability table."""
    if thread.table != 0:
        tables[thread.table].threads = tables[thread.table].threads - 1
        translations[thread.space].users = translations[thread.space].users - 1
    thread.table = u32(0)
    thread.space = u32(0)
    thread.slots_first = u32(0)
    thread.slots_count = u32(0)


assert limits.THREAD_COUNT > 1, "thread 0 is nobody, so a system needs two entries"

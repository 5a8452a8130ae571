"""Threads: stop, start, resume, and their registers."""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, limits, objects, rights, trace
from keelback.kernel.arch import interface
from keelback.kernel.objects.capability import check_slot, slot_of
from keelback.kernel.objects.endpoint import commit_abandon
from keelback.kernel.scheduler import commit_unlink, commit_unready, commit_wake
from keelback.kernel.state import (
    AWAITING,
    CALLING,
    READY,
    RECEIVING,
    STOPPED,
    WAITING,
    Context,
    Thread,
    threads,
)
from keelback.kernel.trace import record
from keelback.lang import u8, u32, u64, upto

REGISTER_COUNT: Final = 31
STACK_POINTER: Final = 31
PROGRAM_COUNTER: Final = 32
PROCESS_STATE: Final = 33

CONDITION_FLAGS: Final = 0xF000_0000
"""N, Z, C, V: what a component may have in its process state; the rest of a zero word is EL0 of AArch64."""


def check_thread(caller: u32, thread: Thread, right: u8) -> u64:
    """OK if slot x8 names, with this right, a thread that is not the caller."""
    slot_number = thread.context.registers[8]
    status = check_slot(thread, slot_number, u8(objects.THREAD), right)
    if status != errors.OK:
        return status
    return u64(errors.STATE) if slot_of(thread, slot_number).object == caller else u64(errors.OK)


def target_of(thread: Thread) -> u32:
    """The thread that slot x8 names, once check_thread said OK."""
    return slot_of(thread, thread.context.registers[8]).object


def stop(caller: u32, thread: Thread) -> u64:
    """THREAD_STOP: x8 thread."""
    status = check_thread(caller, thread, u8(rights.CONTROL))
    if status == errors.OK:
        record(u64(trace.STOP), u64(target_of(thread)), u64(0), u64(0))  # before another thread may be the present one
        commit_stop(target_of(thread))
    return status


def commit_stop(index: u32) -> None:
    """Stop a thread that does not run at the moment. Its client hears that there will be no reply."""
    commit_withdraw(index)
    client = threads[index].client
    threads[index].client = u32(0)
    if client != 0:
        commit_abandon(client)


def commit_withdraw(index: u32) -> None:
    """Stop a thread that does not run at the moment, and end what it was blocked in."""
    thread = threads[index]
    state = thread.state
    if state == READY:
        commit_unready(index)
    elif state == CALLING:
        commit_unlink(index)
    elif state == AWAITING:
        threads[thread.server].client = u32(0)
        thread.server = u32(0)
    is_blocked = state == CALLING or state == AWAITING or state == RECEIVING or state == WAITING
    if (is_blocked and not thread.faulting) or thread.guest != 0:
        thread.context.registers[8] = u64(errors.RESTARTED)
    thread.guest = u32(0)
    thread.state = u8(STOPPED)


def start(caller: u32, thread: Thread) -> u64:
    """THREAD_START: x8 thread, x0 pc, x1 sp, x2 argument."""
    status = check_thread(caller, thread, u8(rights.CONTROL))
    if status != errors.OK:
        return status
    target = target_of(thread)
    registers = thread.context.registers
    record(u64(trace.START), u64(target), registers[0], u64(0))
    commit_stop(target)
    commit_reset(target, registers[0], registers[1], registers[2])
    commit_wake(target)
    return status


def commit_reset(index: u32, program_counter: u64, stack_pointer: u64, argument: u64) -> None:
    """Give a stopped thread fresh registers."""
    thread = threads[index]
    clear_registers(thread.context)
    thread.context.registers[0] = argument
    thread.context.stack_pointer = stack_pointer
    thread.context.program_counter = program_counter
    thread.context.process_state = u64(0)
    thread.thread_pointer = u64(0)
    thread.faulting = False
    interface.forget_thread(index)


def clear_registers(context: Context) -> None:
    """Set x0..x30 to zero."""
    for number in upto(REGISTER_COUNT):
        context.registers[number] = u64(0)


def resume(caller: u32, thread: Thread) -> u64:
    """THREAD_RESUME: x8 thread."""
    status = check_thread(caller, thread, u8(rights.CONTROL))
    if status != errors.OK:
        return status
    target = target_of(thread)
    if not is_held(target):
        return u64(errors.STATE)
    commit_withdraw(target)
    threads[target].faulting = False
    commit_wake(target)
    return status


def is_held(index: u32) -> bool:
    """Whether a thread is stopped, or waits for its fault handler."""
    return threads[index].state == STOPPED or threads[index].faulting


def read(caller: u32, thread: Thread) -> u64:
    """THREAD_READ: x8 thread, x0 register id."""
    status = check_thread(caller, thread, u8(rights.READ))
    if status != errors.OK:
        return status
    register = thread.context.registers[0]
    if register > PROCESS_STATE:
        return u64(errors.BAD_ARGUMENT)
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


def write(caller: u32, thread: Thread) -> u64:
    """THREAD_WRITE: x8 thread, x0 register id, x1 value."""
    status = check_thread(caller, thread, u8(rights.WRITE))
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


assert limits.THREAD_COUNT > 1, "thread 0 is nobody, so a system needs two entries"

"""Virtual processors: run, inject, reset, and how an exit reaches the monitor.

The decoding of exits and all EL1 state are the architecture's (`arch`). A vcpu belongs to one thread, its monitor's,
and only that thread runs it; while it does, the thread's `guest` names the vcpu.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, objects, rights, trace, vcpu
from keelback.kernel.arch import interface
from keelback.kernel.objects.capability import check_slot, holds, slot_of
from keelback.kernel.objects.notification import take_pending
from keelback.kernel.scheduler import commit_run_next, commit_wake, this_core
from keelback.kernel.state import (
    ACCESS_LOAD,
    ACCESS_NONE,
    ACCESS_REGISTER,
    GUEST_IDLE,
    Core,
    Thread,
    Vcpu,
    threads,
    translations,
    vcpus,
)
from keelback.kernel.timers import NEVER, commit_sleep, commit_unsleep
from keelback.kernel.trace import record
from keelback.lang import inline, u8, u32, u64

ALL_ACTIONS: Final = vcpu.SKIP | vcpu.WRITE_RESULT


@inline
def is_runnable(thread: Thread) -> bool:
    """Whether slot x8 names the thread's own vcpu, in the common case; see `holds`."""
    number = thread.context.registers[8]
    is_held = holds(thread, number, u8(objects.VCPU), u8(rights.CONTROL))
    return is_held and slot_of(thread, number).object == thread.vcpu


@inline
def run(thread: Thread) -> u64:
    """VCPU_RUN: x8 vcpu, x0 actions, x1 value. OK means that the guest runs now, or that bits were pending."""
    registers = thread.context.registers
    status = check_slot(thread, registers[8], u8(objects.VCPU), u8(rights.CONTROL))
    if status != errors.OK:
        return status
    index = slot_of(thread, registers[8]).object
    if thread.vcpu != index:
        return u64(errors.STATE)
    status = start(thread, index)
    target = vcpus[index]
    if thread.guest != 0 and target.wants_room and interface.has_room(index):
        target.wants_room = False
        thread.guest = u32(0)
        registers[0] = u64(vcpu.MAINTENANCE)
    return status


@inline
def start(thread: Thread, index: u32) -> u64:
    """VCPU_RUN of the thread's own vcpu, but for the list register that it may wait for."""
    registers = thread.context.registers
    target = vcpus[index]
    actions = registers[0]
    if actions & ~u64(ALL_ACTIONS) != 0:
        return u64(errors.BAD_ARGUMENT)
    if actions & vcpu.WRITE_RESULT != 0 and target.access == ACCESS_NONE:
        return u64(errors.BAD_ARGUMENT)
    if actions & vcpu.WRITE_RESULT != 0:
        commit_result(target, registers[1])
    if actions & vcpu.SKIP != 0:
        length = interface.instruction_bytes(target.syndrome)
        target.context.program_counter = target.context.program_counter.wrapping_add(length)
    target.access = u8(ACCESS_NONE)
    bits = take_pending(thread.notification)
    if bits != 0:
        registers[0] = u64(vcpu.NOTIFIED)
        registers[1] = bits
    else:
        thread.guest = index
    return u64(errors.OK)


@inline
def commit_result(target: Vcpu, value: u64) -> None:
    """Complete the access that the last exit left open."""
    number = u64(0)
    if target.access == ACCESS_LOAD:
        number = interface.load_register(target.syndrome)
        value = interface.load_value(target.syndrome, value)
    elif target.access == ACCESS_REGISTER:
        number = interface.system_register_target(target.syndrome)
    if number < 31:
        target.context.registers[number] = value


@inline
def commit_exit(core: Core, index: u32, thread: Thread, reason: u64) -> None:
    """End VCPU_RUN of the thread that runs vcpu `index`; the caller has put the details into x1..x6."""
    thread.guest = u32(0)
    thread.context.registers[0] = reason
    thread.context.registers[8] = u64(errors.OK)
    context = vcpus[index].context
    record(core, u64(trace.EXIT), reason, context.program_counter, context.process_state)


def commit_idle(core: Core, thread: Thread) -> None:
    """The present thread's guest executed wfi and no virtual interrupt is pending: wait for one, or for its timer."""
    thread.state = u32(GUEST_IDLE)
    deadline = interface.find_guest_deadline(thread.guest)
    if deadline != NEVER:
        commit_sleep(core.current, deadline)
    commit_run_next(core)


def commit_interrupted(index: u32) -> None:
    """A virtual interrupt has become pending: a guest that waits for one runs on."""
    monitor = vcpus[index].thread
    if threads[monitor].state == GUEST_IDLE and threads[monitor].guest == index:
        commit_end_idle(monitor)


def commit_end_idle(monitor: u32) -> None:
    """A monitor whose guest waits runs on."""
    if threads[monitor].queue != 0:
        commit_unsleep(monitor)
    commit_wake(monitor)


def commit_room(index: u32) -> None:
    """A list register is free: the monitor hears of it if its guest runs, and can inject again in any case."""
    target = vcpus[index]
    monitor = threads[target.thread]
    if not target.wants_room or monitor.guest != index:
        return
    target.wants_room = False
    is_idle = monitor.state == GUEST_IDLE
    commit_exit(this_core(), index, monitor, u64(vcpu.MAINTENANCE))
    if is_idle:
        commit_end_idle(target.thread)


def inject(thread: Thread) -> u64:
    """VCPU_INJECT: x8 vcpu, x0 interrupt id, x1 priority."""
    registers = thread.context.registers
    status = check_slot(thread, registers[8], u8(objects.VCPU), u8(rights.WRITE))
    if status != errors.OK:
        return status
    if registers[0] >= vcpu.INTID_LIMIT or registers[1] > 255:
        return u64(errors.BAD_ARGUMENT)
    index = slot_of(thread, registers[8]).object
    if not interface.inject(index, registers[0], registers[1]):
        vcpus[index].wants_room = True
        return u64(errors.BUSY)
    commit_interrupted(index)
    return status


def is_running(index: u32) -> bool:
    """Whether a thread is in VCPU_RUN of this vcpu."""
    return threads[vcpus[index].thread].guest == index


def reset(thread: Thread) -> u64:
    """VCPU_RESET: x8 vcpu."""
    registers = thread.context.registers
    status = check_slot(thread, registers[8], u8(objects.VCPU), u8(rights.CONTROL))
    if status != errors.OK:
        return status
    index = slot_of(thread, registers[8]).object
    if is_running(index):
        return u64(errors.BUSY)
    if not interface.is_within_reach(index):
        return u64(errors.PENDING)
    commit_reset(index)
    return status


def commit_reset(index: u32) -> None:
    """Give a vcpu that does not run the state of a processor after reset."""
    interface.reset_vcpu(index)
    target = vcpus[index]
    target.access = u8(ACCESS_NONE)
    target.timer_enabled = False
    target.timer_due = False
    target.wants_room = False


def is_busy(index: u32) -> bool:
    """Whether the guest runs, or is in a processor still: resetting it takes it out."""
    return is_running(index) or vcpus[index].loaded_on != 0


def commit_create(index: u32) -> None:
    """A new vcpu is reset; it has no thread and no address space."""
    commit_reset(index)


def commit_destroy(index: u32) -> None:
    """Its thread and its address space have no vcpu now."""
    commit_leave_space(vcpus[index])
    vcpus[index].thread = u32(0)
    vcpus[index].space = u32(0)


def commit_leave_space(target: Vcpu) -> None:
    """Take a vcpu from its thread and its address space, on their side."""
    threads[target.thread].vcpu = u32(0)
    if target.space != 0:
        translations[target.space].users = translations[target.space].users - 1

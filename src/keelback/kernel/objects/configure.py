"""The calls that bind objects to each other: threads to address spaces, cores and time, endpoints to servers,
interrupts to notifications, vcpus to threads.

Every binding is known on both sides, so that destroying either side ends it in one step. A thread is only changed
while it is stopped, and not before every processor has let go of its registers.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, limits, objects, rights
from keelback.kernel import state
from keelback.kernel.arch import interface
from keelback.kernel.budgets import commit_own_time
from keelback.kernel.objects import endpoint, interrupt, scheduling_context
from keelback.kernel.objects.capability import find_object_later
from keelback.kernel.objects.thread import commit_forget_stop, commit_leave
from keelback.kernel.objects.vcpu import commit_leave_space, is_running
from keelback.kernel.state import STOPPED, Thread, endpoints, notifications, tables, threads, times, translations
from keelback.lang import noinline, u8, u32, u64

NOWHERE: Final = u32(limits.CORE_COUNT)
"""No core may keep registers."""


@noinline
def find_two(thread: Thread, kind: u8, other: u8, right: u8) -> tuple[u64, u32, u32]:
    """Status, the object of a kind (CONTROL) in slot x8, and that of another kind in slot x0; 0 for slot 0."""
    registers = thread.context.registers
    status, index = find_object_later(thread, registers[8], kind, u8(rights.CONTROL))
    chosen = u32(0)
    if status == errors.OK and registers[0] != 0:
        status, chosen = find_object_later(thread, registers[0], other, right)
    return status, index, chosen


@noinline
def find_both(thread: Thread, kind: u8, other: u8) -> tuple[u64, u32, u32]:
    """As find_two, where slot 0 is as any empty one."""
    status, index, chosen = find_two(thread, kind, other, u8(rights.CONTROL))
    return u64(errors.BAD_SLOT) if status == errors.OK and chosen == 0 else status, index, chosen


def thread_space(caller: u32, thread: Thread) -> u64:
    """THREAD_CONFIGURE: x8 thread, x0 address space, x1 capability table, x2 endpoint for faults, x3 their badge."""
    registers = thread.context.registers
    status, index, space = find_both(thread, u8(objects.THREAD), u8(objects.ADDRESS_SPACE))
    table = u32(0)
    handler = u32(0)
    if status == errors.OK:
        status, table = find_object_later(thread, registers[1], u8(objects.CAPABILITY_TABLE), u8(rights.CONTROL))
    if status == errors.OK and registers[2] != 0:
        status, handler = find_object_later(thread, registers[2], u8(objects.ENDPOINT), u8(rights.WRITE))
    if status != errors.OK:
        return status
    target = threads[index]
    owner = target.header.owner
    is_one_pool = translations[space].header.owner == owner and tables[table].header.owner == owner
    if target.state != STOPPED or not is_one_pool:
        return u64(errors.STATE)
    if not interface.let_go(index, u32(0), NOWHERE):
        return u64(errors.PENDING)
    commit_enter(target, space, table)
    target.fault_endpoint = handler
    target.fault_generation = endpoints[handler].header.generation
    target.fault_badge = registers[3]
    return u64(errors.OK)


def commit_enter(thread: Thread, space: u32, table: u32) -> None:
    """Give a stopped thread its address space and its capability table."""
    commit_leave(thread)
    translations[space].users = translations[space].users + 1
    tables[table].threads = tables[table].threads + 1
    thread.space = space
    thread.stage2 = interface.stage2_of(space)
    thread.table = table
    thread.slots_first = tables[table].first
    thread.slots_count = tables[table].count


def thread_schedule(caller: u32, thread: Thread) -> u64:
    """THREAD_SCHEDULE: x8 thread, x0 core, x1 priority, x2 ceiling."""
    status, index, core = find_both(thread, u8(objects.THREAD), u8(objects.CORE))
    if status != errors.OK:
        return status
    target = threads[index]
    priority = thread.context.registers[1]
    ceiling = thread.context.registers[2]
    if priority == 0 or priority > ceiling or ceiling >= limits.PRIORITY_COUNT:
        return u64(errors.BAD_ARGUMENT)
    if ceiling > u64(thread.ceiling):
        return u64(errors.PRIORITY)
    if target.state != STOPPED:
        return u64(errors.STATE)
    if not interface.let_go(index, target.vcpu, core - 1):
        return u64(errors.PENDING)
    commit_forget_stop(index)
    target.rank = (core - 1) * limits.PRIORITY_COUNT + u32.truncate(priority)
    target.ceiling = u8.truncate(ceiling)
    return u64(errors.OK)


def thread_bind(caller: u32, thread: Thread) -> u64:
    """THREAD_BIND: x8 thread, x0 notification."""
    status, index, chosen = find_two(thread, u8(objects.THREAD), u8(objects.NOTIFICATION), u8(rights.CONTROL))
    if status != errors.OK:
        return status
    if threads[index].state != STOPPED or notifications[chosen].thread != 0:
        return u64(errors.STATE)
    notifications[threads[index].notification].thread = u32(0)
    threads[index].notification = chosen
    threads[index].quiet = False
    notifications[chosen].thread = index if chosen != 0 else u32(0)
    return status


def thread_time(caller: u32, thread: Thread) -> u64:
    """THREAD_GIVE_TIME: x8 thread, x0 scheduling context."""
    status, index, chosen = find_two(thread, u8(objects.THREAD), u8(objects.TIME), u8(rights.CONTROL))
    if status != errors.OK:
        return status
    target = threads[index]
    time = times[chosen]
    if chosen == 0 and thread.budget != 0:
        return u64(errors.PRIORITY)
    is_free = time.thread == 0 and time.budget != 0 and time.header.owner == target.header.owner
    if target.state != STOPPED or not (chosen == 0 or is_free):
        return u64(errors.STATE)
    times[target.budget].thread = u32(0)
    target.budget = chosen
    time.thread = index if chosen != 0 else u32(0)
    commit_own_time(target)
    return status


def time(caller: u32, thread: Thread) -> u64:
    """TIME_CONFIGURE: x8 scheduling context, x0 core, x1 budget, x2 period, x3 partition and flags."""
    registers = thread.context.registers
    status, index, _ = find_both(thread, u8(objects.TIME), u8(objects.CORE))
    if status != errors.OK:
        return status
    if not scheduling_context.is_acceptable(registers[1], registers[2], registers[3]):
        return u64(errors.BAD_ARGUMENT)
    if times[index].thread != 0:
        return u64(errors.BUSY)
    scheduling_context.commit_configure(times[index], registers[1], registers[2], registers[3])
    return status


def endpoint_bind(caller: u32, thread: Thread) -> u64:
    """ENDPOINT_BIND: x8 endpoint, x0 thread."""
    status, index, chosen = find_two(thread, u8(objects.ENDPOINT), u8(objects.THREAD), u8(rights.CONTROL))
    if status != errors.OK:
        return status
    server = endpoints[index].server
    is_bound = server != 0 or threads[chosen].serves != 0
    if (chosen != 0 and is_bound) or endpoint.is_receiving(threads[server]):
        return u64(errors.STATE)
    threads[server].serves = u32(0)
    threads[server].quiet = False
    endpoints[index].server = chosen
    threads[chosen].serves = index if chosen != 0 else u32(0)
    return status


def endpoint_cancel(caller: u32, thread: Thread) -> u64:
    """ENDPOINT_CANCEL: x8 endpoint."""
    status, index = find_object_later(thread, thread.context.registers[8], u8(objects.ENDPOINT), u8(rights.CONTROL))
    if status == errors.OK and not endpoint.cancel(index):
        return u64(errors.STATE)
    return status


def interrupt_bind(caller: u32, thread: Thread) -> u64:
    """INTERRUPT_BIND: x8 interrupt, x0 notification, x1 bits, x2 1 for an edge."""
    registers = thread.context.registers
    status, index, chosen = find_two(thread, u8(objects.INTERRUPT), u8(objects.NOTIFICATION), u8(rights.WRITE))
    if status != errors.OK:
        return status
    if registers[2] > 1:
        return u64(errors.BAD_ARGUMENT)
    interrupt.commit_bind(index, chosen, registers[1], registers[2] == 1)
    return status


def vcpu(caller: u32, thread: Thread) -> u64:
    """VCPU_CONFIGURE: x8 vcpu, x0 thread, x1 the guest's address space."""
    number = thread.context.registers[1]
    space = u32(0)
    status, index, monitor = find_both(thread, u8(objects.VCPU), u8(objects.THREAD))
    if status == errors.OK:
        status, space = find_object_later(thread, number, u8(objects.ADDRESS_SPACE), u8(rights.CONTROL))
    if status != errors.OK:
        return status
    target = state.vcpus[index]
    if is_running(index):
        return u64(errors.BUSY)
    is_other = threads[monitor].vcpu != 0 and threads[monitor].vcpu != index
    if is_other or translations[space].header.owner != target.header.owner:
        return u64(errors.STATE)
    if not interface.let_go(u32(0), index, NOWHERE):
        return u64(errors.PENDING)
    commit_leave_space(target)
    target.thread = monitor
    threads[monitor].vcpu = index
    target.space = space
    target.stage2 = interface.stage2_of(space)
    translations[space].users = translations[space].users + 1
    return u64(errors.OK)

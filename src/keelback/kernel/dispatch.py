"""System calls: from the number to the object that serves it.

`dispatch` works on the tables alone: the caller is `Core.current`, its arguments and results are in its context.
The entry stubs, which load and store registers, are a shell around it (`entry`).
"""

from __future__ import annotations

from keelback.abi import errors, syscalls, trace
from keelback.kernel.objects import (
    capability,
    configure,
    endpoint,
    frame,
    grant,
    interrupt,
    notification,
    passing,
    platform,
    pool,
    reply,
    thread,
    trace_ring,
    translation,
    vcpu,
    vcpu_registers,
)
from keelback.kernel.scheduler import commit_end_slice, this_core
from keelback.kernel.state import Core, Thread, threads
from keelback.kernel.trace import record
from keelback.lang import inline, naked, noinline, u64


def dispatch(number: u64) -> None:
    """Carry out one system call of the present thread. Afterwards another thread may be the present one."""
    core = this_core()
    calling = threads[core.current]
    status = call_traced(number, core, calling)
    calling.context.registers[8] = status


@noinline
def call_traced(number: u64, core: Core, calling: Thread) -> u64:
    """The call itself, with its records, and its status. A thread that blocks finds another one when it is woken."""
    registers = calling.context.registers
    record(core, u64(trace.CALL), number, registers[8], registers[0])
    clear_results(calling)
    slot = registers[8]
    if number == syscalls.CALL:
        status = endpoint.call(core, calling)
    elif number == syscalls.REPLY_RECEIVE:
        status = endpoint.reply_receive(core, calling)
    else:
        status = call_object(number, core, calling)
    if status == endpoint.HANDED_OVER:
        endpoint.copy_words(threads[core.current].context.registers, registers)
        status = u64(errors.OK)
    if status != errors.OK:
        record(core, u64(trace.ERROR), number, slot, status)
    return status


@naked(
    """
    .quad kernel_call_by_number, {null}, {endpoint.receive}, {translation.unlink}
    .quad {notification.signal}, {notification.wait}, {notification.poll}, {interrupt.acknowledge}
    .quad {translation.unlink_entry}, {vcpu_registers.read}, {vcpu_registers.write}, {vcpu.inject}
    .quad kernel_call_by_number, kernel_call_by_number, kernel_call_by_number, kernel_call_by_number
    .quad kernel_call_by_number, {capability.copy}, {capability.mint}, {capability.delete}
    .quad {capability.revoke}, {trace_ring.read}, {vcpu.reset}, {platform.system_off}
    .quad {trace_ring.control}, {reply.save}, {reply.answer}, {endpoint.call_pass}
    .quad {reply.answer_pass}, {passing.accept}, kernel_call_by_number, kernel_call_by_number
    .quad kernel_call_by_number, {capability.move}, {capability.clear}, {grant.delegate}
    .quad {pool.create}, {pool.destroy}, {pool.give}, {pool.take}
    .quad {pool.claim}, {pool.revoke}, kernel_call_by_number, kernel_call_by_number
    .quad kernel_call_by_number, kernel_call_by_number, kernel_call_by_number, kernel_call_by_number
    .quad kernel_call_by_number, kernel_call_by_number, kernel_call_by_number, {frame.clear}
    .quad {frame.info}, {translation.map_frame}, {translation.unmap}, {translation.link}
    """,
    symbol="kernel_calls",
    section=".text.calls",
    align=8,
)
def calls() -> None:
    """Who serves which number, for the entry stub: as call_object says. Calls that need more than their caller go by
    system_call, CALL and the like come in at entries of their own."""


def null(calling: Thread) -> u64:
    """NULL."""
    return u64(errors.OK)


@inline
def clear_results(calling: Thread) -> None:
    """x9 and x10 are zero where a call does not use them."""
    calling.context.registers[9] = u64(0)
    calling.context.registers[10] = u64(0)


@inline
def call_object(number: u64, core: Core, calling: Thread) -> u64:
    """The call itself, for all but CALL and REPLY_RECEIVE."""
    if number == syscalls.NULL:
        return null(calling)
    if number == syscalls.RECEIVE:
        return endpoint.receive(calling)
    if number == syscalls.SIGNAL:
        return notification.signal(calling)
    if number == syscalls.WAIT:
        return notification.wait(calling)
    if number == syscalls.POLL:
        return notification.poll(calling)
    if number == syscalls.INTERRUPT_ACKNOWLEDGE:
        return interrupt.acknowledge(calling)
    if number == syscalls.VCPU_RUN:
        return run_vcpu(calling)
    if number == syscalls.VCPU_READ:
        return vcpu_registers.read(calling)
    if number == syscalls.VCPU_WRITE:
        return vcpu_registers.write(calling)
    if number == syscalls.VCPU_INJECT:
        return vcpu.inject(calling)
    if number == syscalls.THREAD_STOP:
        return thread.stop(core, calling)
    if number == syscalls.THREAD_START:
        return thread.start(core, calling)
    if number == syscalls.THREAD_READ:
        return thread.read(core, calling)
    if number == syscalls.THREAD_WRITE:
        return thread.write(core, calling)
    if number == syscalls.THREAD_RESUME:
        return thread.resume(core, calling)
    if number == syscalls.CAPABILITY_COPY:
        return capability.copy(calling)
    if number == syscalls.CAPABILITY_MINT:
        return capability.mint(calling)
    if number == syscalls.CAPABILITY_DELETE:
        return capability.delete(calling)
    if number == syscalls.REVOKE:
        return capability.revoke(calling)
    if number == syscalls.TRACE_READ:
        return trace_ring.read(calling)
    if number == syscalls.VCPU_RESET:
        return vcpu.reset(calling)
    if number == syscalls.SYSTEM_OFF:
        return platform.system_off(calling)
    if number == syscalls.TRACE_CONTROL:
        return trace_ring.control(calling)
    if number == syscalls.REPLY_SAVE:
        return reply.save(calling)
    if number == syscalls.REPLY:
        return reply.answer(calling)
    if number == syscalls.CALL_PASS:
        return endpoint.call_pass(calling)
    if number == syscalls.REPLY_PASS:
        return reply.answer_pass(calling)
    return call_new(number, core, calling)


@inline
def call_new(number: u64, core: Core, calling: Thread) -> u64:
    """The calls from ACCEPT on."""
    if number == syscalls.ACCEPT:
        return passing.accept(calling)
    if number == syscalls.RECEIVE_UNTIL:
        return endpoint.receive_until(calling, calling.context.registers[0])
    if number == syscalls.WAIT_UNTIL:
        return notification.wait_until(calling, calling.context.registers[0])
    if number == syscalls.YIELD:
        return yield_slice(core)
    if number == syscalls.CAPABILITY_MOVE:
        return capability.move(calling)
    if number == syscalls.CAPABILITY_CLEAR:
        return capability.clear(calling)
    if number == syscalls.DELEGATE:
        return grant.delegate(calling)
    if number == syscalls.OBJECT_CREATE:
        return pool.create(calling)
    if number == syscalls.OBJECT_DESTROY:
        return pool.destroy(calling)
    if number == syscalls.OBJECT_GIVE:
        return pool.give(calling)
    if number == syscalls.OBJECT_TAKE:
        return pool.take(calling)
    if number == syscalls.OBJECT_CLAIM:
        return pool.claim(calling)
    if number == syscalls.OBJECT_REVOKE:
        return pool.revoke(calling)
    if number == syscalls.FRAME_CLEAR:
        return frame.clear(calling)
    if number == syscalls.FRAME_INFO:
        return frame.info(calling)
    if number == syscalls.MAP:
        return translation.map_frame(calling)
    if number == syscalls.UNMAP:
        return translation.unmap(calling)
    if number == syscalls.LINK:
        return translation.link(calling)
    if number == syscalls.UNLINK:
        return translation.unlink(calling)
    if number == syscalls.UNLINK_ENTRY:
        return translation.unlink_entry(calling)
    return call_configure(number, core, calling)


@noinline
def yield_slice(core: Core) -> u64:
    """YIELD."""
    commit_end_slice(core)
    return u64(errors.OK)


@noinline
def run_vcpu(calling: Thread) -> u64:
    """VCPU_RUN, where it is not worth a copy."""
    return vcpu.run(calling)


@noinline
def call_configure(number: u64, core: Core, calling: Thread) -> u64:
    """The calls that bind objects to each other."""
    caller = core.current
    if number == syscalls.THREAD_CONFIGURE:
        return configure.thread_space(caller, calling)
    if number == syscalls.THREAD_SCHEDULE:
        return configure.thread_schedule(caller, calling)
    if number == syscalls.THREAD_BIND:
        return configure.thread_bind(caller, calling)
    if number == syscalls.THREAD_GIVE_TIME:
        return configure.thread_time(caller, calling)
    if number == syscalls.TIME_CONFIGURE:
        return configure.time(caller, calling)
    if number == syscalls.ENDPOINT_BIND:
        return configure.endpoint_bind(caller, calling)
    if number == syscalls.ENDPOINT_CANCEL:
        return configure.endpoint_cancel(caller, calling)
    if number == syscalls.INTERRUPT_BIND:
        return configure.interrupt_bind(caller, calling)
    if number == syscalls.VCPU_CONFIGURE:
        return configure.vcpu(caller, calling)
    return u64(errors.UNKNOWN_CALL)

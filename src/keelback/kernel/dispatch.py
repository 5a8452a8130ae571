"""System calls: from the number to the object that serves it.

`dispatch` works on the tables alone: the caller is `Core.current`, its arguments and results are in its context.
The entry stubs, which load and store registers, are a shell around it (`entry`).
"""

from __future__ import annotations

from keelback.abi import errors, syscalls, trace
from keelback.kernel.objects import (
    capability,
    endpoint,
    interrupt,
    notification,
    platform,
    thread,
    trace_ring,
    vcpu,
    vcpu_registers,
)
from keelback.kernel.scheduler import this_core
from keelback.kernel.state import Thread, threads
from keelback.kernel.trace import record
from keelback.lang import inline, u32, u64


def dispatch(number: u64) -> None:
    """Carry out one system call of the present thread. Afterwards another thread may be the present one."""
    caller = this_core().current
    calling = threads[caller]
    begin_call(calling, number)
    end_call(calling, number, call_object(number, caller, calling))


@inline
def begin_call(calling: Thread, number: u64) -> None:
    """Before the call itself."""
    registers = calling.context.registers
    record(u64(trace.CALL), number, registers[8], registers[0])
    registers[9] = u64(0)
    registers[10] = u64(0)


@inline
def end_call(calling: Thread, number: u64, status: u64) -> None:
    """After the call itself."""
    registers = calling.context.registers
    if status != errors.OK:
        record(u64(trace.ERROR), number, registers[8], status)
    registers[8] = status


def call_object(number: u64, caller: u32, calling: Thread) -> u64:
    """The call itself; the status, which for a thread that blocks is set anew when it is woken."""
    if number == syscalls.CALL:
        return endpoint.call(caller, calling)
    if number == syscalls.REPLY_RECEIVE:
        return endpoint.reply_receive(caller, calling)
    if number == syscalls.VCPU_RUN:
        return vcpu.run(caller, calling)
    if number == syscalls.RECEIVE:
        return endpoint.receive(caller, calling)
    if number == syscalls.SIGNAL:
        return notification.signal(calling)
    if number == syscalls.WAIT:
        return notification.wait(caller, calling)
    if number == syscalls.POLL:
        return notification.poll(calling)
    if number == syscalls.INTERRUPT_ACKNOWLEDGE:
        return interrupt.acknowledge(calling)
    if syscalls.VCPU_READ <= number <= syscalls.VCPU_INJECT or number == syscalls.VCPU_RESET:
        return call_vcpu(number, calling)
    if syscalls.THREAD_STOP <= number <= syscalls.THREAD_RESUME:
        return call_thread(number, caller, calling)
    return call_rare(number, calling)


def call_vcpu(number: u64, calling: Thread) -> u64:
    """The calls that prepare a guest."""
    if number == syscalls.VCPU_INJECT:
        return vcpu.inject(calling)
    if number == syscalls.VCPU_READ:
        return vcpu_registers.read(calling)
    if number == syscalls.VCPU_WRITE:
        return vcpu_registers.write(calling)
    return vcpu.reset(calling)


def call_thread(number: u64, caller: u32, calling: Thread) -> u64:
    """The calls on other threads."""
    if number == syscalls.THREAD_STOP:
        return thread.stop(caller, calling)
    if number == syscalls.THREAD_START:
        return thread.start(caller, calling)
    if number == syscalls.THREAD_READ:
        return thread.read(caller, calling)
    if number == syscalls.THREAD_WRITE:
        return thread.write(caller, calling)
    return thread.resume(caller, calling)


def call_rare(number: u64, calling: Thread) -> u64:
    """Capabilities, trace and platform."""
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
    if number == syscalls.TRACE_CONTROL:
        return trace_ring.control(calling)
    if number == syscalls.SYSTEM_OFF:
        return platform.system_off(calling)
    return u64(errors.OK) if number == syscalls.NULL else u64(errors.UNKNOWN_CALL)

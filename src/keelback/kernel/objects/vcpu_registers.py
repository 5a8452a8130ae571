"""Registers of a vcpu: VCPU_READ and VCPU_WRITE by id (keelback.abi.vcpu)."""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, objects, rights, vcpu
from keelback.kernel.arch import interface
from keelback.kernel.objects.capability import find_object
from keelback.kernel.objects.vcpu import is_running
from keelback.kernel.state import Thread, Vcpu, vcpus
from keelback.lang import u8, u32, u64

STATE_FLAGS: Final = 0xF000_03C0
"""N, Z, C, V and D, A, I, F."""
STATE_MODE: Final = 0x1F
MODE_EL0T: Final = 0
MODE_EL1T: Final = 4
MODE_EL1H: Final = 5


def find_target(thread: Thread, right: u8) -> tuple[u64, u32]:
    """OK, and the vcpu in slot x8, if it is one with this right that neither runs nor is loaded on another core, and x0
    is a register id; or the error."""
    registers = thread.context.registers
    status, index = find_object(thread, registers[8], u8(objects.VCPU), right)
    if status != errors.OK:
        return status, index
    if registers[0] >= vcpu.REGISTER_COUNT:
        return u64(errors.BAD_ARGUMENT), index
    if is_running(index):
        return u64(errors.BUSY), index
    return u64(errors.OK) if interface.is_within_reach(index) else u64(errors.PENDING), index


def read(thread: Thread) -> u64:
    """VCPU_READ: x8 vcpu, x0 register id."""
    status, index = find_target(thread, u8(rights.READ))
    if status != errors.OK:
        return status
    register = thread.context.registers[0]
    thread.context.registers[0] = value_of(index, register)
    return status


def value_of(index: u32, register: u64) -> u64:
    """The present value of a register."""
    target = vcpus[index]
    if register <= 30:
        return target.context.registers[register]
    if register == vcpu.SP_EL0:
        return target.context.stack_pointer
    if register == vcpu.PC:
        return target.context.program_counter
    if register == vcpu.PSTATE:
        return target.context.process_state
    if register == vcpu.TIMER_INTERRUPT:
        return u64(target.timer_priority) | (u64(target.timer_enabled) << 8)
    if register == vcpu.PENDING:
        return u64(interface.has_pending(index))
    if register == vcpu.MPIDR:
        return target.mpidr
    if register == vcpu.MIDR:
        return target.midr
    interface.unload_vcpu(index)
    return el1_value_of(target, register)


def el1_value_of(target: Vcpu, register: u64) -> u64:
    """The value of an EL1 register of a vcpu that is not loaded."""
    el1 = target.el1
    if register == vcpu.SP_EL1:
        return el1.sp
    if register == vcpu.SCTLR_EL1:
        return el1.sctlr
    if register == vcpu.VBAR_EL1:
        return el1.vbar
    if register == vcpu.ELR_EL1:
        return el1.elr
    if register == vcpu.SPSR_EL1:
        return el1.spsr
    if register == vcpu.ESR_EL1:
        return el1.esr
    if register == vcpu.FAR_EL1:
        return el1.far
    if register == vcpu.CNTV_CTL:
        return el1.cntv_ctl
    if register == vcpu.CNTV_CVAL:
        return el1.cntv_cval
    return u64(0)


def write(thread: Thread) -> u64:
    """VCPU_WRITE: x8 vcpu, x0 register id, x1 value."""
    status, index = find_target(thread, u8(rights.WRITE))
    if status != errors.OK:
        return status
    registers = thread.context.registers
    if not is_acceptable(registers[0], registers[1]):
        return u64(errors.BAD_ARGUMENT)
    commit_write(index, registers[0], registers[1])
    return status


def is_acceptable(register: u64, value: u64) -> bool:
    """Whether a register may get this value. A guest must never be entered at EL2."""
    if register == vcpu.PSTATE:
        mode = value & STATE_MODE
        is_mode = mode == MODE_EL0T or mode == MODE_EL1T or mode == MODE_EL1H
        return is_mode and value & ~u64(STATE_FLAGS | STATE_MODE) == 0
    if register == vcpu.CNTVOFF:
        return value == 0
    if register == vcpu.TIMER_INTERRUPT:
        return value < 512
    return register != vcpu.PENDING


def commit_write(index: u32, register: u64, value: u64) -> None:
    """Write a register with a value that it accepts."""
    target = vcpus[index]
    if register <= 30:
        target.context.registers[register] = value
    elif register == vcpu.SP_EL0:
        target.context.stack_pointer = value
    elif register == vcpu.PC:
        target.context.program_counter = value
    elif register == vcpu.PSTATE:
        target.context.process_state = value
    elif register == vcpu.TIMER_INTERRUPT:
        target.timer_priority = u8.truncate(value)
        target.timer_enabled = value.bit(8)
        interface.retry_timer(index)
    else:
        interface.unload_vcpu(index)
        commit_el1_write(target, register, value)


def commit_el1_write(target: Vcpu, register: u64, value: u64) -> None:
    """Write a register of a vcpu that is not loaded."""
    el1 = target.el1
    if register == vcpu.SP_EL1:
        el1.sp = value
    elif register == vcpu.SCTLR_EL1:
        el1.sctlr = value
    elif register == vcpu.VBAR_EL1:
        el1.vbar = value
    elif register == vcpu.ELR_EL1:
        el1.elr = value
    elif register == vcpu.SPSR_EL1:
        el1.spsr = value
    elif register == vcpu.ESR_EL1:
        el1.esr = value
    elif register == vcpu.FAR_EL1:
        el1.far = value
    elif register == vcpu.CNTV_CTL:
        el1.cntv_ctl = value & 3
    elif register == vcpu.CNTV_CVAL:
        el1.cntv_cval = value
    elif register == vcpu.MPIDR:
        target.mpidr = value
    elif register == vcpu.MIDR:
        target.midr = value

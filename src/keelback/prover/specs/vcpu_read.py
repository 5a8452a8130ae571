"""VCPU_READ, and what a vcpu's registers are called."""

from __future__ import annotations

from keelback.abi import errors, objects, rights, vcpu
from keelback.prover.specs.authority import held
from keelback.prover.specs.ownership import is_running
from keelback.prover.specs.refusal import require
from keelback.prover.specs.registers_elsewhere import get_within_reach
from keelback.prover.state import State, Thread, Vcpu

EL1_NAMES = {
    vcpu.SP_EL1: "sp",
    vcpu.SCTLR_EL1: "sctlr",
    vcpu.VBAR_EL1: "vbar",
    vcpu.ELR_EL1: "elr",
    vcpu.SPSR_EL1: "spsr",
    vcpu.ESR_EL1: "esr",
    vcpu.FAR_EL1: "far",
    vcpu.CNTV_CTL: "cntv_ctl",
    vcpu.CNTV_CVAL: "cntv_cval",
}


def resting_vcpu(state: State, caller: Thread, right: int) -> tuple[int, Vcpu]:
    """The vcpu that x8 names, which does not run, while x0 is a register's number."""
    index = held(state, caller, caller.registers[8], objects.VCPU, right)
    require(caller.registers[0] < vcpu.REGISTER_COUNT, errors.BAD_ARGUMENT)
    require(not is_running(state, index), errors.BUSY)
    get_within_reach(state, index)
    return index, state.vcpus[index]


def has_pending(target: Vcpu) -> bool:
    """Whether an interrupt is pending for a guest."""
    return bool(target.arriving) or any(interrupt.pending for interrupt in target.interrupts.values())


def vcpu_read(state: State, caller: Thread) -> None:
    """x0 = a register of a guest that does not run."""
    _, target = resting_vcpu(state, caller, rights.READ)
    caller.registers[0] = value_of(target, caller.registers[0])


def value_of(target: Vcpu, number: int) -> int:
    """The value of a register."""
    if number < len(target.registers):
        return target.registers[number]
    if number in EL1_NAMES:
        return target.el1[EL1_NAMES[number]]
    others = {
        vcpu.CNTVOFF: 0,
        vcpu.TIMER_INTERRUPT: target.timer_priority | vcpu.TIMER_ENABLED * target.timer_enabled,
        vcpu.PENDING: int(has_pending(target)),
        vcpu.MPIDR: target.mpidr,
        vcpu.MIDR: target.midr,
    }
    return others[number]

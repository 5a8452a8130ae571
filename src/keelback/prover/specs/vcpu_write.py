"""VCPU_WRITE."""

from __future__ import annotations

from keelback.abi import errors, rights, vcpu
from keelback.prover.specs.refusal import require
from keelback.prover.specs.vcpu_inject import retry_timer
from keelback.prover.specs.vcpu_read import EL1_NAMES, resting_vcpu
from keelback.prover.state import State, Thread, Vcpu

MODES = (0, 4, 5)
"""EL0t, EL1t, EL1h: never EL2."""
MODE_MASK = 0x1F
FLAGS = 0xF000_03C0
TIMER_CONTROL = 3
"""ENABLE and IMASK; the rest of CNTV_CTL is read only."""


def vcpu_write(state: State, caller: Thread) -> None:
    """A register of a guest that does not run gets a value, if it may have that value."""
    _, target = resting_vcpu(state, caller, rights.WRITE)
    number, value = caller.registers[:2]
    require(is_acceptable(number, value), errors.BAD_ARGUMENT)
    if number < len(target.registers):
        target.registers[number] = value
    elif number in EL1_NAMES:
        target.el1[EL1_NAMES[number]] = value & TIMER_CONTROL if number == vcpu.CNTV_CTL else value
    else:
        write_other(state, target, number, value)


def write_other(state: State, target: Vcpu, number: int, value: int) -> None:
    """Registers that have no number of the processor's own. CNTVOFF stays 0."""
    if number == vcpu.TIMER_INTERRUPT:
        target.timer_priority, target.timer_enabled = value & 0xFF, bool(value & vcpu.TIMER_ENABLED)
        retry_timer(state, target)
    elif number == vcpu.MPIDR:
        target.mpidr = value
    elif number == vcpu.MIDR:
        target.midr = value


def is_acceptable(number: int, value: int) -> bool:
    """Whether a register may have this value."""
    if number == vcpu.PSTATE:
        return value & MODE_MASK in MODES and value & ~(MODE_MASK | FLAGS) == 0
    if number == vcpu.CNTVOFF:
        return value == 0
    if number == vcpu.TIMER_INTERRUPT:
        return value < 2 * vcpu.TIMER_ENABLED
    return number != vcpu.PENDING

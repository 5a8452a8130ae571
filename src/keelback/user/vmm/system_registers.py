"""Trapped system registers: what the kernel does not answer itself comes here. One is known, ICC_SGI1R_EL1; any other
is an undefined instruction to the guest, as on a processor that lacks it (Arm DDI 0487, D1.10.2 and D1.13).
"""

from __future__ import annotations

from typing import Final

from keelback.abi import vcpu
from keelback.lang import u64
from keelback.user.runtime import syscalls
from keelback.user.vmm.gic import send_software_interrupt
from keelback.user.vmm.guest import VCPU_SLOT

REGISTER_MASK: Final = 0x3F_FC1E
"""op0, op2, op1, CRn, CRm of the ISS: all but the general register and the direction."""
ICC_SGI1R: Final = 0x3A_3016
"""ISS of msr ICC_SGI1R_EL1, S3_0_C12_C11_5."""

PSTATE_EL1H_MASKED: Final = 0x3C5
"""EL1 with its own stack pointer, debug, SError, IRQ and FIQ masked: what an exception enters with."""
SYNDROME_UNKNOWN: Final = 1 << 25
"""ESR_EL1: exception class 0 (unknown reason), 32-bit instruction."""

# Vectors of synchronous exceptions (D1.10.2).
FROM_EL1T: Final = 0x000
FROM_EL1H: Final = 0x200
FROM_EL0: Final = 0x400


def handle_system_register(iss: u64, value: u64, pc: u64) -> u64:
    """A trapped mrs or msr; returns the action flags for VCPU_RUN."""
    if iss & (REGISTER_MASK | 1) == ICC_SGI1R & REGISTER_MASK:
        send_software_interrupt(value)
        return u64(vcpu.SKIP)
    inject_undefined(pc)
    return u64(0)


def inject_undefined(pc: u64) -> None:
    """Let the guest's kernel take an undefined-instruction exception for the instruction at `pc`."""
    slot = u64(VCPU_SLOT)
    _, pstate = syscalls.vcpu_read(slot, u64(vcpu.PSTATE))
    _, vectors = syscalls.vcpu_read(slot, u64(vcpu.VBAR_EL1))
    syscalls.vcpu_write(slot, u64(vcpu.ELR_EL1), pc)
    syscalls.vcpu_write(slot, u64(vcpu.SPSR_EL1), pstate)
    syscalls.vcpu_write(slot, u64(vcpu.ESR_EL1), u64(SYNDROME_UNKNOWN))
    syscalls.vcpu_write(slot, u64(vcpu.PSTATE), u64(PSTATE_EL1H_MASKED))
    syscalls.vcpu_write(slot, u64(vcpu.PC), vectors.wrapping_add(vector_offset(pstate)))


def vector_offset(pstate: u64) -> u64:
    """Where a synchronous exception from this mode goes, from the start of the vector table."""
    mode = pstate & 0xF
    if mode == 5:
        return u64(FROM_EL1H)
    return u64(FROM_EL1T) if mode == 4 else u64(FROM_EL0)

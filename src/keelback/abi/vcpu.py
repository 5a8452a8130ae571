"""Guests: why VCPU_RUN returned, what to do on the next VCPU_RUN, and the ids of a vcpu's registers."""

from __future__ import annotations

from typing import Final

# Exit reasons: x0 after VCPU_RUN. x8 is the status of the call itself.
MEMORY: Final = 1
"""The guest touched memory that its stage-2 table does not map so. x1 = guest physical address, x2 = MEMORY_ flags,
x3 = value of a write (cut to its size), x4 = pc, x5 = ESR_EL2."""
HYPERCALL: Final = 2
"""`hvc`: x1..x5 = the guest's x0..x4, x6 = immediate. The guest's pc is already behind it."""
SECURE_CALL: Final = 3
"""`smc`: as HYPERCALL; the kernel has moved the pc behind it."""
SYSTEM_REGISTER: Final = 4
"""A trapped mrs or msr: x1 = ISS (bits 21:20 op0, 19:17 op2, 16:14 op1, 13:10 CRn, 9:5 register, 4:1 CRm, 0 read),
x2 = 1 for a read, x3 = value of a write, x4 = pc."""
NOTIFIED: Final = 5
"""The caller's bound notification had bits: x1 = the bits, taken."""
MAINTENANCE: Final = 6
"""After VCPU_INJECT said BUSY: a list register is free now."""
FAULT: Final = 7
"""Anything else: x1 = ESR_EL2, x2 = FAR_EL2, x3 = pc, x4 = guest physical address where the ESR makes one valid."""

# x2 of MEMORY.
MEMORY_WRITE: Final = 1 << 0
MEMORY_SYNDROME: Final = 1 << 1
"""The size, sign and register are known; without it the access cannot be carried out (ldp and the like)."""
MEMORY_SIZE_LOW: Final = 2
"""Bits 3:2 are log2 of the access size in bytes."""
MEMORY_SIZE_MASK: Final = 3
MEMORY_SIGN_EXTEND: Final = 1 << 4
MEMORY_SIXTY_FOUR: Final = 1 << 5
"""The register is an x register, not a w register."""
MEMORY_FETCH: Final = 1 << 6
"""An instruction fetch."""

# Action flags: x0 of VCPU_RUN.
SKIP: Final = 1 << 0
"""Move the guest's pc behind the trapped instruction."""
WRITE_RESULT: Final = 1 << 1
"""Write x1 into the register of the trapped load or mrs, cut and sign-extended as the access says; after a HYPERCALL
or SECURE_CALL into the guest's x0. BAD_ARGUMENT when the last exit awaits no value."""

# Register ids of VCPU_READ and VCPU_WRITE; 0..30 are x0..x30.
SP_EL0: Final = 31
PC: Final = 32
PSTATE: Final = 33
"""Only EL0t, EL1t and EL1h of AArch64, the flags and DAIF are accepted."""
SP_EL1: Final = 34
SCTLR_EL1: Final = 35
VBAR_EL1: Final = 36
ELR_EL1: Final = 37
SPSR_EL1: Final = 38
ESR_EL1: Final = 39
FAR_EL1: Final = 40
CNTVOFF: Final = 41
"""Always 0: guests see the board's time, so that components and guests share one clock. Only 0 can be written."""
CNTV_CTL: Final = 42
CNTV_CVAL: Final = 43
TIMER_INTERRUPT: Final = 44
"""Bits 7:0 = priority, bit 8 = enabled: the kernel then injects interrupt 27 itself when the virtual timer fires."""
PENDING: Final = 45
"""Read only. Bit 0: an interrupt is pending in a list register."""
MPIDR: Final = 46
MIDR: Final = 47
REGISTER_COUNT: Final = 48

TIMER_ENABLED: Final = 1 << 8
TIMER_INTID: Final = 27
"""The virtual timer's private peripheral interrupt (Arm BSA)."""

INTID_LIMIT: Final = 1020
"""Interrupt ids from here on are special (GIC IHI 0069, 2.2.1) and cannot be injected."""

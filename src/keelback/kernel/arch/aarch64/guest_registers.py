"""System registers that the kernel answers for guests: identification, with what is not virtualized masked out, and
debug, performance and auxiliary registers, which read as zero and ignore writes.

Masks keep what a guest can use without help from EL2 and hide the rest: pointer authentication, SVE, SME, MTE, RAS,
nested virtualization, AArch32, performance monitors. Field names: Arm DDI 0487, D17.2.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import ReadOnlySystemRegister, u64

PFR0: Final = ReadOnlySystemRegister("id_aa64pfr0_el1")
PFR1: Final = ReadOnlySystemRegister("id_aa64pfr1_el1")
DFR0: Final = ReadOnlySystemRegister("id_aa64dfr0_el1")
ISAR0: Final = ReadOnlySystemRegister("id_aa64isar0_el1")
ISAR1: Final = ReadOnlySystemRegister("id_aa64isar1_el1")
MMFR0: Final = ReadOnlySystemRegister("id_aa64mmfr0_el1")
MMFR1: Final = ReadOnlySystemRegister("id_aa64mmfr1_el1")
MMFR2: Final = ReadOnlySystemRegister("id_aa64mmfr2_el1")
MVFR0: Final = ReadOnlySystemRegister("mvfr0_el1")
MVFR1: Final = ReadOnlySystemRegister("mvfr1_el1")

PFR0_KEEP: Final = 0xFF00_0000_0FFF_0000
"""CSV3 CSV2, GIC AdvSIMD FP."""
PFR0_SET: Final = 0x11
"""EL1 and EL0 in AArch64 only, no EL2 and EL3."""
PFR1_KEEP: Final = 0xF0
"""SSBS."""
DFR0_KEEP: Final = 0xF0F0_F000
"""Numbers of breakpoints and watchpoints."""
DFR0_SET: Final = 6
"""Armv8 debug; its registers ignore writes."""
ISAR0_KEEP: Final = 0xFFFF_FFFF_F0FF_FFF0
"""All but TME."""
ISAR1_KEEP: Final = 0x00FF_FFFF_00FF_F00F
"""All but LS64, XS and pointer authentication."""
MMFR0_KEEP: Final = 0x0000_0000_FFFF_FFF0
"""All but ECV, FGT, ExS, stage-2 granules, and PARange, which is at most that of stage 2."""
PARANGE_40_BITS: Final = 2
MMFR1_KEEP: Final = 0x0000_00F0_F0F0_F00F
"""ETS, XNX, PAN, HPDS, HAFDBS."""
MMFR2_KEEP: Final = 0xF0FF_000F_F0FF_0FFF
"""All but EVT, FWB, IDS, NV, IESB."""


def answer(syndrome: u64) -> tuple[u64, bool]:
    """Value of the register that a trapped mrs or msr names (ESR_EL2.ISS), and whether the kernel answers at all."""
    op0 = syndrome >> 20 & 3
    op1 = syndrome >> 14 & 7
    crn = syndrome >> 10 & 15
    crm = syndrome >> 1 & 15
    op2 = syndrome >> 17 & 7
    if op0 == 3 and crn == 0 and op1 == 0 and syndrome.bit(0):
        return identification(crm, op2), crm < 8
    is_performance = op0 == 3 and ((crn == 9 and crm >= 12) or (crn == 14 and crm >= 8))
    is_auxiliary = op0 == 3 and op1 == 0 and crn == 1 and crm == 0 and op2 == 1
    is_auxiliary_id = op0 == 3 and op1 == 1 and crn == 0
    return u64(0), op0 == 2 or is_performance or is_auxiliary or is_auxiliary_id


def identification(crm: u64, op2: u64) -> u64:
    """ID_AA64*_EL1 and their like: registers 3, 0, c0, c<crm>, <op2>."""
    if crm == 4:
        return features(op2)
    if crm == 6:
        return instructions(op2)
    if crm == 7:
        return memory(op2)
    if crm == 5 and op2 == 0:
        return DFR0.read() & DFR0_KEEP | DFR0_SET
    if crm == 3 and op2 == 0:
        return MVFR0.read()
    if crm == 3 and op2 == 1:
        return MVFR1.read()
    return u64(0)


def features(op2: u64) -> u64:
    """ID_AA64PFR<n>_EL1."""
    if op2 == 0:
        return PFR0.read() & PFR0_KEEP | PFR0_SET
    return PFR1.read() & PFR1_KEEP if op2 == 1 else u64(0)


def instructions(op2: u64) -> u64:
    """ID_AA64ISAR<n>_EL1."""
    if op2 == 0:
        return ISAR0.read() & ISAR0_KEEP
    return ISAR1.read() & ISAR1_KEEP if op2 == 1 else u64(0)


def memory(op2: u64) -> u64:
    """ID_AA64MMFR<n>_EL1."""
    if op2 == 0:
        value = MMFR0.read()
        return value & MMFR0_KEEP | min(value & 15, u64(PARANGE_40_BITS))
    if op2 == 1:
        return MMFR1.read() & MMFR1_KEEP
    return MMFR2.read() & MMFR2_KEEP if op2 == 2 else u64(0)

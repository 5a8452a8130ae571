"""System registers that the kernel uses, and the values they get (Arm DDI 0487, chapter D17).

Only declarations. Names are the architecture's.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import ReadOnlySystemRegister, SystemRegister

# Exceptions taken to EL2.
ESR_EL2: Final = ReadOnlySystemRegister("esr_el2")
FAR_EL2: Final = ReadOnlySystemRegister("far_el2")
HPFAR_EL2: Final = ReadOnlySystemRegister("hpfar_el2")

# What may run below EL2, and what traps.
HCR_EL2: Final = SystemRegister("hcr_el2")
CPTR_EL2: Final = SystemRegister("cptr_el2")
MDCR_EL2: Final = SystemRegister("mdcr_el2")
HSTR_EL2: Final = SystemRegister("hstr_el2")
VTCR_EL2: Final = SystemRegister("vtcr_el2")
VBAR_EL2: Final = SystemRegister("vbar_el2")
VTTBR_EL2: Final = SystemRegister("vttbr_el2")
VMPIDR_EL2: Final = SystemRegister("vmpidr_el2")
VPIDR_EL2: Final = SystemRegister("vpidr_el2")
MIDR_EL1: Final = ReadOnlySystemRegister("midr_el1")

# EL1 state, a guest's.
SCTLR_EL1: Final = SystemRegister("sctlr_el1")
TCR_EL1: Final = SystemRegister("tcr_el1")
CPACR_EL1: Final = SystemRegister("cpacr_el1")
TTBR0_EL1: Final = SystemRegister("ttbr0_el1")
TTBR1_EL1: Final = SystemRegister("ttbr1_el1")
MAIR_EL1: Final = SystemRegister("mair_el1")
AMAIR_EL1: Final = SystemRegister("amair_el1")
VBAR_EL1: Final = SystemRegister("vbar_el1")
ESR_EL1: Final = SystemRegister("esr_el1")
FAR_EL1: Final = SystemRegister("far_el1")
AFSR0_EL1: Final = SystemRegister("afsr0_el1")
AFSR1_EL1: Final = SystemRegister("afsr1_el1")
ELR_EL1: Final = SystemRegister("elr_el1")
SPSR_EL1: Final = SystemRegister("spsr_el1")
SP_EL1: Final = SystemRegister("sp_el1")
TPIDR_EL1: Final = SystemRegister("tpidr_el1")
PAR_EL1: Final = SystemRegister("par_el1")
CONTEXTIDR_EL1: Final = SystemRegister("contextidr_el1")
CSSELR_EL1: Final = SystemRegister("csselr_el1")
TPIDR_EL0: Final = SystemRegister("tpidr_el0")
TPIDRRO_EL0: Final = SystemRegister("tpidrro_el0")

# Generic timer.
CNTFRQ_EL0: Final = ReadOnlySystemRegister("cntfrq_el0")
CNTPCT_EL0: Final = ReadOnlySystemRegister("cntpct_el0")
CNTKCTL_EL1: Final = SystemRegister("cntkctl_el1")
CNTHCTL_EL2: Final = SystemRegister("cnthctl_el2")
CNTVOFF_EL2: Final = SystemRegister("cntvoff_el2")
CNTV_CTL_EL0: Final = SystemRegister("cntv_ctl_el0")
CNTV_CVAL_EL0: Final = SystemRegister("cntv_cval_el0")
CNTHP_CTL_EL2: Final = SystemRegister("cnthp_ctl_el2")
CNTHP_CVAL_EL2: Final = SystemRegister("cnthp_cval_el2")

# Physical CPU interface of the GIC (GIC IHI 0069, 12.2).
ICC_SRE_EL2: Final = SystemRegister("s3_4_c12_c9_5")
ICC_SRE_EL1: Final = SystemRegister("s3_0_c12_c12_5")
ICC_PMR_EL1: Final = SystemRegister("s3_0_c4_c6_0")
ICC_BPR1_EL1: Final = SystemRegister("s3_0_c12_c12_3")
ICC_CTLR_EL1: Final = SystemRegister("s3_0_c12_c12_4")
ICC_IGRPEN1_EL1: Final = SystemRegister("s3_0_c12_c12_7")
ICC_IAR1_EL1: Final = ReadOnlySystemRegister("s3_0_c12_c12_0")
ICC_EOIR1_EL1: Final = SystemRegister("s3_0_c12_c12_1")
ICC_DIR_EL1: Final = SystemRegister("s3_0_c12_c11_1")
ICC_SGI1R_EL1: Final = SystemRegister("s3_0_c12_c11_5")

# Virtual CPU interface control (GIC IHI 0069, 12.4).
ICH_HCR_EL2: Final = SystemRegister("s3_4_c12_c11_0")
ICH_VTR_EL2: Final = ReadOnlySystemRegister("s3_4_c12_c11_1")
ICH_VMCR_EL2: Final = SystemRegister("s3_4_c12_c11_7")
ICH_AP0R0_EL2: Final = SystemRegister("s3_4_c12_c8_0")
ICH_AP1R0_EL2: Final = SystemRegister("s3_4_c12_c9_0")
ICH_LR0_EL2: Final = SystemRegister("s3_4_c12_c12_0")
ICH_LR1_EL2: Final = SystemRegister("s3_4_c12_c12_1")
ICH_LR2_EL2: Final = SystemRegister("s3_4_c12_c12_2")
ICH_LR3_EL2: Final = SystemRegister("s3_4_c12_c12_3")

COMPONENT_HCR: Final = 0x8C7F_F03B
"""RW TGE TVM TSW TACR TIDCP TSC TID0-3 TWE TWI DC AMO FMO IMO SWIO VM. Not TPU: components clean and invalidate their
own code by address."""
GUEST_HCR: Final = 0x807D_A63B
"""RW TSW TACR TIDCP TSC TID3 TID1 TID0 TWI BSU (inner shareable) FB AMO FMO IMO SWIO VM. Not TID2: guests read CTR_EL0
all the time. FB and BSU: what a guest does to the translations of its core holds for all it may run on."""
VTCR: Final = 0x8002_3559
"""T0SZ = 25, start at level 1: 39 bits; 4 KiB granule, write-back, inner shareable, 40-bit output (PS = 2)."""
MDCR: Final = 0xE66
"""TDRA TDOSA TDA TPM TPMCR, HPMN = 6. Not TDE: `brk` in a guest is the guest's own."""
CPTR_FP_OPEN: Final = 0x0010_33FF
"""TTA and RES1: SVE and trace trap, floating point does not, nor CPACR_EL1, which is the guest's own."""
CPTR_FP_CLOSED: Final = CPTR_FP_OPEN | 1 << 10
"""And TFP: the first use of floating point traps."""
CPACR_FP_OPEN: Final = 3 << 20
"""FPEN: EL0 may use floating point."""

COMPONENT_SCTLR: Final = 0x34D0_4800
"""RES1, UCI and DZE (cache cleaning by address and dc zva allowed at EL0); no alignment check, little endian."""
COMPONENT_CNTKCTL: Final = 2
"""EL0VCTEN: components may read CNTVCT_EL0, but no timer."""
RESET_SCTLR: Final = 0x30D0_0800
"""SCTLR_EL1 of a guest that starts: RES1 bits, MMU and caches off."""
RESET_STATE: Final = 0x3C5
"""PSTATE of a guest that starts: EL1h, D A I F masked."""

# EL2's own translation and control, set by the boot code.
EL2_MAIR: Final = 0x04FF
"""Attribute 0: normal memory, write-back; 1: Device-nGnRE."""
EL2_TCR: Final = 0x8082_3519
"""T0SZ = 25, 4 KiB granule, write-back, inner shareable, 40-bit output."""
EL2_SCTLR: Final = 0x30CD_183D
"""MMU, caches, stack alignment check, WXN: writable is never executable."""

"""AArch64: EL2 without the Virtualization Host Extensions, GICv3, generic timers, PSCI by SMC.

Components run at EL0 under HCR_EL2.TGE, guests at EL1 and EL0; both behind stage-2 tables.
"""

"""Power control for the guest: PSCI 1.1 (Arm DEN 0022) and SMCCC 1.1 (Arm DEN 0028), for one processor.

Calls of other ranges (TRNG, hypervisor services) are answered NOT_SUPPORTED without a word; unimplemented ones of
PSCI's own range are reported.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import u64
from keelback.user.vmm.guest import POWERED_OFF, RESET, end_guest
from keelback.user.vmm.report import report_call

# Functions, with SMC64 calls folded onto their SMC32 numbers.
PSCI_VERSION: Final = 0x8400_0000
CPU_OFF: Final = 0x8400_0002
CPU_ON: Final = 0x8400_0003
AFFINITY_INFO: Final = 0x8400_0004
MIGRATE_INFO_TYPE: Final = 0x8400_0006
SYSTEM_OFF: Final = 0x8400_0008
SYSTEM_RESET: Final = 0x8400_0009
PSCI_FEATURES: Final = 0x8400_000A
SYSTEM_RESET2: Final = 0x8400_0012
PSCI_LIMIT: Final = 0x8400_0020
"""End of PSCI's range (DEN 0022, 5.1)."""
SMCCC_VERSION: Final = 0x8000_0000
SMCCC_ARCH_FEATURES: Final = 0x8000_0001
SMC64: Final = 0x4000_0000
ANY_SIZE: Final = 0xFFFF_FFFF & ~SMC64

# Results.
SUCCESS: Final = 0
NOT_SUPPORTED: Final = u64.MAX
"""-1"""
INVALID_PARAMETERS: Final = u64.MAX - 1
ALREADY_ON: Final = u64.MAX - 3

VERSION_VALUE: Final = 0x0001_0001
SMCCC_VERSION_VALUE: Final = 0x0001_0001
NO_MIGRATION: Final = 2
"""MIGRATE_INFO_TYPE: there is no trusted OS that would have to move (DEN 0022, 5.9)."""
AFFINITY_LEVEL_MAX: Final = 3
AFFINITY_ON: Final = 0


def handle_call(function: u64, first: u64, second: u64) -> u64:
    """Answer one `hvc` or `smc`: the guest's x0, x1, x2 in, its next x0 out."""
    number = function & 0xFFFF_FFFF
    folded = number & ANY_SIZE
    if PSCI_VERSION <= folded < PSCI_LIMIT:
        return handle_psci(number, folded, first, second)
    if number == SMCCC_VERSION:
        return u64(SMCCC_VERSION_VALUE)
    if number == SMCCC_ARCH_FEATURES:
        return arch_feature(first & 0xFFFF_FFFF)
    return u64(NOT_SUPPORTED)


def arch_feature(number: u64) -> u64:
    """SMCCC_ARCH_FEATURES (DEN 0028, 7.3): no workarounds are offered."""
    if number == SMCCC_VERSION or number == SMCCC_ARCH_FEATURES:
        return u64(SUCCESS)
    return u64(NOT_SUPPORTED)


def handle_psci(number: u64, function: u64, first: u64, second: u64) -> u64:
    """Answer one PSCI call; `function` is `number` without its SMC64 bit."""
    if not is_implemented(number):
        report_call(number)
        return u64(NOT_SUPPORTED)
    if function == PSCI_VERSION:
        return u64(VERSION_VALUE)
    if function == PSCI_FEATURES:
        return psci_feature(first & 0xFFFF_FFFF)
    if function == MIGRATE_INFO_TYPE:
        return u64(NO_MIGRATION)
    if function == CPU_ON:
        return u64(ALREADY_ON) if first == 0 else u64(INVALID_PARAMETERS)
    if function == AFFINITY_INFO:
        return u64(AFFINITY_ON) if first == 0 and second <= AFFINITY_LEVEL_MAX else u64(INVALID_PARAMETERS)
    return change_power(function, first)


def is_implemented(number: u64) -> bool:
    """Whether a PSCI function number is known, in the calling convention it was used with (DEN 0022, 5.1)."""
    function = number & ANY_SIZE
    if function == CPU_ON or function == AFFINITY_INFO or function == SYSTEM_RESET2:
        return True
    if number != function:
        return False
    return (
        function == PSCI_VERSION
        or function == CPU_OFF
        or function == MIGRATE_INFO_TYPE
        or function == SYSTEM_OFF
        or function == SYSTEM_RESET
        or function == PSCI_FEATURES
    )


def psci_feature(number: u64) -> u64:
    """PSCI_FEATURES (DEN 0022, 5.16): no function has optional flags."""
    if number == SMCCC_VERSION:
        return u64(SUCCESS)
    if PSCI_VERSION <= number & ANY_SIZE < PSCI_LIMIT and is_implemented(number):
        return u64(SUCCESS)
    return u64(NOT_SUPPORTED)


def change_power(function: u64, first: u64) -> u64:
    """The calls after which the guest does not run on; the last processor turning off ends it, too."""
    if function == SYSTEM_RESET:
        end_guest(u64(RESET))
    elif function == SYSTEM_RESET2:
        if first & 0xFFFF_FFFF != 0:  # anything but SYSTEM_WARM_RESET
            return u64(INVALID_PARAMETERS)
        end_guest(u64(RESET))
    else:
        end_guest(u64(POWERED_OFF))
    return u64(SUCCESS)

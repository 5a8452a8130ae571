"""Power by the firmware: PSCI over SMC (Arm DEN 0022), and sleep."""

from __future__ import annotations

from typing import Final

from keelback.lang import asm, u64

PSCI_SYSTEM_OFF: Final = 0x8400_0008
PSCI_SYSTEM_RESET: Final = 0x8400_0009


@asm("smc #0", clobbers=("memory", "x1", "x2", "x3"), registers={"function": "x0"}, results=("x0",))
def call_firmware(function: u64) -> u64:
    """A PSCI call without arguments. In CPython the firmware refuses (NOT_SUPPORTED)."""
    return u64(0xFFFF_FFFF_FFFF_FFFF)


@asm("dsb sy\nwfi", clobbers=("memory",))
def wait_for_interrupt() -> None:
    """Sleep until an interrupt is pending, masked or not."""


def power_off() -> None:
    """Ask the firmware to power off. Returns only if it refuses."""
    call_firmware(u64(PSCI_SYSTEM_OFF))


def power_reset() -> None:
    """Ask the firmware to reset the board. Returns only if it refuses."""
    call_firmware(u64(PSCI_SYSTEM_RESET))

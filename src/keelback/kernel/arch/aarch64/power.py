"""Power by the firmware: PSCI over SMC (Arm DEN 0022), and sleep."""

from __future__ import annotations

from typing import Final

from keelback.kernel.arch.aarch64.processor import release_lock, take_lock
from keelback.kernel.arch.aarch64.vectors import secondary_address
from keelback.lang import asm, u32, u64

PSCI_CPU_ON: Final = 0xC400_0003
PSCI_SYSTEM_OFF: Final = 0x8400_0008
PSCI_SYSTEM_RESET: Final = 0x8400_0009


@asm(
    "smc #0",
    clobbers=("memory", *(f"x{number}" for number in range(4, 18))),
    registers={"function": "x0", "first": "x1", "second": "x2", "third": "x3"},
    results=("x0", "x1", "x2", "x3"),
)
def call_firmware(function: u64, first: u64, second: u64, third: u64) -> tuple[u64, u64, u64, u64]:
    """A PSCI call, and its results (SMC calling convention, Arm DEN 0028). In CPython the firmware refuses."""
    return u64(0xFFFF_FFFF_FFFF_FFFF), first, second, third


@asm("dsb sy\nwfi", clobbers=("memory",))
def sleep() -> None:
    """Sleep until an interrupt is pending, masked or not."""


def wait_for_interrupt() -> None:
    """Sleep until an interrupt is pending; meanwhile other cores have the kernel."""
    release_lock()
    sleep()
    take_lock()


def start_core(number: u32) -> bool:
    """Let another core, whose affinity is its number, start. False if the firmware refuses."""
    status, _, _, _ = call_firmware(u64(PSCI_CPU_ON), u64(number), secondary_address(), u64(number))
    return status == 0


def power_off() -> None:
    """Ask the firmware to power off. Returns only if it refuses."""
    call_firmware(u64(PSCI_SYSTEM_OFF), u64(0), u64(0), u64(0))


def power_reset() -> None:
    """Ask the firmware to reset the board. Returns only if it refuses."""
    call_firmware(u64(PSCI_SYSTEM_RESET), u64(0), u64(0), u64(0))

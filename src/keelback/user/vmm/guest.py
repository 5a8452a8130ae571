"""What the monitor knows about its guest: the vcpu, whether it runs, and how it ended."""

from __future__ import annotations

from typing import Final

from keelback.lang import Struct, parameter, struct, u64

VCPU_SLOT: Final = parameter("vcpu_slot", 3)

# How a guest ended.
RUNNING: Final = 0
POWERED_OFF: Final = 1
"""It asked for it (PSCI SYSTEM_OFF, or its only processor turned itself off)."""
RESET: Final = 2
"""It asked for it (PSCI SYSTEM_RESET): a reboot, or its kernel's answer to a panic."""
CRASHED: Final = 3
"""It did what no machine lets it do."""
LOST: Final = 4
"""The kernel refused to run the vcpu."""


@struct
class Guest(Struct):
    """State of this life of the guest, and how many there were before."""

    ending: u64 = u64(0)  # RUNNING ... LOST
    restart_count: u64 = u64(0)
    reported_count: u64 = u64(0)  # lines about strange but harmless calls in this life


guest: Final = Guest()


def end_guest(ending: u64) -> None:
    """Let the run loop stop. The first ending counts."""
    if guest.ending == RUNNING:
        guest.ending = ending

"""Root of the monitor: load the guest, run it, and start it again as long as the system description says so.

Everything happens in `init`, which returns when the guest is not to be started again; from then on the component waits
for nothing.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import parameter, u64
from keelback.user.runtime import syscalls
from keelback.user.virtio.devices import describe_devices, reset_devices
from keelback.user.virtio.entropy import start_entropy
from keelback.user.virtio.host_console import attach_console
from keelback.user.vmm.gic import reset_gic
from keelback.user.vmm.guest import POWERED_OFF, RUNNING, guest
from keelback.user.vmm.interrupts import reset_interrupts
from keelback.user.vmm.loader import start_guest
from keelback.user.vmm.pl011 import end_run, reset_pl011
from keelback.user.vmm.policy import settle_ending
from keelback.user.vmm.run import run_guest

PLATFORM_SLOT: Final = parameter("platform_slot", 0)
"""The board's power, for the one guest whose switching off is the board's."""


def init() -> None:
    """The whole life of the guest."""
    attach_console()
    start_entropy()
    describe_devices()
    alive = start_guest()
    while alive:
        run_guest()
        end_run(False)
        alive = settle_ending() and restart_guest()
    if PLATFORM_SLOT != 0 and guest.ending == POWERED_OFF:
        syscalls.power_off(u64(PLATFORM_SLOT))


def restart_guest() -> bool:
    """Begin another life: machine as at power-on, memory loaded afresh."""
    reset_devices()
    reset_pl011()
    reset_gic()
    reset_interrupts()
    guest.ending = u64(RUNNING)
    guest.reported_count = u64(0)
    return start_guest()

"""Boot: from the first compiled instruction to the first thread, as a list of steps.

The boot state is data that the image builder wrote; all that is left is to see that the board has what it describes,
and to start the hardware.
"""

from __future__ import annotations

from keelback.kernel import panic
from keelback.kernel.arch import interface
from keelback.kernel.device_tree import find_ram
from keelback.kernel.objects.interrupt import commit_connect_all
from keelback.kernel.scheduler import commit_start_all
from keelback.kernel.state import boot
from keelback.lang import u64


def start(device_tree: u64) -> None:
    """Start the kernel; `device_tree` is its physical address. Ends in a panic if the board does not fit the image."""
    check_ram(device_tree)
    interface.start_processor()
    if not interface.start_interrupts():
        panic.stop("the interrupt controller is not a GICv3 as expected")
    commit_connect_all()
    commit_start_all()


def check_ram(device_tree: u64) -> None:
    """Panic unless the RAM that holds the kernel reaches as far as the image needs it."""
    offset = interface.open_window(device_tree)
    start, end = find_ram(interface.window, offset, u64(boot.el2_table))
    interface.close_window()
    if end < boot.needed_ram_end:
        panic.stop_for_ram(boot.needed_ram_end.wrapping_sub(start), end.wrapping_sub(start))

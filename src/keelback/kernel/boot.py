"""Boot: from the first compiled instruction to the first thread, as a list of steps.

The boot state is data that the image builder wrote; all that is left is to see that the board has what it describes,
and to start the hardware.
"""

from __future__ import annotations

from keelback.abi import limits
from keelback.kernel import panic
from keelback.kernel.arch import interface
from keelback.kernel.device_tree import find_ram
from keelback.kernel.objects.interrupt import commit_connect_all
from keelback.kernel.scheduler import commit_start_all, this_core
from keelback.kernel.state import Core, boot
from keelback.kernel.ticks import commit_first_window
from keelback.lang import u32, u64, upto


def start(device_tree: u64) -> None:
    """Start the kernel on the first core; `device_tree` is its physical address. Ends in a panic if the board does not
    fit the image. Other cores wait for the kernel's lock meanwhile."""
    check_ram(device_tree)
    if not interface.start_interrupts():
        panic.stop("the interrupt controller does not answer")
    commit_start_all()
    start_core(this_core())
    commit_connect_all()
    for number in upto(u32(limits.CORE_COUNT)):
        if number != 0 and not interface.start_core(number):
            panic.stop_for_core(number)


def start_core(core: Core) -> None:
    """On each core: start what it has of its own."""
    interface.start_processor()
    interface.select_vectors(core)
    if not interface.start_core_interrupts(core.number):
        panic.stop("the interrupt controller is not a GICv3 as expected")
    commit_first_window(core)
    core.online = True
    if core.asked != 0:
        interface.send_interrupt(core.number)  # what was asked before this core could hear it


def check_ram(device_tree: u64) -> None:
    """Panic unless the RAM that holds the kernel reaches as far as the image needs it."""
    offset = interface.open_window(device_tree)
    start, end = find_ram(interface.window, offset, u64(boot.el2_table))
    interface.close_window()
    if end < boot.needed_ram_end:
        panic.stop_for_ram(boot.needed_ram_end.wrapping_sub(start), end.wrapping_sub(start))

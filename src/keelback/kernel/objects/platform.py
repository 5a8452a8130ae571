"""The platform: power."""

from __future__ import annotations

from keelback.abi import errors, objects, rights, syscalls
from keelback.kernel.arch import interface
from keelback.kernel.objects.capability import check_slot
from keelback.kernel.state import Thread
from keelback.lang import u8, u64


def system_off(thread: Thread) -> u64:
    """SYSTEM_OFF: x8 platform, x0 = OFF or RESET. Returns only when refused."""
    registers = thread.context.registers
    status = check_slot(thread, registers[8], u8(objects.PLATFORM), u8(rights.CONTROL))
    if status != errors.OK:
        return status
    if registers[0] == syscalls.OFF:
        interface.power_off()
    elif registers[0] == syscalls.RESET:
        interface.power_reset()
    return u64(errors.BAD_ARGUMENT)

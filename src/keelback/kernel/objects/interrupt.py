"""Interrupts: lines of the interrupt controller that signal notifications.

A delivered interrupt stays active in the controller, so it cannot fire again, until its driver acknowledges it.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, limits, objects, rights
from keelback.kernel.arch import interface
from keelback.kernel.objects.capability import check_slot, slot_of
from keelback.kernel.objects.notification import commit_signal
from keelback.kernel.state import Thread, interrupts
from keelback.lang import array, u8, u16, u64, upto

FIRST_LINE: Final = 32
LINE_COUNT: Final = 1020
"""Shared peripheral interrupts, those of devices, have the ids in between (GIC IHI 0069, 2.2.1)."""

line_owners: Final = array(u16, LINE_COUNT)
"""Index of the interrupt object of each line, 0 for none. Filled at boot."""


def acknowledge(thread: Thread) -> u64:
    """INTERRUPT_ACKNOWLEDGE: x8 interrupt."""
    slot_number = thread.context.registers[8]
    status = check_slot(thread, slot_number, u8(objects.INTERRUPT), u8(rights.CONTROL))
    if status != errors.OK:
        return status
    interrupt = interrupts[slot_of(thread, slot_number).object]
    if not interrupt.fired:
        return u64(errors.STATE)
    interrupt.fired = False
    interface.deactivate_interrupt(u64(interrupt.line))
    return u64(errors.OK)


def commit_fire(line: u64) -> bool:
    """Signal the owner of a line below LINE_COUNT. False if nobody owns it."""
    index = line_owners[line]
    if index == 0:
        return False
    interrupt = interrupts[index]
    interrupt.fired = True
    commit_signal(interrupt.notification, interrupt.bits)
    return True


def commit_connect_all() -> None:
    """At boot: note who owns which line, and let the lines fire."""
    for index in upto(u16(limits.INTERRUPT_COUNT)):
        interrupt = interrupts[index]
        if FIRST_LINE <= interrupt.line < LINE_COUNT:
            line_owners[interrupt.line] = index
            interface.enable_interrupt(u64(interrupt.line), interrupt.edge)

"""Drives the board's clock (PL031, Arm DDI 0224): has it interrupt, and tells the supervisor what became of it.

What to do next is in the supervisor's answer.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Device, ReadOnly, ReadWrite, WriteOnly, parameter, u32, u64
from keelback.user.runtime import Message, call, interrupt_acknowledge

SUPERVISOR_SLOT: Final = 3
INTERRUPT_SLOT: Final = parameter("interrupt_place", 0)
INTERRUPT_BIT: Final = parameter("interrupt_bit", 0)
HEARD: Final = 1
ALARM_SET: Final = 2


class Pl031(Device):
    """The registers used."""

    DR = ReadOnly(u32, 0x00)  # seconds
    MR = ReadWrite(u32, 0x04)  # when to interrupt
    IMSC = ReadWrite(u32, 0x10)  # whether to
    MIS = ReadOnly(u32, 0x18)  # whether it does
    ICR = WriteOnly(u32, 0x1C)  # 1: no longer


device: Final = Pl031(parameter("registers_address", 0))
report: Final = Message()


def init() -> None:
    """Begin with an alarm."""
    set_alarm()


def set_alarm() -> None:
    """Interrupt in a second, or at once."""
    device.ICR.write(u32(1))
    device.MR.write(device.DR.read().wrapping_add(u32(1)))
    device.IMSC.write(u32(1))


def notified(bits: u64) -> None:
    """The alarm: say so, then acknowledge it, and say how that went."""
    report.words[0] = u64(HEARD)
    report.words[1] = bits
    report.words[2] = u64(device.MIS.read())
    call(u64(SUPERVISOR_SLOT), report)
    device.ICR.write(u32(1))
    report.words[1] = interrupt_acknowledge(u64(INTERRUPT_SLOT))
    report.words[0] = u64(ALARM_SET)
    set_alarm()
    call(u64(SUPERVISOR_SLOT), report)
    set_alarm()

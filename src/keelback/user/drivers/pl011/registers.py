"""The PL011's registers (Arm DDI 0183, chapter 3), those that the driver uses. No behaviour."""

from __future__ import annotations

from typing import Final

from keelback.lang import Device, ReadOnly, ReadWrite, WriteOnly, u32


class Pl011(Device):
    """One PL011."""

    DR = ReadWrite(u32, 0x000)  # data: write to send, read to receive
    FR = ReadOnly(u32, 0x018)  # flags
    LCR_H = ReadWrite(u32, 0x02C)  # line control
    CR = ReadWrite(u32, 0x030)  # control
    IFLS = ReadWrite(u32, 0x034)  # FIFO levels at which the interrupts fire
    IMSC = ReadWrite(u32, 0x038)  # interrupts let through
    MIS = ReadOnly(u32, 0x040)  # interrupts pending and let through
    ICR = WriteOnly(u32, 0x044)  # interrupts to clear


# FR
FLAG_BUSY: Final = 1 << 3
FLAG_RECEIVE_EMPTY: Final = 1 << 4
FLAG_TRANSMIT_FULL: Final = 1 << 5

# DR, on reading: framing, parity, break and overrun error
DATA_ERRORS: Final = 0xF00

# LCR_H
LINE_FIFO: Final = 1 << 4
LINE_EIGHT_BITS: Final = 3 << 5

# CR
CONTROL_ENABLE: Final = 1 << 0
CONTROL_TRANSMIT: Final = 1 << 8
CONTROL_RECEIVE: Final = 1 << 9

# IMSC, MIS, ICR
INTERRUPT_RECEIVE: Final = 1 << 4
INTERRUPT_TRANSMIT: Final = 1 << 5
INTERRUPT_RECEIVE_TIMEOUT: Final = 1 << 6
INTERRUPT_ALL: Final = 0x7FF

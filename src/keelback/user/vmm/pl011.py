"""The guest's PL011 UART (Arm DDI 0183): boot messages, and a console for guests without virtio.

Sending is instantaneous: what is written is in the console's ring when the store is done, so the transmit FIFO is
always empty; when the ring is full the guest stands still in that store. The receive FIFO is the console's input ring
itself, as long as the virtio console does not take the input. Rates, parity, modem lines and DMA are remembered and
mean nothing.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Struct, array, bytes_of, constants, struct, u8, u64
from keelback.user.virtio.devices import is_console_taking
from keelback.user.virtio.host_console import hold_byte, host, input_count, release_input, show_output, take_input
from keelback.user.vmm.interrupts import UART_INTERRUPT, raise_interrupt

BASE: Final = 0x0900_0000
WINDOW_BYTES: Final = 0x1000

# Registers, 3.2.
DR: Final = 0x000
FR: Final = 0x018
IBRD: Final = 0x024
FBRD: Final = 0x028
LCR_H: Final = 0x02C
CR: Final = 0x030
IFLS: Final = 0x034
IMSC: Final = 0x038
RIS: Final = 0x03C
MIS: Final = 0x040
ICR: Final = 0x044
IDENTITY: Final = 0xFE0

TRANSMIT_EMPTY: Final = 1 << 7
RECEIVE_EMPTY: Final = 1 << 4

# Bits of the interrupt registers.
RECEIVE: Final = 1 << 4
TRANSMIT: Final = 1 << 5
RECEIVE_TIMEOUT: Final = 1 << 6
INTERRUPT_MASK: Final = 0x7FF

CR_RESET: Final = 0x300
IFLS_RESET: Final = 0x12

LINE_FEED: Final = 0x0A

IDENTITY_BYTES: Final = constants(u64, (0x11, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1))
"""Peripheral and PrimeCell identification: PL011, revision r1p1."""

stage: Final = array(u8, 1)


@struct
class Pl011(Struct):
    """Registers, of which only `mask` and `sent` mean something; and the present run of bytes sent."""

    mask: u64 = u64(0)  # IMSC
    sent: bool = False  # transmit interrupt: something was sent since it was cleared
    running: bool = False  # bytes were sent, and nothing has ended the run yet
    held: bool = False  # the console was not told of the last of them
    closes: bool = False  # the driver ended its last run with a store to IMSC or CR
    polled: bool = False  # FR was read since the last byte
    integer_rate: u64 = u64(0)
    fractional_rate: u64 = u64(0)
    line_control: u64 = u64(0)
    control: u64 = u64(CR_RESET)
    levels: u64 = u64(IFLS_RESET)


uart: Final = Pl011()


def reset_pl011() -> None:
    """As at power-on."""
    uart.mask = u64(0)
    host.uart_listens = False
    uart.sent = False
    uart.running = False
    uart.held = False
    uart.closes = False
    uart.integer_rate = u64(0)
    uart.fractional_rate = u64(0)
    uart.line_control = u64(0)
    uart.control = u64(CR_RESET)
    uart.levels = u64(IFLS_RESET)


def read_pl011(offset: u64) -> u64:
    """A load at `offset` in the device's page."""
    if offset == FR:
        return flags()
    end_run(False)
    if offset == DR:
        return receive()
    if offset == MIS:
        return raw_status() & uart.mask
    if offset == RIS:
        return raw_status()
    if offset == IMSC:
        return uart.mask
    if offset >= IDENTITY:
        return IDENTITY_BYTES[((offset - IDENTITY) >> 2) & 7]
    return read_settings(offset)


def flags() -> u64:
    """FR. Read between bytes by every driver; twice in a row by one that waits for input."""
    if uart.polled:
        end_run(False)
    uart.polled = True
    return u64(TRANSMIT_EMPTY) if waiting_input() > 0 else u64(TRANSMIT_EMPTY | RECEIVE_EMPTY)


def read_settings(offset: u64) -> u64:
    """What was written to a register that means nothing."""
    if offset == CR:
        return uart.control
    if offset == LCR_H:
        return uart.line_control
    if offset == IBRD:
        return uart.integer_rate
    if offset == FBRD:
        return uart.fractional_rate
    if offset == IFLS:
        return uart.levels
    return u64(0)


def write_pl011(offset: u64, value: u64) -> None:
    """A store at `offset` in the device's page."""
    if offset == DR:
        send(u8.truncate(value))
        return
    end_run(offset == IMSC or offset == CR)
    if offset == IMSC:
        uart.mask = value & INTERRUPT_MASK
        host.uart_listens = value & (RECEIVE | RECEIVE_TIMEOUT) != 0
        update_interrupt()
    elif offset == ICR:
        if value & TRANSMIT != 0:
            uart.sent = False
        update_interrupt()
    else:
        write_settings(offset, value)


def send(value: u8) -> None:
    """Send one byte. The console is told at once if this driver may leave it at that."""
    hold_byte(value)
    uart.sent = True
    uart.running = True
    uart.polled = False
    uart.held = uart.closes and value != LINE_FEED
    if not uart.held:
        show_output()
    if uart.mask & TRANSMIT != 0:
        raise_interrupt(u64(UART_INTERRUPT))


def end_run(closed: bool) -> None:
    """The guest does something else. `closed`: it is the store by which a driver says that it is done sending."""
    if uart.running:
        uart.running = False
        uart.closes = closed
        if uart.held:
            uart.held = False
            show_output()


def write_settings(offset: u64, value: u64) -> None:
    """Remember a setting."""
    if offset == CR:
        uart.control = value & 0xFFFF
    elif offset == LCR_H:
        uart.line_control = value & 0xFF
    elif offset == IBRD:
        uart.integer_rate = value & 0xFFFF
    elif offset == FBRD:
        uart.fractional_rate = value & 0x3F
    elif offset == IFLS:
        uart.levels = value & 0x3F


def waiting_input() -> u64:
    """Typed bytes that are for this UART."""
    if is_console_taking():
        return u64(0)
    return input_count()


def receive() -> u64:
    """The next typed byte; 0 when there is none."""
    if waiting_input() == 0:
        return u64(0)
    take_input(bytes_of(stage), u64(1))
    release_input()
    update_interrupt()
    return u64(stage[0])


def raw_status() -> u64:
    """RIS. Received data raises both its interrupts at once: there is no line whose silence could be timed."""
    status = u64(TRANSMIT) if uart.sent else u64(0)
    if waiting_input() > 0:
        status = status | RECEIVE | RECEIVE_TIMEOUT
    return status


def update_interrupt() -> None:
    """Raise the interrupt if a condition that the driver wants to know of holds. Called after all that may change one;
    so a condition that still holds after the driver looked at the UART interrupts it again, as a level would.
    """
    if uart.mask != 0 and raw_status() & uart.mask != 0:
        raise_interrupt(u64(UART_INTERRUPT))

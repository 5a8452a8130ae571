"""The board's PL011, for the kernel's last words only. Polled; the console is a component's."""

from __future__ import annotations

from typing import Final

from keelback.lang import Device, ReadOnly, WriteOnly, byte_at, byte_count, parameter, u8, u32, u64, upto

UART_BASE: Final = parameter("uart_base", 0x0900_0000)
WAIT_LIMIT: Final = 1_000_000
TRANSMIT_FULL: Final = 5


class Pl011(Device):
    """Arm DDI 0183, 3.2."""

    DR = WriteOnly(u32, 0x00)
    FR = ReadOnly(u32, 0x18)


pl011: Final = Pl011(UART_BASE)


def put(character: u8) -> None:
    """Send one byte; drop it if the device stays full."""
    for _ in upto(WAIT_LIMIT):
        if not pl011.FR.read().bit(TRANSMIT_FULL):
            break
    pl011.DR.write(u32(character))


def put_text(text: str) -> None:
    """Send a text."""
    for index in upto(byte_count(text)):
        put(byte_at(text, index))


def put_hexadecimal(value: u64) -> None:
    """Send 16 hexadecimal digits."""
    for index in upto(16):
        digit = u8(value >> (60 - index * 4) & 15)
        put(digit + 48 if digit < 10 else digit + 87)


def put_decimal(value: u64) -> None:
    """Send a number without leading zeros."""
    divisor = u64(1)
    for _ in upto(19):
        if value // divisor >= 10:
            divisor = divisor * 10
    while divisor != 0:
        put(u8(value // divisor % 10) + 48)
        divisor = divisor // 10

"""Driver of a PL011: sends what the console puts into one ring, puts what arrives into another.

Receiving is by interrupt, with the FIFO as the only buffer before the ring: while the ring is full the receive
interrupt is off and bytes wait in the device. Sending fills the FIFO and, if it is full, goes on at the transmit
interrupt. Does not set the baud rate (the firmware has, and the emulated device has none), nor echo, nor translate
line ends.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Memory, Struct, parameter, struct, u8, u32, u64, upto
from keelback.user.drivers.pl011.registers import (
    CONTROL_ENABLE,
    CONTROL_RECEIVE,
    CONTROL_TRANSMIT,
    DATA_ERRORS,
    FLAG_BUSY,
    FLAG_RECEIVE_EMPTY,
    FLAG_TRANSMIT_FULL,
    INTERRUPT_ALL,
    INTERRUPT_RECEIVE,
    INTERRUPT_RECEIVE_TIMEOUT,
    INTERRUPT_TRANSMIT,
    LINE_EIGHT_BITS,
    LINE_FIFO,
    Pl011,
)
from keelback.user.runtime.rings import (
    RingReader,
    RingWriter,
    attach_reader,
    attach_writer,
    publish,
    put_byte,
    release,
    room_count,
    take_byte,
    waiting_count,
    want_room,
)
from keelback.user.runtime.syscalls import interrupt_acknowledge, signal

RING_BYTES: Final = 4096
INTERRUPT_SLOT: Final = parameter("pl011_interrupt_slot", 3)
INTERRUPT_BIT: Final = parameter("pl011_bit", 0)
CONSOLE_SLOT: Final = parameter("input_slot", 4)

device: Final = Pl011(parameter("pl011_address", 0x0900_0000))
output_ring: Final = Memory(parameter("output_address", 0x1000_0000), RING_BYTES)
input_ring: Final = Memory(parameter("input_address", 0x1000_1000), RING_BYTES)
sender: Final = RingReader()
receiver: Final = RingWriter()

DRAIN_POLLS: Final = 100_000  # far more than a FIFO of 16 bytes takes at 9600 baud with a device read each
RECEIVE_INTERRUPTS: Final = INTERRUPT_RECEIVE | INTERRUPT_RECEIVE_TIMEOUT


@struct
class Mask(Struct):
    """The device's interrupt mask, kept here because reading a device is slow."""

    enabled: u32 = u32(0)


mask: Final = Mask()


def init() -> None:
    """Take over the device from whoever used it before, then send what waits already."""
    attach_reader(sender, output_ring)
    attach_writer(receiver, input_ring)
    set_up_device()
    interrupt_acknowledge(u64(INTERRUPT_SLOT))
    send_waiting()


def notified(bits: u64) -> None:
    """The device has received or has room; or the console has bytes to send or has made room."""
    interrupted = bits.bit(INTERRUPT_BIT)
    if interrupted or mask.enabled & RECEIVE_INTERRUPTS == 0:
        receive_waiting()
    send_waiting()
    if interrupted:
        interrupt_acknowledge(u64(INTERRUPT_SLOT))


def set_up_device() -> None:
    """Eight bits, FIFOs on, receive interrupts on (DDI 0183, 3.3.8: disable, let it finish, then program)."""
    for _ in upto(DRAIN_POLLS):
        if device.FR.read() & FLAG_BUSY == 0:
            break
    device.CR.write(u32(0))
    device.IMSC.write(u32(0))
    mask.enabled = u32(0)
    device.ICR.write(u32(INTERRUPT_ALL))
    device.LCR_H.write(u32(LINE_EIGHT_BITS | LINE_FIFO))
    device.IFLS.write(u32(0))
    device.CR.write(u32(CONTROL_ENABLE | CONTROL_TRANSMIT | CONTROL_RECEIVE))
    set_interrupts(u32(RECEIVE_INTERRUPTS), True)


def receive_waiting() -> None:
    """Move received bytes into the ring; what does not fit stays in the device until the console makes room."""
    device.ICR.write(u32(RECEIVE_INTERRUPTS))
    full = move_received()
    while full and want_room(receiver, input_ring, u64(1)):
        full = move_received()
    set_interrupts(u32(RECEIVE_INTERRUPTS), not full)


def move_received() -> bool:
    """Read the device until it is empty or the ring is full; True for the latter.

    Bytes with a line error are dropped.
    """
    room = room_count(receiver, input_ring)
    read = u64(0)
    while read < room and device.FR.read() & FLAG_RECEIVE_EMPTY == 0:
        value = device.DR.read()
        read += 1
        if value & DATA_ERRORS == 0:
            put_byte(receiver, input_ring, u8.truncate(value))
    if read > 0:
        publish(receiver, input_ring)
        signal(u64(CONSOLE_SLOT))
    return read >= room


def send_waiting() -> None:
    """Fill the device with bytes from the ring; go on at the transmit interrupt if some are left."""
    waiting = waiting_count(sender, output_ring)
    sent = u64(0)
    while sent < waiting and device.FR.read() & FLAG_TRANSMIT_FULL == 0:
        value, _ = take_byte(sender, output_ring)
        device.DR.write(u32(value))
        sent += 1
    if sent > 0 and release(sender, output_ring):
        signal(u64(CONSOLE_SLOT))
    set_interrupts(u32(INTERRUPT_TRANSMIT), sent < waiting)


def set_interrupts(which: u32, enabled: bool) -> None:
    """Let interrupts of the device through, or not."""
    wanted = mask.enabled | which if enabled else mask.enabled & ~which
    if wanted != mask.enabled:
        mask.enabled = wanted
        device.IMSC.write(wanted)

"""The virtio devices of one guest and their pages in its physical memory: which access goes to which device.

The console (0), the entropy source (1) and two empty places, at `BASE` + number * `STRIDE`, interrupts from
`FIRST_INTERRUPT` up.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import array, u64, upto
from keelback.user.virtio.console import describe_console, is_taking_input, notify_console, push_input, reset_console
from keelback.user.virtio.mmio import (
    NOTHING,
    NOTIFY,
    RESET,
    Transport,
    is_live,
    read_register,
    reset_device,
    write_register,
)
from keelback.user.virtio.rng import describe_rng, notify_rng

BASE: Final = 0x0A00_0000
STRIDE: Final = 0x200
STRIDE_SHIFT: Final = 9
FIRST_INTERRUPT: Final = 48
CONSOLE: Final = 0
RNG: Final = 1
DEVICE_COUNT: Final = 4
WINDOW_BYTES: Final = DEVICE_COUNT * STRIDE

devices: Final = array(Transport, DEVICE_COUNT)


def describe_devices() -> None:
    """Say what each device is; once, before the guest runs."""
    describe_console(devices[CONSOLE])
    describe_rng(devices[RNG])


def reset_devices() -> None:
    """All devices as at power-on."""
    for index in upto(DEVICE_COUNT):
        reset_device(devices[index])
    reset_console()


def read_device(offset: u64) -> u64:
    """A load at `offset`, below `WINDOW_BYTES`, in the devices' window."""
    return read_register(devices[offset >> STRIDE_SHIFT], offset & (STRIDE - 1))


def write_device(offset: u64, value: u64) -> None:
    """A 32-bit store at `offset`, below `WINDOW_BYTES`, in the devices' window."""
    number = offset >> STRIDE_SHIFT
    device = devices[number]
    effect = write_register(device, offset & (STRIDE - 1), value)
    if effect == NOTHING:
        return
    if effect == NOTIFY:
        if is_live(device):
            notify_device(number, device, value)
    elif effect == RESET:
        if number == CONSOLE:
            reset_console()
    elif number == CONSOLE:
        push_input(device)


def notify_device(number: u64, device: Transport, queue_number: u64) -> None:
    """The driver notified a queue."""
    if number == CONSOLE:
        notify_console(device, queue_number)
    elif number == RNG:
        notify_rng(device, queue_number)


def offer_input() -> bool:
    """Something may have been typed: give it to the console; False when its driver is not there to take it."""
    if not is_console_taking():
        return False
    push_input(devices[CONSOLE])
    return True


def is_console_taking() -> bool:
    """Whether typed bytes go to the virtio console."""
    return is_taking_input(devices[CONSOLE])

"""Trapped loads and stores: which device is at the address, and what the vcpu does next. The shortest way through the
monitor: every access of a driver comes here.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import vcpu
from keelback.lang import u64, upto
from keelback.user.virtio import devices as virtio
from keelback.user.virtio import failures
from keelback.user.virtio.host_console import host
from keelback.user.virtio.mmio import CONFIGURATION
from keelback.user.vmm import gic, pl011
from keelback.user.vmm.interrupts import raise_interrupt
from keelback.user.vmm.report import crash_on_memory, crash_on_queue

WORD: Final = 2
"""log2 of the bytes of a register."""


def handle_memory(address: u64, flags: u64, value: u64, pc: u64) -> tuple[u64, u64]:
    """A trapped access; (action flags, value) for VCPU_RUN. An address without a device ends the guest."""
    if flags & (vcpu.MEMORY_SYNDROME | vcpu.MEMORY_FETCH) == vcpu.MEMORY_SYNDROME:
        size = (flags >> vcpu.MEMORY_SIZE_LOW) & vcpu.MEMORY_SIZE_MASK
        if flags & vcpu.MEMORY_WRITE != 0:
            if store(address, size, value):
                return u64(vcpu.SKIP), u64(0)
        else:
            result, found = load(address, size)
            if found:
                return u64(vcpu.SKIP | vcpu.WRITE_RESULT), result
    crash_on_memory(address, flags, pc)
    return u64(0), u64(0)


def load(address: u64, size: u64) -> tuple[u64, bool]:
    """(value, True) of 2**size bytes from a device; (0, False) where there is none."""
    offset = address.wrapping_sub(virtio.BASE)
    if offset < virtio.WINDOW_BYTES:
        return virtio.read_device(offset), True
    offset = address.wrapping_sub(pl011.BASE)
    if offset < pl011.WINDOW_BYTES:
        return pl011.read_pl011(offset), True
    offset = address.wrapping_sub(gic.DISTRIBUTOR_BASE)
    if offset < gic.DISTRIBUTOR_BYTES:
        return gic.read_distributor(offset, size), True
    offset = address.wrapping_sub(gic.REDISTRIBUTOR_BASE)
    if offset < gic.REDISTRIBUTOR_BYTES:
        return gic.read_redistributor(offset, size), True
    return u64(0), False


def store(address: u64, size: u64, value: u64) -> bool:
    """Write 2**size bytes to a device; False where there is none."""
    offset = address.wrapping_sub(virtio.BASE)
    if offset < virtio.WINDOW_BYTES:
        write_virtio(offset, size, value)
        return True
    offset = address.wrapping_sub(pl011.BASE)
    if offset < pl011.WINDOW_BYTES:
        pl011.write_pl011(offset, value)
        take_wakeup()
        return True
    pl011.end_run(False)
    offset = address.wrapping_sub(gic.DISTRIBUTOR_BASE)
    if offset < gic.DISTRIBUTOR_BYTES:
        gic.write_distributor(offset, size, value)
        return True
    offset = address.wrapping_sub(gic.REDISTRIBUTOR_BASE)
    if offset < gic.REDISTRIBUTOR_BYTES:
        gic.write_redistributor(offset, size, value)
        return True
    return False


def write_virtio(offset: u64, size: u64, value: u64) -> None:
    """A store to the virtio devices. Registers take 32 bits (4.2.2.2); the configuration is read-only."""
    if size != WORD or offset & 3 != 0 or offset & (virtio.STRIDE - 1) >= CONFIGURATION:
        return
    pl011.end_run(False)
    virtio.write_device(offset, value)
    settle_devices()
    take_wakeup()


def settle_devices() -> None:
    """Raise the interrupts that virtio devices ask for; a device that its driver broke ends the guest."""
    for number in upto(virtio.DEVICE_COUNT):
        device = virtio.devices[number]
        if device.interrupt_due:
            device.interrupt_due = False
            raise_interrupt(virtio.FIRST_INTERRUPT + number)
            if device.failure != failures.NONE:
                crash_on_queue(device.failure)


def take_wakeup() -> None:
    """If the monitor waited for room in the console's ring, the bits it was woken by may have meant input."""
    if host.woken:
        host.woken = False
        take_input()


def take_input() -> None:
    """Something may have been typed: give it to the virtio console, else let the UART say so."""
    if virtio.offer_input():
        settle_devices()
    else:
        pl011.update_interrupt()

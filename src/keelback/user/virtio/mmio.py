"""The virtio-mmio transport, version 2 (virtio 1.2, 4.2): one page of registers for each device.

Registers only: a write returns what the device has to do about it, and keelback.user.virtio.devices does that. Accesses
the specification does not allow read as zero and write nothing. Legacy drivers (no VIRTIO_F_VERSION_1) are not served.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Array, Struct, array, struct, u64, upto
from keelback.user.virtio import failures
from keelback.user.virtio.queue import SIZE_MAX, Queue, enable_queue, is_interrupt_due, reset_queue

QUEUE_LIMIT: Final = 6

# Registers, 4.2.2.
MAGIC: Final = 0x000
VERSION: Final = 0x004
DEVICE_ID: Final = 0x008
VENDOR_ID: Final = 0x00C
DEVICE_FEATURES: Final = 0x010
DEVICE_FEATURES_SELECT: Final = 0x014
DRIVER_FEATURES: Final = 0x020
DRIVER_FEATURES_SELECT: Final = 0x024
QUEUE_SELECT: Final = 0x030
QUEUE_SIZE_MAX: Final = 0x034
QUEUE_SIZE: Final = 0x038
QUEUE_READY: Final = 0x044
QUEUE_NOTIFY: Final = 0x050
INTERRUPT_STATUS: Final = 0x060
INTERRUPT_ACKNOWLEDGE: Final = 0x064
STATUS: Final = 0x070
QUEUE_DESCRIPTOR_LOW: Final = 0x080
QUEUE_DESCRIPTOR_HIGH: Final = 0x084
QUEUE_AVAILABLE_LOW: Final = 0x090
QUEUE_AVAILABLE_HIGH: Final = 0x094
QUEUE_USED_LOW: Final = 0x0A0
QUEUE_USED_HIGH: Final = 0x0A4
SHARED_MEMORY: Final = 0x0B0
SHARED_MEMORY_END: Final = 0x0C0
CONFIGURATION_GENERATION: Final = 0x0FC
CONFIGURATION: Final = 0x100

MAGIC_VALUE: Final = 0x7472_6976
VERSION_VALUE: Final = 2
VENDOR_VALUE: Final = 0x4B45_454C
ALL_ONES: Final = 0xFFFF_FFFF

# Device status, 2.1.
ACKNOWLEDGED: Final = 1
DRIVER: Final = 2
DRIVER_OK: Final = 4
FEATURES_OK: Final = 8
NEEDS_RESET: Final = 64
FAILED: Final = 128

# Features, 6.
INDIRECT_DESCRIPTORS: Final = 1 << 28
EVENT_INDEX: Final = 1 << 29
VERSION_1: Final = 1 << 32
COMMON_FEATURES: Final = INDIRECT_DESCRIPTORS | EVENT_INDEX | VERSION_1

# Interrupt status, 4.2.2.
USED_BUFFER: Final = 1
CONFIGURATION_CHANGED: Final = 2

# What a register write asks the device to do.
NOTHING: Final = 0
NOTIFY: Final = 1
"""Look at the queue whose number was written."""
RESET: Final = 2
STARTED: Final = 3
"""The driver is ready (DRIVER_OK)."""


@struct
class Transport(Struct):
    """One device's registers and queues."""

    device_id: u64 = u64(0)  # 0: no device here
    offered_features: u64 = u64(0)
    queue_count: u64 = u64(0)
    configuration: Array[u64] = array(u64, 2)  # device-specific bytes, little-endian
    status: u64 = u64(0)
    device_features_select: u64 = u64(0)
    driver_features_select: u64 = u64(0)
    driver_features: u64 = u64(0)
    queue_select: u64 = u64(0)  # unchecked
    interrupt_status: u64 = u64(0)
    interrupt_due: bool = False  # the monitor has to raise the device's interrupt
    failure: u64 = u64(0)  # why the device needs a reset; keelback.user.virtio.failures
    queues: Array[Queue] = array(Queue, QUEUE_LIMIT)


def describe_device(device: Transport, device_id: u64, features: u64, queue_count: u64) -> None:
    """Set what the device is; once, before any access. At most `QUEUE_LIMIT` queues."""
    device.device_id = device_id
    device.offered_features = features
    device.queue_count = queue_count
    reset_device(device)


def reset_device(device: Transport) -> None:
    """Registers and queues as at power-on (2.4)."""
    device.status = u64(0)
    device.device_features_select = u64(0)
    device.driver_features_select = u64(0)
    device.driver_features = u64(0)
    device.queue_select = u64(0)
    device.interrupt_status = u64(0)
    device.interrupt_due = False
    device.failure = u64(failures.NONE)
    for index in upto(QUEUE_LIMIT):
        reset_queue(device.queues[index])


def is_live(device: Transport) -> bool:
    """Whether the driver runs and the device is not broken."""
    return device.status & (DRIVER_OK | NEEDS_RESET) == DRIVER_OK


def has_feature(device: Transport, feature: u64) -> bool:
    """Whether the driver accepted the feature (a mask)."""
    return device.driver_features & feature != 0


def break_device(device: Transport, failure: u64) -> None:
    """The driver did something impossible: stop serving it until it resets the device (2.1.2)."""
    device.status = device.status | NEEDS_RESET
    device.failure = failure
    interrupt_driver(device, u64(CONFIGURATION_CHANGED))


def interrupt_driver(device: Transport, cause: u64) -> None:
    """Note the cause and have the monitor raise the interrupt."""
    device.interrupt_status = device.interrupt_status | cause
    device.interrupt_due = True


def settle_queue(device: Transport, queue: Queue) -> None:
    """After serving a queue: break the device if the queue failed, tell the driver if it wants to be told."""
    if queue.failure != failures.NONE:
        break_device(device, queue.failure)
    elif is_interrupt_due(queue):
        interrupt_driver(device, u64(USED_BUFFER))


def read_register(device: Transport, offset: u64) -> u64:
    """A load at `offset` in the page: 32 bits, or any size in the configuration. Bits above the access size are cut by
    the kernel.
    """
    if offset == INTERRUPT_STATUS:
        return device.interrupt_status
    if offset >= CONFIGURATION:
        return read_configuration(device, offset - CONFIGURATION)
    if offset == STATUS:
        return device.status
    if offset == QUEUE_READY:
        return read_queue_ready(device)
    if offset < QUEUE_SIZE_MAX:
        return read_identity(device, offset)
    if offset == QUEUE_SIZE_MAX:
        return u64(SIZE_MAX) if device.queue_select < device.queue_count else u64(0)
    if SHARED_MEMORY <= offset < SHARED_MEMORY_END:
        return u64(ALL_ONES)
    return u64(0)


def read_identity(device: Transport, offset: u64) -> u64:
    """The registers that say what the device is."""
    if offset == MAGIC:
        return u64(MAGIC_VALUE)
    if offset == VERSION:
        return u64(VERSION_VALUE)
    if offset == DEVICE_ID:
        return device.device_id
    if offset == VENDOR_ID:
        return u64(VENDOR_VALUE)
    if offset == DEVICE_FEATURES and device.device_features_select == 0:
        return device.offered_features & ALL_ONES
    if offset == DEVICE_FEATURES and device.device_features_select == 1:
        return device.offered_features >> 32
    return u64(0)


def read_queue_ready(device: Transport) -> u64:
    """1 when the selected queue is in use."""
    if device.queue_select < device.queue_count and device.queues[device.queue_select].ready:
        return u64(1)
    return u64(0)


def read_configuration(device: Transport, offset: u64) -> u64:
    """The device-specific bytes from `offset` on; zero behind their end."""
    if offset >= len(device.configuration) * 8:
        return u64(0)
    return device.configuration[offset >> 3] >> ((offset & 7) * 8)


def write_register(device: Transport, offset: u64, value: u64) -> u64:
    """A 32-bit store at `offset`; returns what the device has to do (NOTHING, NOTIFY, RESET, STARTED)."""
    if offset == QUEUE_NOTIFY:
        return u64(NOTIFY)
    if offset == INTERRUPT_ACKNOWLEDGE:
        device.interrupt_status = device.interrupt_status & ~value
        device.interrupt_due = device.interrupt_status != 0
        return u64(NOTHING)
    if offset == STATUS:
        return write_status(device, value)
    if offset == DEVICE_FEATURES_SELECT:
        device.device_features_select = value
    elif offset == DRIVER_FEATURES:
        write_driver_features(device, value)
    elif offset == DRIVER_FEATURES_SELECT:
        device.driver_features_select = value
    elif offset == QUEUE_SELECT:
        device.queue_select = value
    elif device.queue_select < device.queue_count:
        write_queue(device, device.queues[device.queue_select], offset, value)
    return u64(NOTHING)


def write_driver_features(device: Transport, value: u64) -> None:
    """Half of the features the driver accepts; fixed once FEATURES_OK is set (3.1.1)."""
    if device.status & FEATURES_OK != 0:
        return
    if device.driver_features_select == 0:
        device.driver_features = (device.driver_features & ~u64(ALL_ONES)) | value
    elif device.driver_features_select == 1:
        device.driver_features = (device.driver_features & ALL_ONES) | (value << 32)


def write_status(device: Transport, value: u64) -> u64:
    """The driver's progress (2.1). FEATURES_OK only sticks for features that were offered, VERSION_1 among them."""
    if value == 0:
        reset_device(device)
        return u64(RESET)
    accepted = device.driver_features & ~device.offered_features == 0 and has_feature(device, u64(VERSION_1))
    wanted = value & 0xFF
    if wanted & FEATURES_OK != 0 and device.status & FEATURES_OK == 0 and not accepted:
        wanted = wanted & ~u64(FEATURES_OK)
    started = wanted & DRIVER_OK != 0 and device.status & DRIVER_OK == 0
    device.status = (device.status & NEEDS_RESET) | wanted
    return u64(STARTED) if started else u64(NOTHING)


def write_queue(device: Transport, queue: Queue, offset: u64, value: u64) -> None:
    """Program the selected queue. The size of a queue in use stays: its places were checked for that size."""
    if offset == QUEUE_SIZE:
        if not queue.ready:
            queue.size = value
    elif offset == QUEUE_READY:
        write_queue_ready(device, queue, value)
    elif offset == QUEUE_DESCRIPTOR_LOW:
        queue.descriptor_address = with_low(queue.descriptor_address, value)
    elif offset == QUEUE_DESCRIPTOR_HIGH:
        queue.descriptor_address = with_high(queue.descriptor_address, value)
    elif offset == QUEUE_AVAILABLE_LOW:
        queue.available_address = with_low(queue.available_address, value)
    elif offset == QUEUE_AVAILABLE_HIGH:
        queue.available_address = with_high(queue.available_address, value)
    elif offset == QUEUE_USED_LOW:
        queue.used_address = with_low(queue.used_address, value)
    elif offset == QUEUE_USED_HIGH:
        queue.used_address = with_high(queue.used_address, value)


def write_queue_ready(device: Transport, queue: Queue, value: u64) -> None:
    """Take the queue into use, or out of it. A queue in use is not enabled again: its offsets stay checked."""
    if value & 1 == 0:
        queue.ready = False
    elif not queue.ready and not enable_queue(queue, has_feature(device, u64(EVENT_INDEX))):
        break_device(device, queue.failure)


def with_low(address: u64, value: u64) -> u64:
    """`address` with its low half replaced."""
    return (address & ~u64(ALL_ONES)) | (value & ALL_ONES)


def with_high(address: u64, value: u64) -> u64:
    """`address` with its high half replaced."""
    return (address & ALL_ONES) | (value << 32)

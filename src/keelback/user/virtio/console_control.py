"""The control queues of the console device (virtio 1.2, 5.3.6.2): how ports are announced, named and opened.

What is still to be said to the driver is a set of bits, sent in ascending order as the driver gives buffers; so no
driver can make it grow. Does not carry console data.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Struct, array, byte_at, byte_count, bytes_of, struct, text_parameter, u8, u16, u32, u64, upto
from keelback.user.virtio.chain import read_bytes, write_bytes
from keelback.user.virtio.mmio import Transport, settle_queue
from keelback.user.virtio.queue import SIZE_MAX, Queue, give_back, take
from keelback.user.virtio.service_port import HAS_SERVICE, close_port

MULTIPORT: Final = 1 << 1
"""VIRTIO_CONSOLE_F_MULTIPORT."""

MESSAGE_BYTES: Final = 8
NAME_BYTES: Final = 56
"""Longest name of a port; a longer one is cut."""

# Events.
DEVICE_READY: Final = 0
PORT_ADD: Final = 1
PORT_READY: Final = 3
CONSOLE_PORT: Final = 4
PORT_OPEN: Final = 6
PORT_NAME: Final = 7

# What is still to be said, in the order of saying.
ADD_CONSOLE: Final = 1 << 0
ADD_SERVICE: Final = 1 << 1
MARK_CONSOLE: Final = 1 << 2
OPEN_CONSOLE: Final = 1 << 3
NAME_SERVICE: Final = 1 << 4
OPEN_SERVICE: Final = 1 << 5

CONSOLE: Final = 0
SERVICE: Final = 1
SERVICE_NAME: Final = text_parameter("port_name", "vault")

message: Final = array(u8, MESSAGE_BYTES + NAME_BYTES)


@struct
class Control(Struct):
    """State of the conversation."""

    unsaid: u64 = u64(0)  # ADD_CONSOLE ... OPEN_SERVICE


control: Final = Control()


def reset_control() -> None:
    """The driver reset the device."""
    control.unsaid = u64(0)


def serve_control(device: Transport, queue: Queue) -> None:
    """Take what the driver says."""
    window = bytes_of(message)
    for _ in upto(SIZE_MAX):
        if not take(queue):
            break
        if read_bytes(queue.chain, window, u64(MESSAGE_BYTES)) == MESSAGE_BYTES:
            hear(window.load_u32(u64(0)), window.load_u16(u64(4)), window.load_u16(u64(6)))
        give_back(queue, u64(0))
    settle_queue(device, queue)


def hear(port_number: u32, event: u16, value: u16) -> None:
    """One message from the driver. Unknown ports and events are ignored."""
    if event == DEVICE_READY and value == 1:
        control.unsaid = control.unsaid | ADD_CONSOLE
        if HAS_SERVICE:
            control.unsaid = control.unsaid | ADD_SERVICE
    elif event == PORT_READY and value == 1 and port_number == CONSOLE:
        control.unsaid = control.unsaid | MARK_CONSOLE | OPEN_CONSOLE
    elif HAS_SERVICE and port_number == SERVICE:
        hear_service(event, value)


def hear_service(event: u16, value: u16) -> None:
    """One message about the service's port."""
    if event == PORT_READY and value == 1:
        control.unsaid = control.unsaid | NAME_SERVICE | OPEN_SERVICE
    elif event == PORT_OPEN and value == 0:
        close_port()


def send_control(device: Transport, queue: Queue) -> None:
    """Say what is unsaid, as far as the driver has buffers."""
    while control.unsaid != 0 and take(queue):
        next_message = control.unsaid & (~control.unsaid).wrapping_add(1)
        control.unsaid = control.unsaid & ~next_message
        count = put_message(next_message)
        written = write_bytes(queue.chain, bytes_of(message), u64(0), count)
        give_back(queue, written)
    settle_queue(device, queue)


def put_message(which: u64) -> u64:
    """Write one message into `message`; its length in bytes."""
    if which == ADD_CONSOLE:
        return put_event(u32(CONSOLE), u16(PORT_ADD))
    if which == ADD_SERVICE:
        return put_event(u32(SERVICE), u16(PORT_ADD))
    if which == MARK_CONSOLE:
        return put_event(u32(CONSOLE), u16(CONSOLE_PORT))
    if which == OPEN_CONSOLE:
        return put_event(u32(CONSOLE), u16(PORT_OPEN))
    if which == OPEN_SERVICE:
        return put_event(u32(SERVICE), u16(PORT_OPEN))
    return put_event(u32(SERVICE), u16(PORT_NAME)) + put_name()


def put_event(port_number: u32, event: u16) -> u64:
    """The fixed part of a message, with value 1; its length."""
    window = bytes_of(message)
    window.store_u32(u64(0), port_number)
    window.store_u16(u64(4), event)
    window.store_u16(u64(6), u16(1))
    return u64(MESSAGE_BYTES)


def put_name() -> u64:
    """The service port's name behind the fixed part, without a terminator (5.3.6.2); its length."""
    count = min(byte_count(SERVICE_NAME), u64(NAME_BYTES))
    for index in upto(count):
        message[MESSAGE_BYTES + index] = byte_at(SERVICE_NAME, index)
    return count

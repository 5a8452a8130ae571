"""The console device with several ports (virtio 1.2, 5.3): port 0 is a console (hvc0), port 1 leads to a native
service.

Port 1 exists only when the system gives this guest a service (keelback.user.virtio.service_port). What the ports carry
is here; how they announce themselves is keelback.user.virtio.console_control.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import array, bytes_of, u8, u64, upto
from keelback.user.virtio.chain import Chain, find_readable, find_writable, read_bytes, write_bytes
from keelback.user.virtio.console_control import MULTIPORT, reset_control, send_control, serve_control
from keelback.user.virtio.host_console import host, input_count, release_input, send_bytes, take_input
from keelback.user.virtio.mmio import COMMON_FEATURES, Transport, describe_device, has_feature, is_live, settle_queue
from keelback.user.virtio.queue import SIZE_MAX, Queue, give_back, take
from keelback.user.virtio.service_port import HAS_SERVICE, answer, feed_port, port, reset_port

DEVICE_ID: Final = 3
PORT_COUNT: Final = 2 if HAS_SERVICE else 1
QUEUE_COUNT: Final = 2 + 2 * PORT_COUNT

# Queues, 5.3.2.
CONSOLE_INPUT: Final = 0
CONSOLE_OUTPUT: Final = 1
CONTROL_TO_DRIVER: Final = 2
CONTROL_FROM_DRIVER: Final = 3
SERVICE_INPUT: Final = 4
SERVICE_OUTPUT: Final = 5

COLUMNS: Final = 80
ROWS: Final = 25
CONFIGURATION_WORD: Final = COLUMNS | ROWS << 16 | PORT_COUNT << 32

STAGE_BYTES: Final = 256
stage: Final = array(u8, STAGE_BYTES)
"""Console bytes between a guest buffer and a ring."""


def describe_console(device: Transport) -> None:
    """Make `device` a console; once."""
    describe_device(device, u64(DEVICE_ID), u64(COMMON_FEATURES | MULTIPORT), u64(QUEUE_COUNT))
    device.configuration[0] = u64(CONFIGURATION_WORD)
    reset_console()


def reset_console() -> None:
    """The driver reset the device."""
    reset_control()
    reset_port()
    host.console_used = False


def notify_console(device: Transport, queue_number: u64) -> None:
    """The driver made buffers available in a queue."""
    if queue_number == CONSOLE_OUTPUT:
        serve_output(device, device.queues[CONSOLE_OUTPUT])
    elif queue_number == CONSOLE_INPUT:
        push_input(device)
    elif queue_number == SERVICE_INPUT or queue_number == SERVICE_OUTPUT:
        serve_service(device)
    elif queue_number == CONTROL_TO_DRIVER:
        send_control(device, device.queues[CONTROL_TO_DRIVER])
    elif queue_number == CONTROL_FROM_DRIVER:
        serve_control(device, device.queues[CONTROL_FROM_DRIVER])
        send_control(device, device.queues[CONTROL_TO_DRIVER])


def serve_output(device: Transport, queue: Queue) -> None:
    """Send all that the guest wrote to its console."""
    for _ in upto(SIZE_MAX):
        if not take(queue):
            break
        send_chain(queue.chain)
        give_back(queue, u64(0))
    settle_queue(device, queue)
    if not host.console_used:
        host.console_used = True
        push_input(device)


def send_chain(chain: Chain) -> None:
    """Send the bytes of one chain."""
    count = read_bytes(chain, bytes_of(stage), u64(STAGE_BYTES))
    while count > 0:
        send_bytes(bytes_of(stage), count)
        count = read_bytes(chain, bytes_of(stage), u64(STAGE_BYTES))


def is_taking_input(device: Transport) -> bool:
    """Whether typed bytes go to this console: its driver takes input, and the guest has used it or has no other.

    A driver takes input as soon as it is loaded, whether or not anybody reads; having written is a sign of life.
    """
    return is_live(device) and device.queues[CONSOLE_INPUT].ready and (host.console_used or not host.uart_listens)


def push_input(device: Transport) -> None:
    """Give the guest what was typed, as far as it is for this console and has room; the rest waits."""
    if not is_taking_input(device):
        return
    queue = device.queues[CONSOLE_INPUT]
    waiting = input_count()
    taken = u64(0)
    for _ in upto(SIZE_MAX):
        if taken == waiting or not take(queue):
            break
        written = fill_chain(queue.chain, waiting - taken)
        give_back(queue, written)
        taken += written
    if taken > 0:
        release_input()
    settle_queue(device, queue)


def fill_chain(chain: Chain, waiting: u64) -> u64:
    """Move up to `waiting` typed bytes into one chain; how many fitted."""
    written = u64(0)
    while written < waiting and find_writable(chain):
        step = min(min(waiting - written, chain.length), u64(STAGE_BYTES))
        take_input(bytes_of(stage), step)
        written += write_bytes(chain, bytes_of(stage), u64(0), step)
    return written


def serve_service(device: Transport) -> None:
    """Relay frames to the service and answers back, until a side has to wait for the guest."""
    if not HAS_SERVICE or not has_feature(device, u64(MULTIPORT)):
        return
    for _ in upto(SIZE_MAX):
        if not (push_answer(device.queues[SERVICE_INPUT]) and feed_next(device.queues[SERVICE_OUTPUT])):
            break
    settle_queue(device, device.queues[SERVICE_INPUT])
    settle_queue(device, device.queues[SERVICE_OUTPUT])


def push_answer(queue: Queue) -> bool:
    """Deliver the answer there is; True when none is left to deliver. An answer too long for its buffer is cut."""
    if port.answer_count == 0:
        return True
    if not take(queue):
        return False
    written = write_bytes(queue.chain, bytes_of(answer), u64(0), port.answer_count)
    port.answer_count = u64(0)
    return give_back(queue, written)


def feed_next(queue: Queue) -> bool:
    """Feed the port from the guest's present or next buffer; False when there is none."""
    if not port.chain_open or not queue.ready:
        port.chain_open = False
        if not take(queue):
            return False
        port.chain_open = True
    feed_port(queue.chain)
    if not find_readable(queue.chain):
        port.chain_open = False
        return give_back(queue, u64(0))
    return True

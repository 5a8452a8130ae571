"""The entropy device (virtio 1.2, 5.4): buffers come empty and go back with random bytes."""

from __future__ import annotations

from typing import Final

from keelback.lang import bytes_of, u64, upto
from keelback.user.virtio.chain import Chain, write_bytes
from keelback.user.virtio.entropy import BLOCK_BYTES, block, make_block
from keelback.user.virtio.mmio import COMMON_FEATURES, Transport, describe_device, settle_queue
from keelback.user.virtio.queue import SIZE_MAX, give_back, take

DEVICE_ID: Final = 4
QUEUE_COUNT: Final = 1
REQUEST_QUEUE: Final = 0
REQUEST_BLOCKS: Final = 2
"""Most that one buffer gets; a device may give less than asked for (5.4.6.1)."""


def describe_rng(device: Transport) -> None:
    """Make `device` an entropy source; once."""
    describe_device(device, u64(DEVICE_ID), u64(COMMON_FEATURES), u64(QUEUE_COUNT))


def notify_rng(device: Transport, queue_number: u64) -> None:
    """The driver made buffers available."""
    if queue_number != REQUEST_QUEUE:
        return
    queue = device.queues[REQUEST_QUEUE]
    for _ in upto(SIZE_MAX):
        if not take(queue):
            break
        give_back(queue, fill_request(queue.chain))
    settle_queue(device, queue)


def fill_request(chain: Chain) -> u64:
    """Random bytes for one chain; how many."""
    written = u64(0)
    for _ in upto(REQUEST_BLOCKS):
        make_block()
        written += write_bytes(chain, bytes_of(block), u64(0), u64(BLOCK_BYTES))
    return written

"""Split virtqueues (virtio 1.2, 2.7): taking buffers, giving them back, and who wants to be told about it.

The three parts of a queue are checked to lie in RAM when the driver enables it; RAM never moves, so the offsets kept
here stay good. Indexes in the rings belong to the driver: they are read once and checked. Walking is
keelback.user.virtio.chain.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Struct, embedded, struct, u16, u32, u64
from keelback.user.runtime.barriers import order_loads, order_memory, order_stores
from keelback.user.virtio import failures
from keelback.user.virtio.chain import DESCRIPTOR_BYTES, Chain, open_chain
from keelback.user.virtio.guest_memory import is_ram, ram, ram_offset

SIZE_MAX: Final = 128
NO_INTERRUPT: Final = 1
"""Flag of the available ring: the driver wants no interrupts (only without the event index)."""


@struct
class Queue(Struct):
    """One queue. What the driver programs is unchecked guest physical addresses; the offsets are checked."""

    size: u64 = u64(SIZE_MAX)
    ready: bool = False
    descriptor_address: u64 = u64(0)
    available_address: u64 = u64(0)
    used_address: u64 = u64(0)
    descriptors: u64 = u64(0)  # offsets in RAM; valid while `ready`
    available: u64 = u64(0)
    used: u64 = u64(0)
    event_index: bool = False  # VIRTIO_F_EVENT_IDX was negotiated
    taken: u16 = u16(0)  # next place of the available ring to look at
    returned: u16 = u16(0)  # next place of the used ring to fill
    told: u16 = u16(0)  # `returned` when the driver was last considered for an interrupt
    head: u64 = u64(0)  # of the chain taken last
    chain: Chain = embedded(Chain)
    failure: u64 = u64(0)  # keelback.user.virtio.failures


def reset_queue(queue: Queue) -> None:
    """As after a device reset: nothing is programmed."""
    queue.size = u64(SIZE_MAX)
    queue.ready = False
    queue.descriptor_address = u64(0)
    queue.available_address = u64(0)
    queue.used_address = u64(0)
    queue.failure = u64(failures.NONE)


def enable_queue(queue: Queue, event_index: bool) -> bool:
    """The driver says the queue is programmed; False (and `failure`) when it cannot be used."""
    size = queue.size
    if size == 0 or size > SIZE_MAX or size.count_ones() != 1:
        return fail_queue(queue, u64(failures.QUEUE_SIZE))
    if not (
        is_part(queue.descriptor_address, size * DESCRIPTOR_BYTES, u64(DESCRIPTOR_BYTES))
        and is_part(queue.available_address, 6 + size * 2, u64(2))
        and is_part(queue.used_address, 6 + size * 8, u64(4))
    ):
        return fail_queue(queue, u64(failures.QUEUE_PLACE))
    queue.descriptors = ram_offset(queue.descriptor_address)
    queue.available = ram_offset(queue.available_address)
    queue.used = ram_offset(queue.used_address)
    queue.event_index = event_index
    queue.taken = u16(0)
    queue.returned = u16(0)
    queue.told = u16(0)
    queue.ready = True
    return True


def is_part(address: u64, count: u64, alignment: u64) -> bool:
    """Whether one part of a queue is in RAM and aligned (2.7: 16, 2 and 4 bytes)."""
    return address & (alignment - 1) == 0 and is_ram(address, count)


def fail_queue(queue: Queue, failure: u64) -> bool:
    """Use the queue no more; False, for `return`."""
    queue.failure = failure
    queue.ready = False
    return False


def take(queue: Queue) -> bool:
    """Open the next available chain as `queue.chain`; False when there is none (the driver will then notify), or when
    the ring is nonsense (`failure`).
    """
    if not queue.ready:
        return False
    waiting = waiting_count(queue)
    if waiting == 0:
        request_notification(queue)
        waiting = waiting_count(queue)
        if waiting == 0:
            return False
    if u64(waiting) > queue.size:
        return fail_queue(queue, u64(failures.RING_INDEX))
    order_loads()
    place = u64(queue.taken) & (queue.size - 1)
    queue.head = u64(ram.load_u16(queue.available + 4 + place * 2))
    if queue.head >= queue.size:
        return fail_queue(queue, u64(failures.DESCRIPTOR_INDEX))
    queue.taken = queue.taken.wrapping_add(1)
    open_chain(queue.chain, queue.descriptors, queue.size, queue.head)
    return True


def waiting_count(queue: Queue) -> u16:
    """Chains the driver says are available and were not taken. Unchecked: a hostile driver can say anything."""
    return ram.load_u16(queue.available + 2).wrapping_sub(queue.taken)


def request_notification(queue: Queue) -> None:
    """Ask to be notified of the next available buffer (2.7.10). Without the event index that is always so."""
    if queue.event_index:
        ram.store_u16(queue.used + 4 + queue.size * 8, queue.taken)
        order_memory()


def give_back(queue: Queue, written_count: u64) -> bool:
    """Return the chain taken last, with `written_count` bytes written into it; False when the chain was nonsense, or
    the driver took the queue out of use meanwhile.
    """
    if not queue.ready:
        return False
    if queue.chain.failure != failures.NONE:
        return fail_queue(queue, queue.chain.failure)
    place = queue.used + 4 + (u64(queue.returned) & (queue.size - 1)) * 8
    ram.store_u32(place, u32.truncate(queue.head))
    ram.store_u32(place + 4, u32.truncate(written_count))
    order_stores()
    queue.returned = queue.returned.wrapping_add(1)
    ram.store_u16(queue.used + 2, queue.returned)
    return True


def is_interrupt_due(queue: Queue) -> bool:
    """Whether the driver wants an interrupt for what was given back since the last time this was asked (2.7.7)."""
    before = queue.told
    queue.told = queue.returned
    if not queue.ready or before == queue.returned:
        return False
    order_memory()
    if not queue.event_index:
        return ram.load_u16(queue.available) & NO_INTERRUPT == 0
    wanted = ram.load_u16(queue.available + 4 + queue.size * 2)
    return queue.returned.wrapping_sub(wanted).wrapping_sub(1) < queue.returned.wrapping_sub(before)

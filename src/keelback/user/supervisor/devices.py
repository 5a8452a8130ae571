"""Devices of the pool that a child drives: it gets the registers' frames and the interrupt, and they are taken back
without its consent. Nothing here knows what a device does; how to quieten it is its driver's business, or the next
one's.
"""

from __future__ import annotations

from keelback.abi import errors, mappings, objects, rights
from keelback.lang import u64
from keelback.user.runtime import (
    capability_copy,
    capability_delete,
    interrupt_bind,
    object_claim,
    object_create,
    object_destroy,
)
from keelback.user.supervisor.children import OWN, notification_slot, table_slot
from keelback.user.supervisor.loading import map_page, unmap_page
from keelback.user.supervisor.slots import POOL_SLOT


def lend_registers(child: u64, frame: u64, slot: u64, number: u64) -> None:
    """Map a device frame of the pool into a child, at this page, counted from 2 MiB. `slot` is an own empty one."""
    assert object_claim(u64(POOL_SLOT), u64(objects.FRAME), frame, slot) == errors.OK
    map_page(child, number, slot, u64(mappings.READ | mappings.WRITE))


def take_registers(child: u64, slot: u64, number: u64) -> None:
    """Unmap a lent device frame; its slot is empty again. A child that goes on using the device faults."""
    unmap_page(child, number)
    assert capability_delete(slot, u64(OWN)) == errors.OK


def lend_interrupt(child: u64, interrupt: u64, slot: u64, edge: u64, bits: u64, place: u64) -> None:
    """Let an interrupt of the pool signal these bits of a child's notification, on the child's core.

    The child acknowledges it with the capability in its slot `place`. `slot` is an own empty one; `edge` is 1 for a
    line triggered by an edge. The child is bound (`bind_child`).
    """
    assert object_create(u64(POOL_SLOT), u64(objects.INTERRUPT), interrupt, slot, u64(0)) == errors.OK
    assert interrupt_bind(slot, notification_slot(child), bits, edge) == errors.OK
    assert capability_copy(slot, place, u64(rights.CONTROL), table_slot(child)) == errors.OK


def take_interrupt(interrupt: u64, slot: u64) -> None:
    """Turn a lent interrupt off, whether it was acknowledged or not; its slot is empty, the child's capability dead."""
    assert object_destroy(u64(POOL_SLOT), u64(objects.INTERRUPT), interrupt) == errors.OK
    assert capability_delete(slot, u64(OWN)) == errors.OK

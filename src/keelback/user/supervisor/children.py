"""The life of a child: its objects are created, bound to each other, started, stopped and destroyed. What is in its
memory is `loading`.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, messages, objects, rights
from keelback.lang import inline, u64, upto
from keelback.user.runtime import (
    capability_clear,
    capability_copy,
    capability_delete,
    endpoint_bind,
    link_table,
    object_claim,
    object_create,
    object_destroy,
    thread_bind,
    thread_configure,
    thread_schedule,
    thread_start,
    thread_stop,
    unlink_table,
)
from keelback.user.supervisor.slots import (
    ENDPOINT,
    FIRST_ENDPOINT,
    FIRST_FRAME,
    FIRST_NOTIFICATION,
    FIRST_SPACE,
    FIRST_TABLE,
    FIRST_THREAD,
    FRAMES_EACH,
    LEAVES_EACH,
    LEVEL2,
    NOTIFICATION,
    POOL_SLOT,
    SPACE,
    TABLE,
    THREAD,
    first_table,
    frame_slot,
    leaf_slot,
    own_slot,
)

FIRST_GIVEN_SLOT: Final = messages.FIRST_GIVEN_SLOT
OWN: Final = 0
"""The own capability table."""
LEVEL2_ENTRY: Final = 0
FIRST_LEAF_ENTRY: Final = 1
"""Entries that lead to addresses from 2 MiB up."""


@inline
def thread_slot(child: u64) -> u64:
    """The own slot of a child's thread."""
    return own_slot(child, u64(THREAD))


@inline
def endpoint_slot(child: u64) -> u64:
    """The own slot of the endpoint that a child serves."""
    return own_slot(child, u64(ENDPOINT))


@inline
def notification_slot(child: u64) -> u64:
    """The own slot of a child's notification."""
    return own_slot(child, u64(NOTIFICATION))


@inline
def table_slot(child: u64) -> u64:
    """The own slot of a child's capability table."""
    return own_slot(child, u64(TABLE))


def create_child(child: u64) -> None:
    """Make a child's objects, and an address space without pages. Numbers are 0 to CHILD_COUNT - 1."""
    make(u64(objects.ADDRESS_SPACE), child + FIRST_SPACE, own_slot(child, u64(SPACE)), u64(0))
    make(u64(objects.PAGE_TABLE), first_table(child), own_slot(child, u64(LEVEL2)), u64(2))
    for leaf in upto(u64(LEAVES_EACH)):
        make(u64(objects.PAGE_TABLE), first_table(child) + 1 + leaf, leaf_slot(child, leaf), u64(3))
        entry = leaf + FIRST_LEAF_ENTRY
        assert link_table(own_slot(child, u64(LEVEL2)), entry, leaf_slot(child, leaf)) == errors.OK
    make(u64(objects.CAPABILITY_TABLE), child + FIRST_TABLE, own_slot(child, u64(TABLE)), u64(0))
    make(u64(objects.THREAD), child + FIRST_THREAD, own_slot(child, u64(THREAD)), u64(0))
    make(u64(objects.ENDPOINT), child + FIRST_ENDPOINT, own_slot(child, u64(ENDPOINT)), u64(0))
    make(u64(objects.NOTIFICATION), child + FIRST_NOTIFICATION, own_slot(child, u64(NOTIFICATION)), u64(0))
    for number in upto(u64(FRAMES_EACH)):
        frame = child * FRAMES_EACH + (FIRST_FRAME + number)
        assert object_claim(u64(POOL_SLOT), u64(objects.FRAME), frame, frame_slot(child, number)) == errors.OK
    assert link_table(own_slot(child, u64(SPACE)), u64(LEVEL2_ENTRY), own_slot(child, u64(LEVEL2))) == errors.OK
    give_own(child)


def make(kind: u64, index: u64, slot: u64, level: u64) -> None:
    """Create one object."""
    assert object_create(u64(POOL_SLOT), kind, index, slot, level) == errors.OK


def give_own(child: u64) -> None:
    """Fill a child's capability table with what every child has: its notification. Receiving takes no capability."""
    give_child(child, notification_slot(child), u64(messages.OWN_NOTIFICATION_SLOT), u64(rights.READ))


def give_child(child: u64, source: u64, slot: u64, kept: u64) -> None:
    """Give a child a copy of an own capability, with these rights, in one of its slots (from FIRST_GIVEN_SLOT on)."""
    assert capability_copy(source, slot, kept, table_slot(child)) == errors.OK


def bind_child(child: u64, core: u64, priority: u64, handler: u64) -> None:
    """Bind a stopped child's objects. Its faults go to the endpoint in slot `handler`, with badge child + 1."""
    thread = thread_slot(child)
    assert thread_configure(thread, own_slot(child, u64(SPACE)), table_slot(child), handler, child + 1) == errors.OK
    assert thread_bind(thread, notification_slot(child)) == errors.OK
    assert endpoint_bind(endpoint_slot(child), thread) == errors.OK
    assert thread_schedule(thread, core, priority, priority) == errors.OK


def start_child(child: u64, entry: u64, stack: u64) -> None:
    """Start a bound child from the beginning."""
    assert thread_start(thread_slot(child), entry, stack, u64(0)) == errors.OK


def stop_child(child: u64) -> None:
    """Stop a child wherever it is. Who waits for its answer hears RESTARTED."""
    assert thread_stop(thread_slot(child)) == errors.OK


def destroy_child(child: u64) -> None:
    """End a stopped child whose pages are unloaded: all its objects are unborn again."""
    clear_table(child)
    assert unlink_table(own_slot(child, u64(LEVEL2))) == errors.OK
    for leaf in upto(u64(LEAVES_EACH)):
        assert unlink_table(leaf_slot(child, leaf)) == errors.OK
        end(u64(objects.PAGE_TABLE), first_table(child) + 1 + leaf, leaf_slot(child, leaf))
    end(u64(objects.THREAD), child + FIRST_THREAD, own_slot(child, u64(THREAD)))
    end(u64(objects.ENDPOINT), child + FIRST_ENDPOINT, own_slot(child, u64(ENDPOINT)))
    end(u64(objects.NOTIFICATION), child + FIRST_NOTIFICATION, own_slot(child, u64(NOTIFICATION)))
    end(u64(objects.CAPABILITY_TABLE), child + FIRST_TABLE, own_slot(child, u64(TABLE)))
    end(u64(objects.PAGE_TABLE), first_table(child), own_slot(child, u64(LEVEL2)))
    end(u64(objects.ADDRESS_SPACE), child + FIRST_SPACE, own_slot(child, u64(SPACE)))
    for number in upto(u64(FRAMES_EACH)):
        assert capability_delete(frame_slot(child, number), u64(OWN)) == errors.OK


def clear_table(child: u64) -> None:
    """Empty a child's capability table."""
    following = u64(1)
    while following != 0:
        status, after = capability_clear(table_slot(child), following)
        assert status == errors.OK
        following = after


def end(kind: u64, index: u64, slot: u64) -> None:
    """Destroy one object, and delete the own capability to it."""
    assert object_destroy(u64(POOL_SLOT), kind, index) == errors.OK
    assert capability_delete(slot, u64(OWN)) == errors.OK

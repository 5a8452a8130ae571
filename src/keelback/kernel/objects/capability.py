"""Capabilities: slots of a component's table, the only authority there is.

A capability is alive while its generation equals its object's; revoking bumps the object's. There is no derivation
tree, and nothing here knows what the objects do.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, limits, objects, rights
from keelback.kernel.state import (
    Slot,
    Thread,
    endpoints,
    interrupts,
    notifications,
    platform_singleton,
    slots,
    threads,
    trace_singleton,
    vcpus,
)
from keelback.lang import inline, u8, u32, u64

LAST_GENERATION: Final = u32.MAX
"""Never reached, so that a generation is never used twice."""


@inline
def slot_of(thread: Thread, number: u64) -> Slot:
    """The slot with a number below SLOT_COUNT, in a thread's own table."""
    return slots[u64(thread.table) * limits.SLOT_COUNT + number]


def generation_of(kind: u8, index: u32) -> u32:
    """The present generation of an object."""
    if kind == objects.THREAD:
        return threads[index].generation
    if kind == objects.ENDPOINT:
        return endpoints[index].generation
    if kind == objects.NOTIFICATION:
        return notifications[index].generation
    if kind == objects.INTERRUPT:
        return interrupts[index].generation
    if kind == objects.VCPU:
        return vcpus[index].generation
    if kind == objects.TRACE:
        return trace_singleton.generation
    return platform_singleton.generation


@inline
def check_slot(thread: Thread, number: u64, kind: u8, right: u8) -> u64:
    """OK if slot `number` holds a live capability of this kind with this right."""
    if number == 0 or number >= limits.SLOT_COUNT:
        return u64(errors.BAD_SLOT)
    slot = slot_of(thread, number)
    if slot.kind != kind:
        return u64(errors.BAD_SLOT) if slot.kind == objects.NONE else u64(errors.WRONG_KIND)
    if slot.generation != generation_of(kind, slot.object):
        return u64(errors.DEAD)
    if slot.rights & right != right:
        return u64(errors.NO_RIGHT)
    return u64(errors.OK)


def check_any(thread: Thread, number: u64, right: u8) -> u64:
    """OK if slot `number` holds a live capability of whatever kind with this right."""
    if number == 0 or number >= limits.SLOT_COUNT:
        return u64(errors.BAD_SLOT)
    kind = slot_of(thread, number).kind
    if kind == objects.NONE:
        return u64(errors.BAD_SLOT)
    return check_slot(thread, number, kind, right)


def check_destination(thread: Thread, number: u64) -> u64:
    """OK if slot `number` exists and is empty."""
    if number == 0 or number >= limits.SLOT_COUNT:
        return u64(errors.BAD_SLOT)
    return u64(errors.OK) if slot_of(thread, number).kind == objects.NONE else u64(errors.OCCUPIED)


def copy(thread: Thread) -> u64:
    """CAPABILITY_COPY: x8 source, x0 destination, x1 rights to keep."""
    registers = thread.context.registers
    status = check_any(thread, registers[8], u8(0))
    if status != errors.OK:
        return status
    status = check_destination(thread, registers[0])
    if status != errors.OK:
        return status
    commit_copy(thread, registers[8], registers[0], registers[1])
    return u64(errors.OK)


def mint(thread: Thread) -> u64:
    """CAPABILITY_MINT: as copy, and x2 the badge, which is set once."""
    registers = thread.context.registers
    status = check_any(thread, registers[8], u8(rights.GRANT))
    if status != errors.OK:
        return status
    if slot_of(thread, registers[8]).badge != 0:
        return u64(errors.BAD_ARGUMENT)
    status = check_destination(thread, registers[0])
    if status != errors.OK:
        return status
    commit_copy(thread, registers[8], registers[0], registers[1])
    slot_of(thread, registers[0]).badge = registers[2]
    return u64(errors.OK)


def commit_copy(thread: Thread, source: u64, destination: u64, keep: u64) -> None:
    """Copy a capability; its rights can only become fewer."""
    made = slot_of(thread, destination)
    made.copy_from(slot_of(thread, source))
    made.rights = made.rights & u8.truncate(keep)


def delete(thread: Thread) -> u64:
    """CAPABILITY_DELETE: x8 slot."""
    number = thread.context.registers[8]
    if number == 0 or number >= limits.SLOT_COUNT:
        return u64(errors.BAD_SLOT)
    slot = slot_of(thread, number)
    if slot.kind == objects.NONE:
        return u64(errors.BAD_SLOT)
    slot.kind = u8(objects.NONE)
    slot.rights = u8(0)
    slot.object = u32(0)
    slot.generation = u32(0)
    slot.badge = u64(0)
    return u64(errors.OK)


def revoke(thread: Thread) -> u64:
    """REVOKE: x8 slot. All other capabilities to its object die."""
    number = thread.context.registers[8]
    status = check_any(thread, number, u8(rights.OWNER))
    if status != errors.OK:
        return status
    slot = slot_of(thread, number)
    if slot.generation == LAST_GENERATION:
        return u64(errors.BUSY)
    slot.generation = slot.generation + 1
    commit_generation(slot.kind, slot.object, slot.generation)
    return u64(errors.OK)


def commit_generation(kind: u8, index: u32, generation: u32) -> None:
    """Give an object a new generation."""
    if kind == objects.THREAD:
        threads[index].generation = generation
    elif kind == objects.ENDPOINT:
        endpoints[index].generation = generation
    elif kind == objects.NOTIFICATION:
        notifications[index].generation = generation
    elif kind == objects.INTERRUPT:
        interrupts[index].generation = generation
    elif kind == objects.VCPU:
        vcpus[index].generation = generation
    elif kind == objects.TRACE:
        trace_singleton.generation = generation
    else:
        platform_singleton.generation = generation

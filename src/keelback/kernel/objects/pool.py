"""Pools: who owns what. The holder of a pool creates, destroys, gives away and takes back; each is one step.

Pools own pools, so that ownership is a tree; the root owns itself. Memory for objects is not managed here: the entries
of the kernel's tables are what is owned, and an object is created in one. What it takes to make or end an object of
some kind XX
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, objects, rights
from keelback.kernel.objects import endpoint, interrupt, notification, reply, scheduling_context, translation, vcpu
from keelback.kernel.objects import thread as threads
from keelback.kernel.objects.capability import (
    LAST_GENERATION,
    explain_vacant,
    find_object,
    find_object_later,
    find_vacant,
    holds,
    revoke_all,
    slot_of,
)
from keelback.kernel.objects.header import find_header
from keelback.kernel.state import Header, Thread, frames, pools, slots, tables, translations
from keelback.lang import inline, noinline, u8, u32, u64

LASTING: Final = 1 << objects.FRAME | 1 << objects.TRACE | 1 << objects.PLATFORM | 1 << objects.CORE
"""Kinds of object that always live: they are neither created nor destroyed."""
PREPARED: Final = u64(1 << objects.PAGE_TABLE | 1 << objects.VCPU)
"""Kinds of object that ask for more than an entry when they are created."""


@inline
def find_owned(thread: Thread) -> Header | None:
    """The header of the object (x0, x1), if the pool in slot x8 owns it."""
    registers = thread.context.registers
    status, pool = find_object(thread, registers[8], u8(objects.POOL), u8(rights.CONTROL))
    if status != errors.OK:
        return None
    return find_owned_by(thread, pool)


@inline
def find_owned_by(thread: Thread, pool: u32) -> Header | None:
    """The header of the object (x0, x1), if this pool owns it."""
    header = find_header(thread.context.registers[0], thread.context.registers[1])
    if header is None or header.owner != pool:
        return None
    return header


@noinline
def find_refusal(thread: Thread) -> u64:
    """Why the pool in slot x8 may not do with the object (x0, x1) what it is asked for, if it is because of these."""
    registers = thread.context.registers
    status, _ = find_object(thread, registers[8], u8(objects.POOL), u8(rights.CONTROL))
    if status != errors.OK:
        return status
    is_known = registers[1] != 0 and find_header(registers[0], registers[1]) is not None
    return u64(errors.NOT_OWNED) if is_known else u64(errors.BAD_ARGUMENT)


@inline
def commit_claim(kind: u64, index: u64, header: Header, table: u32, place: u64) -> None:
    """Put a capability with every right to an object into an empty slot."""
    slots[place].object = u32.truncate(index)
    slots[place].generation = header.generation
    slots[place].kind = u8.truncate(kind)
    slots[place].rights = u8(rights.ALL)
    tables[table].used = tables[table].used + 1


def create(thread: Thread) -> u64:
    """OBJECT_CREATE: x8 pool, x0 kind, x1 index, x2 slot for a capability to it, x3 the level of a page table."""
    number = thread.context.registers[8]
    if holds(thread, number, u8(objects.POOL), u8(rights.CONTROL)):
        return create_in(thread, slot_of(thread, number).object)
    return create_later(thread)


@noinline
def create_later(thread: Thread) -> u64:
    """OBJECT_CREATE, for all that `holds` leaves open."""
    status, pool = find_object_later(thread, thread.context.registers[8], u8(objects.POOL), u8(rights.CONTROL))
    return status if status != errors.OK else create_in(thread, pool)


@inline
def create_in(thread: Thread, pool: u32) -> u64:
    """OBJECT_CREATE, when the capability is as it should be."""
    header = find_owned_by(thread, pool)
    if header is None:
        return find_refusal(thread)
    if PREPARED.bit(thread.context.registers[0]):
        return create_prepared(thread, header)
    return create_object(thread, header, u64(objects.NONE))


@noinline
def create_prepared(thread: Thread, header: Header) -> u64:
    """OBJECT_CREATE, for these kinds."""
    if thread.context.registers[0] == objects.VCPU:
        return create_vcpu(thread, header)
    if not 2 <= thread.context.registers[3] <= 3:
        return u64(errors.BAD_ARGUMENT)
    return create_object(thread, header, u64(objects.PAGE_TABLE))


@noinline
def create_vcpu(thread: Thread, header: Header) -> u64:
    """OBJECT_CREATE of a vcpu."""
    return create_object(thread, header, u64(objects.VCPU))


@inline
def create_object(thread: Thread, header: Header, prepared: u64) -> u64:
    """OBJECT_CREATE, when its header is found; `prepared` is its kind if that is in PREPARED."""
    registers = thread.context.registers
    if header.live:
        return u64(errors.STATE)
    table, place = find_vacant(thread, u64(0), registers[2])
    if place == 0:
        return explain_vacant(thread, u64(0), registers[2])
    header.live = True
    commit_claim(registers[0], registers[1], header, table, place)
    if prepared == objects.PAGE_TABLE:
        translations[registers[1]].level = u8.truncate(registers[3])
    if prepared == objects.VCPU:
        vcpu.commit_create(u32.truncate(registers[1]))
    return u64(errors.OK)


def destroy(thread: Thread) -> u64:
    """OBJECT_DESTROY: x8 pool, x0 kind, x1 index."""
    registers = thread.context.registers
    header = find_owned(thread)
    if header is None:
        return find_refusal(thread)
    if u64(LASTING).bit(registers[0]):
        return u64(errors.BAD_ARGUMENT)
    if not header.live:
        return u64(errors.STATE)
    index = u32.truncate(registers[1])
    if is_busy(registers[0], index):
        return u64(errors.BUSY)
    header.live = False
    header.generation = header.generation + 1
    commit_destroy(registers[0], index)
    if header.generation > LAST_GENERATION:
        commit_owner(header, u32(0))
    return u64(errors.OK)


@inline
def is_busy(kind: u64, index: u32) -> bool:
    """Whether something depends on an object, so that it cannot be destroyed now."""
    if kind == objects.POOL:
        return pools[index].owned != 0 or pools[index].header.owner == index
    if kind == objects.CAPABILITY_TABLE:
        return tables[index].used != 0 or tables[index].threads != 0
    if kind == objects.PAGE_TABLE or kind == objects.ADDRESS_SPACE:
        return translation.is_busy(index)
    if kind == objects.THREAD:
        return threads.is_busy(index)
    if kind == objects.ENDPOINT:
        return endpoint.is_busy(index)
    if kind == objects.VCPU:
        return vcpu.is_busy(index)
    return kind == objects.TIME and scheduling_context.is_busy(index)


@inline
def commit_destroy(kind: u64, index: u32) -> None:
    """What its kind asks for when an object ends."""
    if kind == objects.PAGE_TABLE or kind == objects.ADDRESS_SPACE:
        translation.commit_destroy(index)
    elif kind == objects.THREAD:
        threads.commit_destroy(index)
    elif kind == objects.ENDPOINT:
        endpoint.commit_destroy(index)
    elif kind == objects.NOTIFICATION:
        notification.commit_destroy(index)
    elif kind == objects.INTERRUPT:
        interrupt.commit_destroy(index)
    elif kind == objects.VCPU:
        vcpu.commit_destroy(index)
    elif kind == objects.TIME:
        scheduling_context.commit_destroy(index)
    elif kind == objects.REPLY:
        reply.commit_destroy(index)


def give(thread: Thread) -> u64:
    """OBJECT_GIVE: x8 pool, x0 kind, x1 index, x2 the pool to give to."""
    registers = thread.context.registers
    header = find_owned(thread)
    if header is None:
        return find_refusal(thread)
    status, taker = find_object(thread, registers[2], u8(objects.POOL), u8(0))
    if status != errors.OK:
        return status
    giver = header.owner
    if pools[taker].header.owner != giver:
        return u64(errors.NOT_OWNED)
    status = check_gift(registers[0], u32.truncate(registers[1]), giver, taker)
    if status == errors.OK:
        commit_owner(header, taker)
    return status


@inline
def check_gift(kind: u64, index: u32, giver: u32, taker: u32) -> u64:
    """OK if an object may change hands: ownership stays a tree, and a frame carries nothing over."""
    if kind == objects.POOL and (index == giver or index == taker):
        return u64(errors.BAD_ARGUMENT)
    if kind == objects.FRAME and frames[index].mapped != 0:
        return u64(errors.BUSY)
    return u64(errors.DIRTY) if kind == objects.FRAME and frames[index].dirty != 0 else u64(errors.OK)


@inline
def commit_owner(header: Header, pool: u32) -> None:
    """Change hands; 0 is nobody."""
    pools[header.owner].owned = pools[header.owner].owned - 1
    pools[pool].owned = pools[pool].owned + 1
    header.owner = pool


def take(thread: Thread) -> u64:
    """OBJECT_TAKE: x8 pool, x0 kind, x1 index."""
    registers = thread.context.registers
    status, taker = find_object(thread, registers[8], u8(objects.POOL), u8(rights.CONTROL))
    if status != errors.OK:
        return status
    header = find_header(registers[0], registers[1])
    if header is None or header.owner == taker or pools[header.owner].header.owner != taker:
        return find_refusal(thread)
    commit_owner(header, taker)
    return status


def claim(thread: Thread) -> u64:
    """OBJECT_CLAIM: x8 pool, x0 kind, x1 index, x2 slot for a capability to it."""
    number = thread.context.registers[8]
    if holds(thread, number, u8(objects.POOL), u8(rights.CONTROL)):
        return claim_from(thread, slot_of(thread, number).object)
    return claim_later(thread)


@noinline
def claim_later(thread: Thread) -> u64:
    """OBJECT_CLAIM, for all that `holds` leaves open."""
    status, pool = find_object_later(thread, thread.context.registers[8], u8(objects.POOL), u8(rights.CONTROL))
    return status if status != errors.OK else claim_from(thread, pool)


@inline
def claim_from(thread: Thread, pool: u32) -> u64:
    """OBJECT_CLAIM, when the capability is as it should be."""
    registers = thread.context.registers
    header = find_owned_by(thread, pool)
    if header is None:
        return find_refusal(thread)
    if not header.live:
        return u64(errors.STATE)
    table, place = find_vacant(thread, u64(0), registers[2])
    if place == 0:
        return explain_vacant(thread, u64(0), registers[2])
    commit_claim(registers[0], registers[1], header, table, place)
    return u64(errors.OK)


def revoke(thread: Thread) -> u64:
    """OBJECT_REVOKE: x8 pool, x0 kind, x1 index."""
    header = find_owned(thread)
    if header is None:
        return find_refusal(thread)
    return revoke_all(header) if header.live else u64(errors.STATE)

"""Capabilities: slots of a component's table, the only authority there is.

A capability is alive while its generation equals its object's, and while the grant that it came through, if any, has
the generation it had then. There is no derivation tree, and nothing here knows what the objects do. Copy, mint and
move do not ask whether a capability is alive: a copy of a dead one is as dead, since no generation comes a second time.

A table argument is the slot of a capability table, or 0 for the caller's own table.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, objects, rights
from keelback.kernel.objects.header import any_header_of, header_of
from keelback.kernel.state import Header, Slot, Thread, grants, slots, tables
from keelback.lang import inline, noinline, packed_u32, u8, u32, u64, upto

LAST_GENERATION: Final = u32.MAX - 1
"""Nothing is revoked any more at this one: destroying the object still makes one more, so that none is used twice."""

KIND_AND_GRANT: Final = 0xFFFF_FF00
"""Of a slot's rights, kind and grant as one word."""

CLEARED_AT_ONCE: Final = 16


@inline
def slot_of(thread: Thread, number: u64) -> Slot:
    """The slot with a number below slots_count, in a thread's own table."""
    return slots[u64(thread.slots_first) + number]


@inline
def holds(thread: Thread, number: u64, kind: u8, right: u8) -> bool:
    """Whether slot `number` holds a live capability of this kind with this right, which came through no grant. False
    says nothing: see check_slot."""
    if number >= u64(thread.slots_count):
        return False
    slot = slot_of(thread, number)
    what = packed_u32(slot.rights, slot.kind, slot.grant) & (KIND_AND_GRANT | u32(right))
    return what == u32(kind) << 8 | u32(right) and slot.generation == header_of(kind, slot.object).generation


@inline
def check_slot(thread: Thread, number: u64, kind: u8, right: u8) -> u64:
    """OK if slot `number` holds a live capability of this kind with this right."""
    return u64(errors.OK) if holds(thread, number, kind, right) else find_error(thread, number, kind, right)


@inline
def find_object(thread: Thread, number: u64, kind: u8, right: u8) -> tuple[u64, u32]:
    """OK, and the object that slot `number` names, if check_slot says so; or the error."""
    if holds(thread, number, kind, right):
        return u64(errors.OK), slot_of(thread, number).object
    return find_object_later(thread, number, kind, right)


@noinline
def find_object_later(thread: Thread, number: u64, kind: u8, right: u8) -> tuple[u64, u32]:
    """As find_object, for all that `holds` leaves open."""
    status = explain(thread, number, kind, right)
    return status, slot_of(thread, number).object if status == errors.OK else u32(0)


@noinline
def find_error(thread: Thread, number: u64, kind: u8, right: u8) -> u64:
    """What check_slot says, for all that `holds` leaves open."""
    return explain(thread, number, kind, right)


@inline
def explain(thread: Thread, number: u64, kind: u8, right: u8) -> u64:
    """What check_slot says."""
    status = check_any(thread, number, u8(0))
    if status != errors.OK:
        return status
    slot = slot_of(thread, number)
    if slot.kind != kind:
        return u64(errors.WRONG_KIND)
    if slot.generation != any_header_of(kind, slot.object).generation or not is_delegated(slot):
        return u64(errors.DEAD)
    return u64(errors.OK) if slot.rights & right == right else u64(errors.NO_RIGHT)


@inline
def is_delegated(slot: Slot) -> bool:
    """Whether the grant that a capability came through, if any, still holds."""
    return slot.grant == 0 or slot.grant_generation == grants[slot.grant].header.generation


@inline
def check_any(thread: Thread, number: u64, right: u8) -> u64:
    """OK if slot `number` holds a capability of whatever kind, dead or alive, with this right."""
    if number >= u64(thread.slots_count):
        return u64(errors.BAD_SLOT)
    slot = slot_of(thread, number)
    if slot.rights & right == right and (right != 0 or slot.kind != objects.NONE):  # an empty slot has no rights
        return u64(errors.OK)
    return u64(errors.BAD_SLOT) if slot.kind == objects.NONE else u64(errors.NO_RIGHT)


@inline
def find_table(thread: Thread, number: u64) -> tuple[u64, u32, u32, u32]:
    """OK, and of the table that a table argument means the index, where it starts, and its count; or the error."""
    if number == 0:
        return u64(errors.OK), thread.table, thread.slots_first, thread.slots_count
    status, table = find_object(thread, number, u8(objects.CAPABILITY_TABLE), u8(rights.WRITE))
    return status, table, tables[table].first, tables[table].count


@inline
def find_vacant(thread: Thread, table_number: u64, number: u64) -> tuple[u32, u64]:
    """The table that an argument means, and where in `slots` its slot `number` is; 0 if explain_vacant says why not."""
    status, table, first, count = find_table(thread, table_number)
    if status != errors.OK or number == 0 or number >= u64(count):
        return table, u64(0)
    place = u64(first) + number
    return table, place if slots[place].kind == objects.NONE else u64(0)


@noinline
def explain_vacant(thread: Thread, table_number: u64, number: u64) -> u64:
    """Why no capability can be put there."""
    status, _, _, count = find_table(thread, table_number)
    if status != errors.OK:
        return status
    return u64(errors.BAD_SLOT) if number == 0 or number >= u64(count) else u64(errors.OCCUPIED)


@inline
def commit_copy(source: Slot, table: u32, place: u64, keep: u64, badge: u64) -> Slot:
    """Copy a capability to an empty slot, which is returned; its rights can only become fewer."""
    made = slots[place]
    made.copy_from(source)
    made.badge = badge
    made.rights = made.rights & u8.truncate(keep)
    tables[table].used = tables[table].used + 1
    return made


@inline
def commit_empty(slot: Slot) -> None:
    """Empty a slot; the table's count is up to the caller."""
    slot.clear()


@inline
def copy_to(thread: Thread, table_number: u64, is_mint: bool) -> u64:
    """Copy or mint, into the table that an argument means."""
    registers = thread.context.registers
    status = check_any(thread, registers[8], u8(rights.GRANT) if is_mint else u8(0))
    if status != errors.OK:
        return status
    source = slot_of(thread, registers[8])
    if is_mint and source.badge != 0:
        return u64(errors.BAD_ARGUMENT)
    table, place = find_vacant(thread, table_number, registers[0])
    if place == 0:
        return explain_vacant(thread, table_number, registers[0])
    commit_copy(source, table, place, registers[1], registers[2] if is_mint else source.badge)
    return u64(errors.OK)


@noinline
def copy_elsewhere(thread: Thread, is_mint: bool) -> u64:
    """As copy_to, into a table of which the caller has a capability."""
    return copy_to(thread, thread.context.registers[3], is_mint)


def copy(thread: Thread) -> u64:
    """CAPABILITY_COPY: x8 source, x0 destination, x1 rights to keep, x3 destination table."""
    if thread.context.registers[3] != 0:
        return copy_elsewhere(thread, False)
    return copy_to(thread, u64(0), False)


def mint(thread: Thread) -> u64:
    """CAPABILITY_MINT: as copy, and x2 the badge, which is set once."""
    if thread.context.registers[3] != 0:
        return copy_elsewhere(thread, True)
    return copy_to(thread, u64(0), True)


def move(thread: Thread) -> u64:
    """CAPABILITY_MOVE: x8 source, x0 destination, x1 destination table."""
    number = thread.context.registers[1]
    return move_to(thread, u64(0)) if number == 0 else move_elsewhere(thread, number)


@noinline
def move_elsewhere(thread: Thread, table_number: u64) -> u64:
    """CAPABILITY_MOVE, into a table of which the caller has a capability."""
    return move_to(thread, table_number)


@inline
def move_to(thread: Thread, table_number: u64) -> u64:
    """CAPABILITY_MOVE, into the table that an argument means."""
    registers = thread.context.registers
    status = check_any(thread, registers[8], u8(0))
    if status != errors.OK:
        return status
    source = slot_of(thread, registers[8])
    table, place = find_vacant(thread, table_number, registers[0])
    if place == 0:
        return explain_vacant(thread, table_number, registers[0])
    slots[place].copy_from(source)
    commit_empty(source)
    if table != thread.table:
        tables[table].used = tables[table].used + 1
        tables[thread.table].used = tables[thread.table].used - 1
    return u64(errors.OK)


def delete(thread: Thread) -> u64:
    """CAPABILITY_DELETE: x8 slot, x0 its table."""
    if thread.context.registers[0] != 0:
        return delete_elsewhere(thread)
    return delete_from(thread, thread.table, thread.slots_first, thread.slots_count)


@noinline
def delete_elsewhere(thread: Thread) -> u64:
    """CAPABILITY_DELETE, from a table of which the caller has a capability."""
    status, table, first, count = find_table(thread, thread.context.registers[0])
    return status if status != errors.OK else delete_from(thread, table, first, count)


@inline
def delete_from(thread: Thread, table: u32, first: u32, count: u32) -> u64:
    """CAPABILITY_DELETE, when the table is found."""
    number = thread.context.registers[8]
    if number >= u64(count) or slots[u64(first) + number].kind == objects.NONE:
        return u64(errors.BAD_SLOT)
    commit_empty(slots[u64(first) + number])
    tables[table].used = tables[table].used - 1
    return u64(errors.OK)


def clear(thread: Thread) -> u64:
    """CAPABILITY_CLEAR: x8 table, x0 the first slot."""
    registers = thread.context.registers
    status, index = find_object(thread, registers[8], u8(objects.CAPABILITY_TABLE), u8(rights.WRITE))
    if status != errors.OK:
        return status
    table = tables[index]
    first = registers[0]
    if first >= u64(table.count):
        return u64(errors.BAD_SLOT)
    for step in upto(u64(CLEARED_AT_ONCE)):
        if first + step < u64(table.count) and slots[u64(table.first) + first + step].kind != objects.NONE:
            commit_empty(slots[u64(table.first) + first + step])
            table.used = table.used - 1
    following = first + CLEARED_AT_ONCE
    registers[0] = following if following < u64(table.count) else u64(0)
    return status


@inline
def revoke_all(header: Header) -> u64:
    """Let all capabilities to an object die. BUSY, and nothing changed, at the last generation."""
    if header.generation >= LAST_GENERATION:
        return u64(errors.BUSY)
    header.generation = header.generation + 1
    return u64(errors.OK)


def revoke(thread: Thread) -> u64:
    """REVOKE: x8 slot. All other capabilities to its object die."""
    number = thread.context.registers[8]
    status = check_any(thread, number, u8(0))
    if status != errors.OK:
        return status
    slot = slot_of(thread, number)
    header = any_header_of(slot.kind, slot.object)
    if slot.generation != header.generation or not is_delegated(slot):
        return u64(errors.DEAD)
    if slot.rights & rights.OWNER == 0:
        return u64(errors.NO_RIGHT)
    status = revoke_all(header)
    slot.generation = header.generation
    return status

"""Translation tables: an address space's first one, at level 1, and page tables, at levels 2 and 3.

Whoever calls names the table and the entry; nothing here walks down. A table has at most one entry that points to it,
which it knows, so it is linked and unlinked in bounded time, and the way up to its address space is short. Entries are
only ever made from zero or set to zero.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, limits, mappings, objects, rights
from keelback.kernel.arch import interface
from keelback.kernel.objects.capability import find_error, find_object, holds, slot_of
from keelback.kernel.objects.frame import PIECES
from keelback.kernel.state import FRAME_DEVICE, FRAME_LARGE, FRAME_SMALL, Thread, entries, frames, targets, translations
from keelback.lang import inline, noinline, u8, u32, u64

PAGE_TABLE: Final = u8(objects.PAGE_TABLE)
FRAME: Final = u8(objects.FRAME)
WRITE: Final = u8(rights.WRITE)
READ_WRITE: Final = mappings.READ | mappings.WRITE
assert mappings.READ == rights.READ and mappings.WRITE == rights.WRITE, "so flags say which rights they need"


@inline
def position_of(table: u32, entry: u64) -> u64:
    """Where entry 0..511 of a table is in `entries` and `targets`."""
    return u64(table) * mappings.ENTRY_COUNT + entry


def map_frame(thread: Thread) -> u64:
    """MAP: x8 page table, x0 entry, x1 frame, x2 flags."""
    registers = thread.context.registers
    needed = u8.truncate(registers[2] & READ_WRITE)
    if holds(thread, registers[8], PAGE_TABLE, WRITE) and holds(thread, registers[1], FRAME, needed):
        return map_into(thread, slot_of(thread, registers[8]).object, slot_of(thread, registers[1]).object)
    return map_later(thread, needed)


@noinline
def map_later(thread: Thread, needed: u8) -> u64:
    """MAP, for all that `holds` leaves open."""
    registers = thread.context.registers
    status = find_error(thread, registers[8], PAGE_TABLE, WRITE)
    if status == errors.OK:
        status = find_error(thread, registers[1], FRAME, needed)
    if status != errors.OK:
        return status
    return map_into(thread, slot_of(thread, registers[8]).object, slot_of(thread, registers[1]).object)


@inline
def map_into(thread: Thread, index: u32, target: u32) -> u64:
    """MAP, when the capabilities are as they should be."""
    frame = frames[target]
    if frame.size == FRAME_SMALL:
        return map_as(thread, index, target, u8(FRAME_SMALL))
    return map_other(thread, index, target)


@noinline
def map_other(thread: Thread, index: u32, target: u32) -> u64:
    """As map_as, for frames of other sizes than the smallest."""
    return map_as(thread, index, target, frames[target].size)


@inline
def map_as(thread: Thread, index: u32, target: u32, size: u8) -> u64:
    """MAP a frame of this size."""
    entry = thread.context.registers[0]
    flags = thread.context.registers[2]
    table = translations[index]
    frame = frames[target]
    if entry >= mappings.ENTRY_COUNT or flags & ~u64(mappings.WRITE | mappings.EXECUTE) != mappings.READ:
        return u64(errors.BAD_ARGUMENT)
    if table.level != (u8(2) if size == FRAME_LARGE else u8(3)):
        return u64(errors.BAD_ARGUMENT)
    if flags & mappings.EXECUTE != 0 and size == FRAME_DEVICE:
        return u64(errors.BAD_ARGUMENT)
    if frame.header.owner != table.header.owner:
        return u64(errors.NOT_OWNED)
    position = position_of(index, entry)
    if entries[position] != 0:
        return u64(errors.OCCUPIED)
    frame.mapped = frame.mapped + 1
    if flags & mappings.WRITE != 0:
        frame.dirty = PIECES[size]
    table.used = table.used + 1
    targets[position] = target
    entries[position] = interface.make_leaf(frame.address, size, flags)
    interface.complete_new_entry(flags & mappings.EXECUTE != 0)
    return u64(errors.OK)


def unmap(thread: Thread) -> u64:
    """UNMAP: x8 page table, x0 entry."""
    number = thread.context.registers[8]
    if holds(thread, number, PAGE_TABLE, WRITE):
        return unmap_from(thread, slot_of(thread, number).object)
    return unmap_later(thread, number)


@noinline
def unmap_later(thread: Thread, number: u64) -> u64:
    """UNMAP, for all that `holds` leaves open."""
    status = find_error(thread, number, PAGE_TABLE, WRITE)
    return status if status != errors.OK else unmap_from(thread, slot_of(thread, number).object)


@inline
def unmap_from(thread: Thread, index: u32) -> u64:
    """UNMAP, when the capability is as it should be."""
    entry = thread.context.registers[0]
    if entry >= mappings.ENTRY_COUNT:
        return u64(errors.BAD_ARGUMENT)
    position = position_of(index, entry)
    target = targets[position]
    if target == 0 or interface.is_link(translations[index].level, entries[position]):
        return u64(errors.STATE)
    frames[target].mapped = frames[target].mapped - 1
    return commit_remove(index, position, translations[index].parent)


@inline
def commit_remove(index: u32, position: u64, above: u32) -> u64:
    """Set an entry of a table to zero, and let it lose its effect; `above` is the table's space_of. OK."""
    entries[position] = u64(0)
    targets[position] = u32(0)
    table = translations[index]
    table.used = table.used - 1
    space = space_of(above)
    if space != 0:
        return interface.forget_space(space)
    return u64(errors.OK)


@inline
def space_of(index: u32) -> u32:
    """A table's address space, or, one step up, the table that points to it; 0 if nothing does."""
    return index if index < limits.SPACE_COUNT else translations[index].parent


def find_table(thread: Thread) -> tuple[u64, u32]:
    """OK, and the address space or page table (WRITE) in slot x8; or the error."""
    number = thread.context.registers[8]
    is_space = number < u64(thread.slots_count) and slot_of(thread, number).kind == objects.ADDRESS_SPACE
    return find_object(thread, number, u8(objects.ADDRESS_SPACE) if is_space else PAGE_TABLE, WRITE)


def link(thread: Thread) -> u64:
    """LINK: x8 table, x0 entry, x1 page table."""
    registers = thread.context.registers
    entry = registers[0]
    status, index = find_table(thread)
    if status != errors.OK:
        return status
    status, target = find_object(thread, registers[1], PAGE_TABLE, u8(rights.CONTROL))
    if status != errors.OK:
        return status
    table = translations[index]
    child = translations[target]
    if entry >= mappings.ENTRY_COUNT or child.level != table.level + 1:
        return u64(errors.BAD_ARGUMENT)
    position = position_of(index, entry)
    if entries[position] != 0:
        return u64(errors.OCCUPIED)
    if child.parent != 0:
        return u64(errors.STATE)
    child.parent = index
    child.parent_entry = u32.truncate(entry)
    table.used = table.used + 1
    targets[position] = target
    entries[position] = interface.make_link(target)
    interface.complete_new_entry(True)
    return status


def unlink(thread: Thread) -> u64:
    """UNLINK: x8 page table."""
    status, index = find_object(thread, thread.context.registers[8], PAGE_TABLE, u8(rights.CONTROL))
    if status != errors.OK:
        return status
    if translations[index].parent == 0:
        return u64(errors.STATE)
    commit_unlink(index)
    return status


def unlink_entry(thread: Thread) -> u64:
    """UNLINK_ENTRY: x8 table, x0 entry."""
    entry = thread.context.registers[0]
    status, index = find_table(thread)
    if status != errors.OK:
        return status
    if entry >= mappings.ENTRY_COUNT:
        return u64(errors.BAD_ARGUMENT)
    target = targets[position_of(index, entry)]
    if target == 0 or not interface.is_link(translations[index].level, entries[position_of(index, entry)]):
        return u64(errors.STATE)
    commit_unlink(target)
    return status


def commit_unlink(index: u32) -> None:
    """Take a table out of the one that points to it."""
    child = translations[index]
    parent = child.parent
    position = position_of(parent, u64(child.parent_entry))
    child.parent = u32(0)
    child.parent_entry = u32(0)
    commit_remove(parent, position, space_of(parent))


def is_busy(index: u32) -> bool:
    """Whether a table has entries, or a table points to it, or threads or vcpus use it."""
    table = translations[index]
    return table.used != 0 or table.users != 0 or table.parent != 0


def commit_destroy(index: u32) -> None:
    """A page table's level is chosen anew when it is created."""
    if index >= limits.SPACE_COUNT:
        translations[index].level = u8(0)

"""Translation tables: an address space's first one, at level 1, and page tables, at levels 2 and 3.

Whoever calls names the table and the entry; nothing here walks down. A table has at most one entry that points to it,
which it knows, so it is linked and unlinked in bounded time, and the way up to its address space is short. Entries are
only ever made from zero or set to zero.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, mappings, objects, rights
from keelback.kernel.arch import interface
from keelback.kernel.objects.capability import check_slot, slot_of
from keelback.kernel.objects.frame import pieces_of
from keelback.kernel.state import FRAME_DEVICE, FRAME_LARGE, Thread, entries, frames, targets, translations
from keelback.lang import inline, u8, u32, u64

READ_WRITE: Final = mappings.READ | mappings.WRITE
assert mappings.READ == rights.READ and mappings.WRITE == rights.WRITE, "so flags say which rights they need"


@inline
def check_table(thread: Thread) -> u64:
    """OK if slot x8 is an address space or page table (WRITE)."""
    number = thread.context.registers[8]
    is_space = number < u64(thread.slots_count) and slot_of(thread, number).kind == objects.ADDRESS_SPACE
    kind = u8(objects.ADDRESS_SPACE) if is_space else u8(objects.PAGE_TABLE)
    return check_slot(thread, number, kind, u8(rights.WRITE))


@inline
def position_of(table: u32, entry: u64) -> u64:
    """Where entry 0..511 of a table is in `entries` and `targets`."""
    return u64(table) * mappings.ENTRY_COUNT + entry


def map_frame(thread: Thread) -> u64:
    """MAP: x8 table, x0 entry, x1 frame, x2 flags."""
    registers = thread.context.registers
    entry = registers[0]
    flags = registers[2]
    status = check_table(thread)
    if status == errors.OK:
        status = check_slot(thread, registers[1], u8(objects.FRAME), u8.truncate(flags & READ_WRITE))
    if status != errors.OK:
        return status
    index = slot_of(thread, registers[8]).object
    target = slot_of(thread, registers[1]).object
    table = translations[index]
    frame = frames[target]
    if entry >= mappings.ENTRY_COUNT or flags > 7 or not flags.bit(0):
        return u64(errors.BAD_ARGUMENT)
    if table.level != (u8(2) if frame.size == FRAME_LARGE else u8(3)):
        return u64(errors.BAD_ARGUMENT)
    if frame.size == FRAME_DEVICE and flags & mappings.EXECUTE != 0:
        return u64(errors.BAD_ARGUMENT)
    if frame.header.owner != table.header.owner:
        return u64(errors.NOT_OWNED)
    position = position_of(index, entry)
    if entries[position] != 0:
        return u64(errors.OCCUPIED)
    frame.mapped = frame.mapped + 1
    if flags & mappings.WRITE != 0:
        frame.dirty = pieces_of(frame)
    table.used = table.used + 1
    targets[position] = target
    entries[position] = interface.make_leaf(frame, flags)
    interface.complete_new_entry(flags & mappings.EXECUTE != 0)
    return status


@inline
def check_present(thread: Thread, is_link: bool) -> u64:
    """OK if slot x8 is a table, and its entry x0 points to a table, or maps a frame. What the image builder mapped has
    no frame."""
    status = check_table(thread)
    if status != errors.OK:
        return status
    entry = thread.context.registers[0]
    if entry >= mappings.ENTRY_COUNT:
        return u64(errors.BAD_ARGUMENT)
    index = slot_of(thread, thread.context.registers[8]).object
    position = position_of(index, entry)
    is_it = targets[position] != 0 and interface.is_link(translations[index].level, entries[position]) == is_link
    return status if is_it else u64(errors.STATE)


def unmap(thread: Thread) -> u64:
    """UNMAP: x8 table, x0 entry."""
    status = check_present(thread, False)
    if status == errors.OK:
        index = slot_of(thread, thread.context.registers[8]).object
        frame = frames[targets[position_of(index, thread.context.registers[0])]]
        frame.mapped = frame.mapped - 1
        commit_remove(index, thread.context.registers[0])
    return status


@inline
def commit_remove(index: u32, entry: u64) -> None:
    """Set an entry of a table to zero, and let it lose its effect."""
    entries[position_of(index, entry)] = u64(0)
    targets[position_of(index, entry)] = u32(0)
    table = translations[index]
    table.used = table.used - 1
    space = space_of(space_of(index))
    if space != 0:
        interface.forget_space(space)


@inline
def space_of(index: u32) -> u32:
    """A table's address space, or, one step up, the table that points to it; 0 if nothing does."""
    return index if translations[index].level == 1 else translations[index].parent


def link(thread: Thread) -> u64:
    """LINK: x8 table, x0 entry, x1 page table."""
    registers = thread.context.registers
    entry = registers[0]
    status = check_table(thread)
    if status == errors.OK:
        status = check_slot(thread, registers[1], u8(objects.PAGE_TABLE), u8(rights.CONTROL))
    if status != errors.OK:
        return status
    index = slot_of(thread, registers[8]).object
    target = slot_of(thread, registers[1]).object
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
    number = thread.context.registers[8]
    status = check_slot(thread, number, u8(objects.PAGE_TABLE), u8(rights.CONTROL))
    if status != errors.OK:
        return status
    index = slot_of(thread, number).object
    if translations[index].parent == 0:
        return u64(errors.STATE)
    commit_unlink(index)
    return status


def unlink_entry(thread: Thread) -> u64:
    """UNLINK_ENTRY: x8 table, x0 entry."""
    status = check_present(thread, True)
    if status == errors.OK:
        index = slot_of(thread, thread.context.registers[8]).object
        commit_unlink(targets[position_of(index, thread.context.registers[0])])
    return status


def commit_unlink(index: u32) -> None:
    """Take a table out of the one that points to it."""
    child = translations[index]
    parent = child.parent
    entry = child.parent_entry
    child.parent = u32(0)
    child.parent_entry = u32(0)
    commit_remove(parent, u64(entry))


def is_busy(index: u32) -> bool:
    """Whether a table has entries, or a table points to it, or threads or vcpus use it."""
    table = translations[index]
    return table.used != 0 or table.users != 0 or table.parent != 0


def commit_create(index: u32) -> None:
    """A new table is empty, as when it was destroyed, and of level 1, where the caller does not say another."""
    translations[index].level = u8(1)


def commit_destroy(index: u32) -> None:
    """Nothing is left to undo."""

"""MAP."""

from __future__ import annotations

from keelback.abi import errors, mappings, objects, rights
from keelback.prover.specs.authority import held, owner
from keelback.prover.specs.refusal import require
from keelback.prover.specs.tables import check_entry, named_page_table
from keelback.prover.state import Frame, Mapping, Size, State, Thread

READ_WRITE = mappings.READ | mappings.WRITE


def level_of(frame: Frame) -> int:
    """The level of the tables whose entries map a frame."""
    return 2 if frame.size == Size.LARGE else 3


def pieces_of(frame: Frame) -> int:
    """What is to be cleared once somebody could write to a frame."""
    if frame.size == Size.SMALL:
        return 1
    return 512 if frame.size == Size.LARGE else 0


def map_frame(state: State, caller: Thread) -> None:
    """An entry that is free maps a frame of the same pool."""
    _, slot, flags = caller.registers[:3]
    index = named_page_table(state, caller, rights.WRITE)
    target = held(state, caller, slot, objects.FRAME, flags & READ_WRITE)
    table, frame = state.translations[index], state.frames[target]
    number = check_entry(caller)
    require(flags & mappings.READ != 0 and flags <= READ_WRITE | mappings.EXECUTE, errors.BAD_ARGUMENT)
    require(table.level == level_of(frame), errors.BAD_ARGUMENT)
    require(frame.size != Size.DEVICE or not flags & mappings.EXECUTE, errors.BAD_ARGUMENT)
    require(owner(state, objects.FRAME, target) == owner(state, objects.PAGE_TABLE, index), errors.NOT_OWNED)
    require(number not in table.entries, errors.OCCUPIED)
    table.entries[number] = Mapping(target, flags)
    if flags & mappings.WRITE:
        frame.dirty = pieces_of(frame)

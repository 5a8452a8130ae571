"""MAP."""

from __future__ import annotations

from keelback.abi import errors, mappings, objects, rights
from keelback.prover.specs.authority import held, owner
from keelback.prover.specs.refusal import require
from keelback.prover.specs.tables import check_entry, named_page_table
from keelback.prover.state import Mapping, Size, State, Thread

READ_WRITE = mappings.READ | mappings.WRITE
LEVELS = {Size.SMALL: 3, Size.LARGE: 2, Size.DEVICE: 3}
PIECES = {Size.SMALL: 1, Size.LARGE: 512, Size.DEVICE: 0}
"""What is to be cleared once somebody could write to a frame."""


def map_frame(state: State, caller: Thread) -> None:
    """An entry that is free maps a frame of the same pool."""
    _, slot, flags = caller.registers[:3]
    index = named_page_table(state, caller, rights.WRITE)
    target = held(state, caller, slot, objects.FRAME, flags & READ_WRITE)
    table, frame = state.translations[index], state.frames[target]
    number = check_entry(caller)
    require(flags & mappings.READ != 0 and flags <= READ_WRITE | mappings.EXECUTE, errors.BAD_ARGUMENT)
    require(table.level == LEVELS[frame.size], errors.BAD_ARGUMENT)
    require(frame.size != Size.DEVICE or not flags & mappings.EXECUTE, errors.BAD_ARGUMENT)
    require(owner(state, objects.FRAME, target) == owner(state, objects.PAGE_TABLE, index), errors.NOT_OWNED)
    require(number not in table.entries, errors.OCCUPIED)
    table.entries[number] = Mapping(target, flags)
    if flags & mappings.WRITE:
        frame.dirty = PIECES[frame.size]

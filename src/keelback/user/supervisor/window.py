"""A page of the own address space in which frames are looked at and filled before, or after, children have them."""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, mappings, objects
from keelback.lang import Memory, parameter, u64
from keelback.user.runtime import link_table, map_frame, object_create, unmap
from keelback.user.supervisor.slots import FIRST_PAGE_TABLE, POOL_SLOT, SPACE_SLOT, WINDOW_LEVEL2, WINDOW_LEVEL3

ADDRESS: Final = parameter("pool_window_address", 0)
ENTRY: Final = parameter("pool_window_entry", 0)

page: Final = Memory(ADDRESS, mappings.SMALL_BYTES)


def open_window() -> None:
    """Once, before anything else: make the window's two page tables, and link them into the own address space."""
    pool = u64(POOL_SLOT)
    first = u64(FIRST_PAGE_TABLE)
    level2 = u64(WINDOW_LEVEL2)
    level3 = u64(WINDOW_LEVEL3)
    assert object_create(pool, u64(objects.PAGE_TABLE), first, level2, u64(2)) == errors.OK
    assert object_create(pool, u64(objects.PAGE_TABLE), first + 1, level3, u64(3)) == errors.OK
    assert link_table(level2, u64(0), level3) == errors.OK
    assert link_table(u64(SPACE_SLOT), u64(ENTRY), level2) == errors.OK


def show_frame(frame: u64) -> None:
    """Map the frame in this slot in the window, writable."""
    assert map_frame(u64(WINDOW_LEVEL3), u64(0), frame, u64(mappings.READ | mappings.WRITE)) == errors.OK


def hide_frame() -> None:
    """Unmap the window's frame."""
    assert unmap(u64(WINDOW_LEVEL3), u64(0)) == errors.OK

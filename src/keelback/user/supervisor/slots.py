"""Which objects of the pool, and which of the own slots, belong to which child. Calls nobody."""

from __future__ import annotations

from typing import Final

from keelback.lang import inline, parameter, u64

POOL_SLOT: Final = parameter("pool_slot", 0)
SPACE_SLOT: Final = parameter("space_slot", 0)
FIRST_SPARE_SLOT: Final = parameter("first_spare_slot", 0)

FIRST_THREAD: Final = parameter("pool_first_thread", 0)
FIRST_SPACE: Final = parameter("pool_first_space", 0)
FIRST_PAGE_TABLE: Final = parameter("pool_first_page_table", 0)
FIRST_TABLE: Final = parameter("pool_first_table", 0)
FIRST_ENDPOINT: Final = parameter("pool_first_endpoint", 0)
FIRST_NOTIFICATION: Final = parameter("pool_first_notification", 0)
FIRST_FRAME: Final = parameter("pool_first_frame", 0)
FRAME_COUNT: Final = parameter("pool_frame_count", 0)
CHILD_COUNT: Final = parameter("pool_thread_count", 1)
PAGE_TABLE_COUNT: Final = parameter("pool_page_table_count", 4)

FRAMES_EACH: Final = FRAME_COUNT // max(1, CHILD_COUNT)
"""Frames of each child."""
OWN_TABLES: Final = 2
"""Page tables of the own window."""
TABLES_EACH: Final = (PAGE_TABLE_COUNT - OWN_TABLES) // max(1, CHILD_COUNT)
"""Page tables of each child: one of level 2, the others of level 3."""
LEAVES_EACH: Final = TABLES_EACH - 1
"""Tables of level 3: so many times 2 MiB."""

# Slots: the page tables of the own window, then a row for each child.
WINDOW_LEVEL2: Final = FIRST_SPARE_SLOT
WINDOW_LEVEL3: Final = FIRST_SPARE_SLOT + 1
ROWS: Final = FIRST_SPARE_SLOT + OWN_TABLES

THREAD: Final = 0
SPACE: Final = 1
LEVEL2: Final = 2
TABLE: Final = 3
ENDPOINT: Final = 4
NOTIFICATION: Final = 5
LEAVES: Final = 6
FRAMES: Final = LEAVES + LEAVES_EACH
ROW_SLOTS: Final = FRAMES + FRAMES_EACH


@inline
def own_slot(child: u64, column: u64) -> u64:
    """The own slot of one of a child's objects."""
    return child * ROW_SLOTS + ROWS + column


@inline
def leaf_slot(child: u64, number: u64) -> u64:
    """The own slot of a child's page table of level 3."""
    return child * ROW_SLOTS + (ROWS + LEAVES) + number


@inline
def first_table(child: u64) -> u64:
    """The index of a child's page table of level 2; those of level 3 follow."""
    return child * TABLES_EACH + (FIRST_PAGE_TABLE + OWN_TABLES)


@inline
def frame_slot(child: u64, number: u64) -> u64:
    """The own slot of a child's frame."""
    return child * ROW_SLOTS + (ROWS + FRAMES) + number

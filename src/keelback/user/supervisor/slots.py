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

FRAMES_EACH: Final = FRAME_COUNT // max(1, CHILD_COUNT)
"""Frames of each child."""

# Slots: two page tables of the own window, then a row for each child.
WINDOW_LEVEL2: Final = FIRST_SPARE_SLOT
WINDOW_LEVEL3: Final = FIRST_SPARE_SLOT + 1
ROWS: Final = FIRST_SPARE_SLOT + 2

THREAD: Final = 0
SPACE: Final = 1
LEVEL2: Final = 2
LEVEL3: Final = 3
TABLE: Final = 4
ENDPOINT: Final = 5
NOTIFICATION: Final = 6
FRAMES: Final = 7
ROW_SLOTS: Final = FRAMES + FRAMES_EACH


@inline
def own_slot(child: u64, column: u64) -> u64:
    """The own slot of one of a child's objects."""
    return child * ROW_SLOTS + ROWS + column


@inline
def frame_slot(child: u64, number: u64) -> u64:
    """The own slot of a child's frame."""
    return child * ROW_SLOTS + (ROWS + FRAMES) + number

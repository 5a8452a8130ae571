"""A child's memory: pages from a program's image, cleared and filled before the child can see them.

The format of an image is in docs/reference/program-image.md. Pages are never shared with the child while they are
written, and what a child left in a frame is cleared before the frame is used again.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, mappings
from keelback.lang import Memory, array, inline, u64, upto
from keelback.user.runtime import frame_clear, map_frame, order_stores, unmap
from keelback.user.supervisor.slots import CHILD_COUNT, FRAMES_EACH, frame_slot, leaf_slot
from keelback.user.supervisor.window import hide_frame, page, show_frame

PAGE_BYTES: Final = mappings.SMALL_BYTES
PAGE_WORDS: Final = PAGE_BYTES // 8

MAGIC: Final = int.from_bytes(b"KEELPROG", "little")
FORMAT: Final = 2
ENTRY: Final = 24
STACK_TOP: Final = 32
SEGMENT_COUNT: Final = 40
SEGMENTS: Final = 64
SEGMENT_BYTES: Final = 64
"""Of each segment: address, bytes in memory, offset in the image, bytes there, mappings flags."""
MOST_SEGMENTS: Final = 8

page_counts: Final = array(u64, CHILD_COUNT)
page_numbers: Final = array(u64, CHILD_COUNT * FRAMES_EACH)
"""The page at which each of a child's frames is mapped."""
CHILD_BASE: Final = mappings.LARGE_BYTES
"""Address of a child's page 0."""


@inline
def page_number(address: u64) -> u64:
    """The page that an address from CHILD_BASE up is in."""
    return (address - CHILD_BASE) // PAGE_BYTES


def map_page(child: u64, number: u64, frame: u64, flags: u64) -> None:
    """Map the frame in this slot at a page of a child."""
    table = leaf_slot(child, number // mappings.ENTRY_COUNT)
    assert map_frame(table, number % mappings.ENTRY_COUNT, frame, flags) == errors.OK


def unmap_page(child: u64, number: u64) -> None:
    """Unmap a page of a child."""
    assert unmap(leaf_slot(child, number // mappings.ENTRY_COUNT), number % mappings.ENTRY_COUNT) == errors.OK


def load_image(child: u64, image: Memory) -> tuple[u64, u64]:
    """Fill a child without pages: (entry, stack pointer) to start it with."""
    assert image.load_u64(u64(0)) == MAGIC and image.load_u64(u64(8)) == FORMAT
    page_counts[child] = u64(0)
    for number in upto(u64(MOST_SEGMENTS)):
        if number < image.load_u64(u64(SEGMENT_COUNT)):
            load_segment(child, image, u64(SEGMENTS) + number * SEGMENT_BYTES)
    order_stores()
    return image.load_u64(u64(ENTRY)), image.load_u64(u64(STACK_TOP))


def load_segment(child: u64, image: Memory, header: u64) -> None:
    """Map the pages of one segment, whose description is at `header`."""
    address = image.load_u64(header)
    memory_bytes = image.load_u64(header + 8)
    start = image.load_u64(header + 16)
    file_bytes = image.load_u64(header + 24)
    flags = image.load_u64(header + 32)
    for number in upto((memory_bytes + (PAGE_BYTES - 1)) // PAGE_BYTES):
        frame = page_counts[child]
        assert frame < FRAMES_EACH
        slot = frame_slot(child, frame)
        offset = number * PAGE_BYTES
        clear_frame(slot)
        if offset < file_bytes:
            fill_frame(slot, image, start + offset, file_bytes - offset)
        map_page(child, page_number(address + offset), slot, flags)
        page_numbers[child * FRAMES_EACH + frame] = page_number(address + offset)
        page_counts[child] = frame + 1


def clear_frame(slot: u64) -> None:
    """Clear all of a frame."""
    left = u64(1)
    while left != 0:
        status, after = frame_clear(slot)
        assert status == errors.OK
        left = after


def fill_frame(slot: u64, image: Memory, start: u64, count: u64) -> None:
    """Copy up to a page of the image into a cleared frame. Contents are padded with zeros to whole pages."""
    show_frame(slot)
    words = (count + 7) // 8
    for word in upto(words if words < PAGE_WORDS else u64(PAGE_WORDS)):
        page.store_u64(word * 8, image.load_u64(start + word * 8))
    hide_frame()


def unload_image(child: u64) -> None:
    """Unmap all pages of a child. What it left in them is cleared when they are used again."""
    for frame in upto(page_counts[child]):
        unmap_page(child, page_numbers[child * FRAMES_EACH + frame])
    page_counts[child] = u64(0)

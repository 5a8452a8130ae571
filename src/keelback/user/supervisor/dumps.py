"""What is kept of a dead child: its registers, and the page that its stack pointer was in."""

from __future__ import annotations

from typing import Final

from keelback.abi import errors
from keelback.lang import array, u64, upto
from keelback.user.runtime import thread_read
from keelback.user.supervisor.children import thread_slot
from keelback.user.supervisor.loading import CHILD_BASE, PAGE_WORDS, page_counts, page_number, page_numbers
from keelback.user.supervisor.slots import FRAMES_EACH, frame_slot
from keelback.user.supervisor.window import hide_frame, page, show_frame

REGISTER_COUNT: Final = 34
STACK_POINTER: Final = 31

registers: Final = array(u64, REGISTER_COUNT)
words: Final = array(u64, PAGE_WORDS)
counts: Final = array(u64, 1)


def dump_count() -> u64:
    """How many dumps were kept since the start; the last one is there to be read."""
    return counts[0]


def dump_register(number: u64) -> u64:
    """x0 to x30, sp, pc, pstate of the dead."""
    return registers[number]


def dump_word(number: u64) -> u64:
    """A word of the page in which its stack pointer was; zeros where it had none."""
    return words[number]


def keep_dump(child: u64) -> None:
    """Keep a stopped child's registers and stack page, before its memory is used again."""
    for number in upto(u64(REGISTER_COUNT)):
        status, value = thread_read(thread_slot(child), number)
        assert status == errors.OK
        registers[number] = value
    for word in upto(u64(PAGE_WORDS)):
        words[word] = u64(0)
    if registers[STACK_POINTER] > CHILD_BASE:
        number = page_number(registers[STACK_POINTER] - 1)
        for frame in upto(page_counts[child]):
            if page_numbers[child * FRAMES_EACH + frame] == number:
                keep_page(frame_slot(child, frame))
    counts[0] = counts[0] + 1


def keep_page(frame: u64) -> None:
    """Copy a frame."""
    show_frame(frame)
    for word in upto(u64(PAGE_WORDS)):
        words[word] = page.load_u64(word * 8)
    hide_frame()

"""What a child's fault is told as: the kind in words, and the source line, from the line table in its program's image.

Reads the child's registers, never its memory.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors
from keelback.lang import Memory, u64
from keelback.user.runtime import Message, end_line, put_hex, put_number, put_text, source_lines, thread_read
from keelback.user.runtime.fault_words import put_fault
from keelback.user.supervisor.children import thread_slot

LINES_OFFSET: Final = 48
LINES_BYTES: Final = 56
"""Words of a program image's header (docs/reference/program-image.md)."""
LINK_REGISTER: Final = 30


def report_fault(child: u64, image: Memory, message: Message) -> None:
    """Log what a child did and where; `image` is what it was loaded from, `message` what its handler got."""
    put_text("child ")
    put_number(child)
    put_text(" stopped: ")
    put_fault(message)
    end_line()
    put_text("  in ")
    put_source(image, message.words[1])
    put_text(", pc ")
    put_hex(message.words[1])
    put_text(", esr ")
    put_hex(message.words[3])
    end_line()
    status, link = thread_read(thread_slot(child), u64(LINK_REGISTER))
    if status == errors.OK and link >= 4 and knows_source(image, link - 4):
        put_text("  called from ")
        put_source(image, link - 4)
        end_line()


def put_source(image: Memory, address: u64) -> None:
    """Add `file:line` of an address of a program's code to the log line, or that it is not known."""
    start = image.load_u64(u64(LINES_OFFSET))
    size = image.load_u64(u64(LINES_BYTES))
    source_lines.put_place(image, start, size, u64(0), address)


def knows_source(image: Memory, address: u64) -> bool:
    """The program's line table knows an address."""
    start = image.load_u64(u64(LINES_OFFSET))
    size = image.load_u64(u64(LINES_BYTES))
    return source_lines.find_row(image, start, size, u64(0), address) != source_lines.NOT_FOUND

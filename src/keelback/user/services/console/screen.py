"""What the terminal shows: marked lines, and at most one open line that belongs to the source in focus.

A whole line of another source breaks the open line off; `restore_line` shows that again, so a prompt is always the
last thing on the terminal. Only a guest in focus reaches the terminal as it is: from all others control characters
are replaced, so that no component can forge another's mark or reprogram the terminal.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Array, Struct, array, byte_at, byte_count, struct, u8, u64, upto
from keelback.user.services.console.serial import emit
from keelback.user.services.console.sources import (
    FIRST_FOCUS,
    LINE_BYTES,
    NAME_BYTES,
    OWN_NAME,
    Source,
    is_guest,
    names,
    sources,
)

TYPED_BYTES: Final = 80
OWN_PADDING: Final = NAME_BYTES - len(OWN_NAME)
STEP_BYTES: Final = LINE_BYTES + 2 * NAME_BYTES + 16
"""The most that one byte from a source, or one key, can make the console emit."""

LINE_FEED: Final = 0x0A
CARRIAGE_RETURN: Final = 0x0D
SPACE: Final = 0x20
TAB: Final = 0x09
DELETE: Final = 0x7F
QUESTION_MARK: Final = 0x3F
C1_LEAD: Final = 0xC2  # first byte of U+0080 to U+009F in UTF-8, terminal controls
C1_END: Final = 0xA0


@struct
class Screen(Struct):
    """The last line on the terminal."""

    focus: u64 = u64(FIRST_FOCUS)  # source that has the keyboard
    open: bool = False  # the cursor stands behind an unfinished line of the focus
    typed: Array[u8] = array(u8, TYPED_BYTES)  # line being typed to a component (guests echo themselves)
    typed_count: u64 = u64(0)


screen: Final = Screen()


def emit_text(text: str) -> None:
    """Send a text."""
    for index in upto(byte_count(text)):
        emit(byte_at(text, index))


def emit_name(index: u64) -> None:
    """Send a source's name, padded to the width of the mark."""
    for place in upto(NAME_BYTES):
        emit(names[index * NAME_BYTES + place])


def emit_mark(index: u64) -> None:
    """Start a line of source `index`."""
    emit_name(index)
    emit_text(" | ")


def emit_own_mark() -> None:
    """Start a line of the console itself."""
    emit_text(OWN_NAME)
    for _ in upto(OWN_PADDING):
        emit(u8(SPACE))
    emit_text(" | ")


def break_line() -> None:
    """Leave the open line, so that another can start."""
    if screen.open:
        emit_text("\r\n")
        screen.open = False


def restore_line() -> None:
    """Show the unfinished line of the focus again, if there is one and it is not on the terminal."""
    if screen.open:
        return
    if is_guest(screen.focus):
        if sources[screen.focus].count > 0:
            open_guest_line(screen.focus)
    elif screen.typed_count > 0:
        open_typed_line()


def open_guest_line(index: u64) -> None:
    """Mark and what the guest has written of this line so far, as it is."""
    source = sources[index]
    emit_mark(index)
    for place in upto(source.count):
        emit(source.line[place])
    screen.open = True


def open_typed_line() -> None:
    """Mark and what has been typed so far to a component."""
    emit_name(screen.focus)
    emit_text(" > ")
    for place in upto(screen.typed_count):
        emit(screen.typed[place])
    screen.open = True


def show_byte(index: u64, value: u8) -> None:
    """One byte from source `index`."""
    if index == screen.focus and is_guest(index):
        show_live(index, value)
    else:
        collect(index, value)


def show_live(index: u64, value: u8) -> None:
    """A byte of the guest in focus goes to the terminal at once."""
    source = sources[index]
    if value == LINE_FEED:
        if not screen.open:
            open_guest_line(index)
        break_line()
        source.count = u64(0)
        source.returned = False
    elif value == CARRIAGE_RETURN:
        source.returned = True
    else:
        if source.returned:
            return_to_mark(index)
        if not screen.open:
            open_guest_line(index)
        record(source, value)
        emit(value)


def return_to_mark(index: u64) -> None:
    """A carriage return that ends no line: what follows overwrites the line, and the mark must stay."""
    sources[index].returned = False
    sources[index].count = u64(0)
    if screen.open:
        emit(u8(CARRIAGE_RETURN))
        emit_mark(index)


def record(source: Source, value: u8) -> None:
    """Remember a byte already shown, to show it again; of a very long line only the last part."""
    if source.count == LINE_BYTES:
        source.count = u64(0)
    source.line[source.count] = value
    source.count += 1


def collect(index: u64, value: u8) -> None:
    """A byte of any other source waits until its line is complete or as long as it may be."""
    source = sources[index]
    if value == LINE_FEED:
        show_line(index)
    elif value == CARRIAGE_RETURN:
        source.returned = True
    else:
        if source.returned:
            source.returned = False
            source.count = u64(0)
        if source.count == LINE_BYTES:
            show_line(index)
        source.line[source.count] = value
        source.count += 1


def show_line(index: u64) -> None:
    """Show a whole line, its control characters replaced, and forget it."""
    source = sources[index]
    break_line()
    emit_mark(index)
    before = u8(0)
    for place in upto(source.count):
        value = source.line[place]
        emit(u8(QUESTION_MARK) if is_control(before, value) else value)
        before = value
    emit_text("\r\n")
    source.count = u64(0)
    source.returned = False


def is_control(before: u8, value: u8) -> bool:
    """`value`, coming after `before`, would do something to the terminal instead of showing a character."""
    if value < SPACE:
        return value != TAB
    if before == C1_LEAD and value < C1_END:
        return True
    return value == DELETE

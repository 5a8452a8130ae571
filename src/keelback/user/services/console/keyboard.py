"""The keyboard: which source has it, how to give it to another, and what it gets.

A guest in focus gets every byte. A component gets whole lines: the console echoes, edits and sends them when Enter is
typed. Ctrl-] and then a digit, `n` (next) or Ctrl-] (itself) belongs to the console. A source whose ring is full
loses the key and the bell rings: waiting for it would take the keyboard from everybody.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Struct, struct, u8, u64, upto
from keelback.user.runtime.rings import publish, put_byte, room_count
from keelback.user.runtime.syscalls import signal
from keelback.user.services.console.screen import (
    CARRIAGE_RETURN,
    DELETE,
    LINE_FEED,
    SPACE,
    TYPED_BYTES,
    break_line,
    emit_own_mark,
    emit_text,
    open_typed_line,
    screen,
)
from keelback.user.services.console.serial import emit
from keelback.user.services.console.sources import (
    NAME_BYTES,
    TAKING_COUNT,
    input_ring,
    input_slots,
    is_guest,
    names,
    sources,
    takes_input,
    taking,
)

ESCAPE_KEY: Final = 0x1D  # Ctrl-]
BELL: Final = 0x07
BACKSPACE: Final = 0x08
KILL: Final = 0x15  # Ctrl-U
DIGIT_ZERO: Final = 0x30
DIGIT_NINE: Final = 0x39
LETTER_N: Final = 0x6E


@struct
class Keyboard(Struct):
    """What the last keys leave to be done."""

    escaped: bool = False  # the next key is for the console
    delivered: bool = False  # the guest in focus has keys that it was not told about


keyboard: Final = Keyboard()


def press(key: u8) -> None:
    """One key."""
    if keyboard.escaped:
        keyboard.escaped = False
        command(key)
    elif key == ESCAPE_KEY:
        keyboard.escaped = True
    else:
        deliver(key)


def command(key: u8) -> None:
    """The key after Ctrl-]."""
    if key == ESCAPE_KEY:
        deliver(key)
    elif key == LETTER_N:
        focus_next()
    elif DIGIT_ZERO < key <= DIGIT_NINE and u64(key) - DIGIT_ZERO <= TAKING_COUNT:
        focus_on(taking[u64(key) - DIGIT_ZERO - 1])
    else:
        say_focus()


def focus_next() -> None:
    """Give the keyboard to the source after the present one, of those that take input."""
    place = u64(0)
    for index in upto(TAKING_COUNT):
        if taking[index] == screen.focus:
            place = index + 1
    if place >= TAKING_COUNT:
        place = u64(0)
    focus_on(taking[place])


def focus_on(index: u64) -> None:
    """Give the keyboard to source `index`; a line half typed to another is dropped."""
    tell_guest()
    break_line()
    screen.typed_count = u64(0)
    screen.focus = index
    say_focus()


def say_focus() -> None:
    """Tell where the keys go."""
    break_line()
    emit_own_mark()
    if takes_input(screen.focus):
        emit_text("keys go to ")
        for place in upto(NAME_BYTES):
            if names[screen.focus * NAME_BYTES + place] != SPACE:
                emit(names[screen.focus * NAME_BYTES + place])
        emit_text(" (Ctrl-] n: next, Ctrl-] 1-9: by number)")
    else:
        emit_text("nobody takes keys")
    emit_text("\r\n")


def deliver(key: u8) -> None:
    """A key for the source in focus."""
    if not takes_input(screen.focus):
        emit(u8(BELL))
    elif is_guest(screen.focus):
        deliver_to_guest(key)
    else:
        edit(key)


def deliver_to_guest(key: u8) -> None:
    """The byte as it is."""
    if put_byte(sources[screen.focus].keys, input_ring(screen.focus), key):
        keyboard.delivered = True
    else:
        emit(u8(BELL))


def tell_guest() -> None:
    """Let the guest in focus have the keys put so far, all with one signal."""
    if keyboard.delivered:
        keyboard.delivered = False
        publish(sources[screen.focus].keys, input_ring(screen.focus))
        signal(input_slots[screen.focus])


def edit(key: u8) -> None:
    """Line editing for a component: Enter, backspace, Ctrl-U, and what can be shown."""
    if key == CARRIAGE_RETURN or key == LINE_FEED:
        send_typed()
    elif key == BACKSPACE or key == DELETE:
        erase(u64(1))
    elif key == KILL:
        erase(screen.typed_count)
    elif key >= SPACE and screen.typed_count < TYPED_BYTES:
        if not screen.open:
            open_typed_line()
        screen.typed[screen.typed_count] = key
        screen.typed_count += 1
        emit(key)
    else:
        emit(u8(BELL))


def erase(wanted_count: u64) -> None:
    """Take back the last characters typed."""
    for _ in upto(min(wanted_count, screen.typed_count)):
        screen.typed_count -= 1
        if screen.open:
            emit_text("\b \b")


def send_typed() -> None:
    """Enter: the component gets its line, whole or not at all."""
    if not screen.open:
        open_typed_line()
    break_line()
    ring = input_ring(screen.focus)
    source = sources[screen.focus]
    if room_count(source.keys, ring) <= screen.typed_count:
        emit(u8(BELL))
    else:
        for place in upto(screen.typed_count):
            put_byte(source.keys, ring, screen.typed[place])
        put_byte(source.keys, ring, u8(LINE_FEED))
        publish(source.keys, ring)
        signal(input_slots[screen.focus])
    screen.typed_count = u64(0)

"""Typed lines as a component gets them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.user.host import Component, Ring, load

ADDRESS = 0x5200_0000
CONSOLE_SLOT = 7
PARAMETERS = {"console_in_address": ADDRESS, "console_in_bit": 3, "log_slot": CONSOLE_SLOT}


class Typist:
    """A component with a keyboard, and who types."""

    def __init__(self) -> None:
        self.ring = Ring(ADDRESS)
        self.component: Component = load("keelback.user.runtime.keyboard", PARAMETERS)
        self.keyboard: Any = self.component.root
        self.keyboard.attach_keyboard()

    def lines(self) -> list[str]:
        """All lines that are complete by now."""
        found: list[str] = []
        while self.keyboard.take_line():
            typed = self.keyboard.typed
            found.append("".join(chr(typed.text[index]) for index in range(int(typed.count))))
        return found


@pytest.fixture
def typist() -> Typist:
    return Typist()


def test_a_line_is_taken_when_it_is_complete(typist: Typist) -> None:
    typist.ring.feed(b"sign he")
    assert typist.lines() == []
    typist.ring.feed(b"llo\n")
    assert typist.lines() == ["sign hello"]
    assert typist.lines() == []


def test_lines_are_taken_one_at_a_time(typist: Typist) -> None:
    typist.ring.feed(b"one\n\nthree\nfo")
    assert typist.lines() == ["one", "", "three"]
    typist.ring.feed(b"ur\n")
    assert typist.lines() == ["four"]


def test_what_is_too_long_is_cut_off(typist: Typist) -> None:
    size = typist.keyboard.LINE_BYTES
    typist.ring.feed(b"x" * (size + 50) + b"\nshort\n")
    assert typist.lines() == ["x" * size, "short"]


def test_a_console_that_waits_for_room_is_signalled(typist: Typist) -> None:
    typist.ring.feed(b"line\n")
    typist.ring.set_field(8, 1)
    typist.lines()
    assert typist.component.kernel.take_signals() == [CONSOLE_SLOT]
    assert typist.ring.field(8) == 0


@pytest.mark.parametrize(
    ("text", "starts"), [("sign ", True), ("sign x", True), ("", True), ("sign xy", False), ("sing", False)]
)
def test_the_beginning_of_a_line(typist: Typist, text: str, starts: bool) -> None:
    typist.ring.feed(b"sign x\n")
    typist.keyboard.take_line()
    assert typist.keyboard.line_starts_with(text) is starts


def test_a_component_without_a_keyboard_gets_no_line() -> None:
    component = load("keelback.user.runtime.keyboard")
    component.root.attach_keyboard()
    assert not component.root.take_line()
    assert component.kernel.calls == []

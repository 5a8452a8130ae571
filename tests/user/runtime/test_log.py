"""Log lines: what they look like, and what happens when they are too long, too many, or nobody listens."""

from __future__ import annotations

from typing import Any

import pytest

from keelback.lang import Trap, u64
from tests.user.host import Component, Ring, load

ADDRESS = 0x5100_0000
CONSOLE_SLOT = 7
PARAMETERS = {"log_address": ADDRESS, "log_slot": CONSOLE_SLOT}
LOG = "keelback.user.runtime.log"


class Writer:
    """A component with a log, and its console."""

    def __init__(self) -> None:
        self.ring = Ring(ADDRESS)
        self.component: Component = load(LOG, PARAMETERS)
        self.log: Any = self.component.root
        self.log.attach_log()

    def shown(self) -> str:
        return self.ring.drain().decode()


@pytest.fixture
def writer() -> Writer:
    return Writer()


def test_a_line_is_written_whole_and_signalled(writer: Writer) -> None:
    writer.log.put_text("one ")
    assert writer.shown() == ""
    assert writer.component.kernel.take_signals() == []
    writer.log.log("line")
    assert writer.shown() == "one line\n"
    assert writer.component.kernel.take_signals() == [CONSOLE_SLOT]


@pytest.mark.parametrize("value", [0, 1, 9, 10, 99, 100, 12345678901234567890, 2**64 - 1])
def test_numbers_are_decimal_without_leading_zeros(writer: Writer, value: int) -> None:
    writer.log.log_number("count", u64(value))
    assert writer.shown() == f"count {value}\n"


@pytest.mark.parametrize("value", [0, 0x1234, 2**64 - 1])
def test_hexadecimal_has_sixteen_digits(writer: Writer, value: int) -> None:
    writer.log.log_hex("pc", u64(value))
    assert writer.shown() == f"pc 0x{value:016x}\n"


def test_hexadecimal_digits_are_the_low_ones(writer: Writer) -> None:
    writer.log.put_hex_digits(u64(0xABCDEF), u64(2))
    writer.log.end_line()
    assert writer.shown() == "ef\n"


def test_hexadecimal_of_more_digits_than_there_are_traps(writer: Writer) -> None:
    with pytest.raises(Trap):
        writer.log.put_hex_digits(u64(1), u64(17))


def test_text_is_utf_8(writer: Writer) -> None:
    writer.log.log("grün")
    assert writer.shown() == "grün\n"


def test_a_line_just_as_long_as_may_be_is_not_cut(writer: Writer) -> None:
    text = "x" * writer.log.LINE_BYTES
    writer.log.log(text)
    assert writer.shown() == text + "\n"


def test_a_longer_line_is_cut_and_says_so_and_the_next_is_not(writer: Writer) -> None:
    size = writer.log.LINE_BYTES
    writer.log.log("x" * (size + 1))
    assert writer.shown() == "x" * (size - 3) + "...\n"
    writer.log.log("next")
    assert writer.shown() == "next\n"


def test_lines_without_room_are_dropped_counted_and_told(writer: Writer) -> None:
    line = "y" * 100
    for _ in range(60):
        writer.log.log(line)
    kept = writer.ring.drain().decode().splitlines()
    assert set(kept) == {line}
    writer.log.log("again")
    assert writer.shown() == f"(lines lost for want of room: {60 - len(kept)})\nagain\n"
    writer.log.log("and on")
    assert writer.shown() == "and on\n"


@pytest.mark.parametrize("tail", [4080, 2**32 - 1])
def test_a_console_that_spoils_its_index_costs_lines_only(writer: Writer, tail: int) -> None:
    writer.ring.set_field(4, tail)
    writer.log.log("lost")
    writer.ring.set_field(4, 0)
    writer.log.log("back")
    assert writer.shown() == "(lines lost for want of room: 1)\nback\n"


def test_a_component_without_a_log_says_nothing() -> None:
    component = load(LOG)
    component.root.attach_log()
    component.root.log("x" * 1000)
    assert component.kernel.calls == []

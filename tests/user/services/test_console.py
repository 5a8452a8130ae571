"""The console: marked lines, prompts, focus, and sources that misbehave."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.user.services.console_bench import DRIVER_SLOT, ESCAPE, Console, Stream

VAULT = Stream("vault")
CLERK = Stream("clerk", keys=True)
LINUX = Stream("linux", guest=True, keys=True)
OTHER = Stream("other", guest=True, keys=True)
LINE_BYTES = 256
RING_ROOM = 4096 - 16 - 1


@pytest.fixture
def console() -> Console:
    """Linux has the keyboard."""
    made = Console(VAULT, CLERK, LINUX)
    made.screen()
    return made


def test_the_first_guest_has_the_keyboard_and_the_console_says_so() -> None:
    text = Console(VAULT, CLERK, LINUX).screen()
    assert text == "console | keys go to linux (Ctrl-] n: next, Ctrl-] 1-9: by number)\r\n"


def test_without_a_choice_it_says_nothing() -> None:
    assert Console(VAULT, LINUX).screen() == ""


def test_lines_are_marked_and_names_aligned(console: Console) -> None:
    assert console.say("vault", "ready\nsigned\n") == "vault   | ready\r\nvault   | signed\r\n"
    assert console.component.kernel.take_signals()[-1] == DRIVER_SLOT


def test_a_longer_name_widens_all_marks() -> None:
    console = Console(VAULT, Stream("long-name-vmm"))
    assert console.say("vault", "x\n") == "vault         | x\r\n"


def test_lines_written_before_the_start_are_shown() -> None:
    console = Console(VAULT, start=False)
    console.write("vault", "early\n")
    console.main.init()
    assert console.screen() == "vault   | early\r\n"


def test_part_of_a_log_line_waits_for_the_rest(console: Console) -> None:
    assert console.say("vault", "sig") == ""
    assert console.say("vault", "ned\n") == "vault   | signed\r\n"


def test_a_guests_prompt_is_shown_at_once(console: Console) -> None:
    assert console.say("linux", "hello\r\n/ # ") == "linux   | hello\r\nlinux   | / # "
    assert console.say("linux", "l") == "l"
    assert console.say("linux", "s\r\n") == "s\r\n"
    assert console.say("linux", "\r\n") == "linux   | \r\n"


def test_a_line_of_another_breaks_the_prompt_off_and_it_comes_back(console: Console) -> None:
    console.say("linux", "/ # ls")
    assert console.say("vault", "one\ntwo\n") == "\r\nvault   | one\r\nvault   | two\r\nlinux   | / # ls"
    assert console.say("linux", " -l\r\n") == " -l\r\n"


def test_a_return_without_a_line_feed_keeps_the_mark(console: Console) -> None:
    assert console.say("linux", "10%\r20%") == "linux   | 10%\rlinux   | 20%"
    assert console.say("vault", "x\n").endswith("linux   | 20%")
    assert console.say("linux", "\r") == ""
    assert console.say("linux", "\n") == "\r\n"


def test_a_guest_in_focus_reaches_the_terminal_as_it_is(console: Console) -> None:
    assert console.say("linux", "\x1b[1mbold\x1b[0m\x07") == "linux   | \x1b[1mbold\x1b[0m\x07"


@pytest.mark.parametrize("name", ["vault", "other"])
def test_nobody_else_controls_the_terminal(name: str) -> None:
    console = Console(VAULT, OTHER, LINUX, focus=2)
    console.screen()
    shown = console.say(name, "a\x1b[2Jb\x07\x08\x7f\tc\xc2\x9b\n")
    assert shown == f"{name}   | a?[2Jb???\tc\xc2?\r\n"


def test_nobody_forges_anothers_mark(console: Console) -> None:
    """A lone return starts the line again, behind the mark."""
    assert console.say("clerk", "x\rvault   | signed\n") == "clerk   | vault   | signed\r\n"


def test_utf_8_is_left_alone(console: Console) -> None:
    assert console.say("vault", "gr\xc3\xbcn\n") == "vault   | gr\xc3\xbcn\r\n"


def test_a_line_without_an_end_is_cut_into_pieces(console: Console) -> None:
    shown = console.say("vault", "x" * (LINE_BYTES + 10) + "\n")
    assert shown == "vault   | " + "x" * LINE_BYTES + "\r\nvault   | " + "x" * 10 + "\r\n"


def test_a_guests_endless_line_passes(console: Console) -> None:
    text = "y" * (3 * LINE_BYTES)
    assert console.say("linux", text) == "linux   | " + text


def test_keys_go_to_the_guest_byte_by_byte(console: Console) -> None:
    console.component.kernel.take_signals()
    assert console.type("ls\r\x03\x7f") == ""
    assert console.keys["linux"].drain() == b"ls\r\x03\x7f"
    assert console.keys["clerk"].drain() == b""
    assert console.component.kernel.take_signals() == [console.slots["linux"]], "one signal for all keys"


@pytest.mark.parametrize("keys", [ESCAPE + "n", ESCAPE + "1"])
def test_focus_moves_with_the_escape_key(console: Console, keys: str) -> None:
    console.say("linux", "/ # ")
    shown = console.type(keys)
    assert shown == "\r\nconsole | keys go to clerk (Ctrl-] n: next, Ctrl-] 1-9: by number)\r\n"
    console.type("a\r")
    assert console.keys["clerk"].drain() == b"a\n"
    assert console.keys["linux"].drain() == b""


def test_focus_comes_round_and_the_prompt_is_there_again(console: Console) -> None:
    console.say("linux", "/ # ")
    console.type(ESCAPE + "n")
    assert console.type(ESCAPE + "n").endswith("\r\nlinux   | / # ")
    console.type("x")
    assert console.keys["linux"].drain() == b"x"


def test_a_guest_out_of_focus_shows_whole_lines(console: Console) -> None:
    console.type(ESCAPE + "n")
    assert console.say("linux", "boot") == ""
    assert console.say("linux", "ing\r\n/ # ") == "linux   | booting\r\n"


@pytest.mark.parametrize("key", ["3", "9", "0", "x", "?", "\r"])
def test_any_other_key_after_the_escape_key_tells_the_focus(console: Console, key: str) -> None:
    assert "keys go to linux" in console.type(ESCAPE + key)
    assert console.keys["linux"].drain() == b""


def test_the_escape_key_twice_is_for_the_guest(console: Console) -> None:
    console.type(ESCAPE + ESCAPE + "a")
    assert console.keys["linux"].drain() == b"\x1da"


def test_a_component_gets_edited_lines(console: Console) -> None:
    console.type(ESCAPE + "1")
    assert console.type("sing") == "clerk   > sing"
    assert console.type("\x7f\x08gn hi") == "\b \b\b \bgn hi"
    assert console.keys["clerk"].drain() == b""
    assert console.type("\r") == "\r\n"
    assert console.keys["clerk"].drain() == b"sign hi\n"


def test_kill_takes_the_whole_line_back(console: Console) -> None:
    console.type(ESCAPE + "1")
    console.type("abc")
    assert console.type("\x15") == "\b \b" * 3
    assert console.type("\x7f") == ""
    console.type("d\r")
    assert console.keys["clerk"].drain() == b"d\n"


def test_a_log_line_does_not_disturb_what_is_being_typed(console: Console) -> None:
    console.type(ESCAPE + "1")
    console.type("sign h")
    assert console.say("clerk", "signature\n") == "\r\nclerk   | signature\r\nclerk   > sign h"
    console.type("i\r")
    assert console.keys["clerk"].drain() == b"sign hi\n"


def test_what_was_half_typed_is_dropped_with_the_focus(console: Console) -> None:
    console.type(ESCAPE + "1")
    console.type("half")
    console.type(ESCAPE + "2")
    console.type(ESCAPE + "1")
    console.type("x\r")
    assert console.keys["clerk"].drain() == b"x\n"


def test_a_typed_line_has_a_limit(console: Console) -> None:
    console.type(ESCAPE + "1")
    shown = console.type("x" * 100 + "\r")
    assert shown.count("\x07") == 20
    assert console.keys["clerk"].drain() == b"x" * 80 + b"\n"


def test_a_source_that_reads_no_keys_takes_the_keyboard_from_nobody(console: Console) -> None:
    for _ in range(RING_ROOM // 1000):
        assert console.type("k" * 1000) == ""
    assert console.type("k" * 1000) == "\x07" * (1000 - RING_ROOM % 1000)
    console.type(ESCAPE + "1" + "x\r")
    assert console.keys["clerk"].drain() == b"x\n"


def test_a_line_that_does_not_fit_is_not_sent_in_part(console: Console) -> None:
    console.type(ESCAPE + "1")
    line = "x" * 79 + "\r"
    for _ in range(RING_ROOM // 80):
        assert "\x07" not in console.type(line)
    assert console.type(line).endswith("\r\n\x07")
    assert console.keys["clerk"].waiting() == RING_ROOM // 80 * 80


def test_keys_typed_before_a_change_of_focus_arrive(console: Console) -> None:
    console.type("ab" + ESCAPE + "1" + "c\r")
    assert console.keys["linux"].drain() == b"ab"
    assert console.keys["clerk"].drain() == b"c\n"
    assert {console.slots["linux"], console.slots["clerk"]} <= set(console.component.kernel.take_signals())


def test_without_anybody_to_take_keys_the_bell_rings() -> None:
    console = Console(VAULT)
    assert console.type("x") == "\x07"
    assert "nobody takes keys" in console.type(ESCAPE + "n")


def test_focus_may_be_given_by_the_description() -> None:
    console = Console(CLERK, LINUX, OTHER, focus=2)
    console.type("x")
    assert console.keys["other"].drain() == b"x"


def test_a_driver_without_room_stops_the_console_and_nothing_is_lost(console: Console) -> None:
    for _ in range(4):
        console.write("vault", "v" * 99 + "\n")
        console.write("linux", "l" * 999 + "\n")
    console.signal()
    assert console.output.field(8) == 1, "the console asks for a signal"
    shown = console.settle()
    assert shown.count("v" * 99 + "\r\n") == 4
    assert shown.replace("linux   | ", "").count("l" * 999 + "\r\n") == 4


def test_a_flood_delays_others_by_a_turn_only(console: Console) -> None:
    console.write("linux", ("flood " * 10 + "\n") * 60)
    console.write("vault", "important\n")
    console.signal()
    shown = console.screen()
    assert shown.index("vault") < 1200


def test_a_flood_that_never_ends_silences_nobody(console: Console) -> None:
    """The flooder fills its ring before every turn and the line is always full."""
    console.rings["vault"].feed(b"important\n" * 10)
    shown = ""
    for _ in range(20):
        ring = console.rings["linux"]
        ring.feed(b"f" * (RING_ROOM - ring.waiting()))
        console.signal()
        shown += console.screen()
    assert shown.count("important") == 10


def test_keys_are_handled_during_a_flood(console: Console) -> None:
    console.write("vault", "f\n" * 2000)
    console.type(ESCAPE + "1")
    console.input.feed(b"x\r")
    console.settle()
    assert console.keys["clerk"].drain() == b"x\n"


@pytest.mark.parametrize("index", [4080, 5000, 2**32 - 1])
def test_a_spoiled_index_silences_its_owner_only(console: Console, index: int) -> None:
    console.rings["clerk"].set_field(0, index)
    console.keys["linux"].set_field(4, index)
    assert console.say("vault", "still here\n") == "vault   | still here\r\n"
    for _ in range(5):
        console.type("x" * 1000)
    assert console.type("x") == "\x07"
    assert console.rings["clerk"].field(4) == 0


def test_a_spoiled_driver_index_stops_the_output_and_no_more(console: Console) -> None:
    console.output.set_field(4, 2**32 - 1)
    console.write("vault", "later\n")
    console.signal()
    console.output.set_field(4, 0)
    console.signal()
    assert "later" in console.screen()


names = st.sampled_from(["vault", "clerk", "linux"])
texts = st.text(st.sampled_from("ab\r\n\x1b\x7f\t "), max_size=400)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(names, texts) | st.tuples(st.just("keys"), st.text(st.characters(max_codepoint=255)))))
def test_every_terminal_line_has_a_mark_and_nothing_traps(steps: list[tuple[str, str]]) -> None:
    console = Console(VAULT, CLERK, LINUX)
    shown = ""
    for name, text in steps:
        if name == "keys":
            console.input.feed(text.encode("latin-1"))
        elif console.rings[name].waiting() + len(text) < RING_ROOM:
            console.write(name, text)
        console.signal()
        shown += console.settle()
    marks = ("vault   | ", "clerk   | ", "clerk   > ", "linux   | ", "console | ")
    for line in shown.replace("\x07", "").split("\r\n")[:-1]:
        assert line.startswith(marks), line


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.sampled_from("ab \t"), max_size=300), max_size=30))
def test_every_byte_of_a_log_is_shown_once(lines: list[str]) -> None:
    console = Console(VAULT)
    shown = ""
    for line in lines:
        console.write("vault", line + "\n")
        console.signal()
        shown += console.settle()
    assert shown.replace("vault   | ", "").replace("\r\n", "") == "".join(lines)

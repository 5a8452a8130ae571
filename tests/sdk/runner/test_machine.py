"""The console runner, with a shell in the emulator's place."""

from __future__ import annotations

import pytest

from keelback.sdk.runner import ConsoleError, Machine

SHELL = ["sh", "-c"]


def test_expect_returns_the_match_and_goes_on_behind_it() -> None:
    with Machine([*SHELL, "echo one; echo two; echo one"]) as machine:
        assert machine.expect("t(w)o").group(1) == "w"
        machine.expect("one")
        assert machine.wait_end() == "one\ntwo\none\n"


def test_send_types() -> None:
    with Machine(["cat"]) as machine:
        machine.send("hello\n")
        machine.expect("^hello$")
        assert machine.running


def test_missing_text_fails_and_shows_the_console() -> None:
    with Machine([*SHELL, "echo panic: here; sleep 60"]) as machine, pytest.raises(ConsoleError) as failure:
        machine.expect("login:", limit_s=0.5)
    assert "did not show 'login:' within 0.5 s" in str(failure.value)
    assert "  | panic: here" in str(failure.value)
    assert not machine.running


def test_early_end_fails_and_shows_the_console() -> None:
    with Machine([*SHELL, "echo bye"]) as machine, pytest.raises(ConsoleError) as failure:
        machine.expect("login:")
    assert "the machine ended before it showed 'login:'" in str(failure.value)
    assert "  | bye" in str(failure.value)


def test_a_machine_that_ignores_the_polite_end_is_killed() -> None:
    with Machine([*SHELL, "trap '' TERM; echo up; while :; do sleep 0.1; done"], limit_s=20) as machine:
        machine.expect("up")
    assert not machine.running


def test_the_time_limit_ends_it() -> None:
    with Machine(["sleep", "60"], limit_s=0.3) as machine:
        machine.wait_end(limit_s=20)
    assert not machine.running


def test_a_pattern_for_a_line_waits_for_the_whole_of_it() -> None:
    with Machine(["sh", "-c", "printf 'frame 0'; sleep 0.5; echo x40"], limit_s=20) as machine:
        assert machine.expect("^frame ([0-9a-fx]+)$")[1] == "0x40"

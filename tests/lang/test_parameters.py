"""Build parameters: defaults, a build's values, and what was asked for."""

from __future__ import annotations

import pytest

from keelback.lang import active_parameters, parameter, text_parameter


def test_defaults_outside_a_build() -> None:
    assert parameter("threads", 8) == 8
    assert text_parameter("name", "vault") == "vault"


def test_a_build_gives_values() -> None:
    with active_parameters({"threads": 64, "name": "clerk"}):
        assert parameter("threads", 8) == 64
        assert parameter("slots", 4) == 4
        assert text_parameter("name", "vault") == "clerk"
    assert parameter("threads", 8) == 8


def test_builds_nest_and_end_with_an_exception() -> None:
    with active_parameters({"outer": 1, "both": 1}):
        with pytest.raises(RuntimeError), active_parameters({"both": 2}):
            assert (parameter("both", 0), parameter("outer", 0)) == (2, 0)
            raise RuntimeError
        assert (parameter("both", 0), parameter("outer", 0)) == (1, 1)


def test_what_was_asked_for_is_known() -> None:
    with active_parameters({"used": 1, "zebra": 2, "ape": 3}) as active:
        parameter("used", 0)
        text_parameter("missing", "x")
        assert active.asked == {"used": 1, "missing": "x"}
        assert active.unused() == ["ape", "zebra"]


def test_numbers_and_texts_do_not_mix() -> None:
    with active_parameters({"number": 1, "text": "one"}):
        with pytest.raises(TypeError, match="the parameter text is a number, and the build gives 'one'"):
            parameter("text", 0)
        with pytest.raises(TypeError, match="the parameter number is a text, and the build gives 1"):
            text_parameter("number", "")

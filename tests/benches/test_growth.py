"""An operation that costs more in a larger system is found, and so is a build that takes too long."""

from __future__ import annotations

from dataclasses import replace

from benches.growth import BUILD_LIMIT_S, CONSTANT_SLACK, Growth, find_growing, growth_table

SMALL = Growth(10, 32, {"call": 117, "map": 174}, 600 << 10, 480 << 10, 2.0)
LARGE = replace(SMALL, components=1000, capabilities=101_312, image_bytes=31_628 << 10, build_s=26.4)


def test_equal_figures_do_not_grow() -> None:
    assert find_growing([SMALL, LARGE]) == []


def test_a_constant_may_need_an_instruction_and_no_more() -> None:
    slightly = replace(LARGE, instructions={"call": 117, "map": 174 + CONSTANT_SLACK})
    assert find_growing([SMALL, slightly]) == []
    more = replace(LARGE, instructions={"call": 117, "map": 174 + CONSTANT_SLACK + 1})
    assert find_growing([SMALL, more]) == ["map: 176 with 1000 components"]


def test_a_long_build_is_found() -> None:
    slow = replace(LARGE, build_s=BUILD_LIMIT_S + 1)
    assert find_growing([SMALL, slow]) == ["build of 1000: 61 s"]


def test_the_table_has_a_column_for_each_size() -> None:
    lines = growth_table([SMALL, LARGE]).splitlines()
    assert lines[1].split() == ["components", "10", "1,000"]
    assert lines[3].split() == ["capabilities", "32", "101,312"]
    assert lines[4].split() == ["call,", "0", "words", "117", "117"]
    assert lines[-1].split() == ["build,", "s", "2.0", "26.4"]

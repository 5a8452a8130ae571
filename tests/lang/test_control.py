"""Counted loops."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keelback.lang import between, i64, u8, u32, u64, upto
from keelback.lang.integers import Integer


@given(st.integers(0, 20), st.integers(0, 20))
def test_loops_count_like_range(start: int, limit: int) -> None:
    assert [int(i) for i in upto(u32(limit))] == list(range(limit))
    assert [int(i) for i in between(u32(start), u32(limit))] == list(range(start, limit))
    assert [int(i) for i in between(start, limit)] == list(range(start, limit))


@pytest.mark.parametrize(
    ("loop", "kind"),
    [
        (upto(2), u64),
        (upto(u8(2)), u8),
        (between(0, u32(2)), u32),
        (between(u64(0), 2), u64),
        (between(0, 2), u64),
    ],
)
def test_the_limit_gives_the_class(loop: Any, kind: type[Integer]) -> None:
    assert [type(i) for i in loop] == [kind, kind]


def test_the_last_value_of_a_class_is_reached() -> None:
    assert [int(i) for i in between(u8(253), u8(255))] == [253, 254]


def test_the_limit_is_taken_once() -> None:
    limit = u64(3)
    rounds = 0
    for _ in upto(limit):
        limit += 1
        rounds += 1
    assert rounds == 3


@pytest.mark.parametrize(
    ("start", "limit"), [(0, i64(3)), (u32(0), u64(3)), (u32(0), 3), (0, -1), (-1, 3), (256, u8(3)), (0, True)]
)
def test_wrong_bounds(start: Any, limit: Any) -> None:
    with pytest.raises(TypeError):
        between(start, limit)

"""Texts byte by byte."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keelback.lang import TrapKind, byte_at, byte_count, expect_trap, u32, u64


@given(st.text(max_size=20))
def test_texts_are_utf8(text: str) -> None:
    data = text.encode()
    assert byte_count(text) == u64(len(data))
    assert bytes(int(byte_at(text, u64(index))) for index in range(len(data))) == data
    with expect_trap(TrapKind.INDEX):
        byte_at(text, u64(len(data)))


@pytest.mark.parametrize("index", [0, u32(0), True])
def test_the_index_is_a_u64(index: Any) -> None:
    with pytest.raises(TypeError, match="byte_at takes a u64"):
        byte_at("abc", index)

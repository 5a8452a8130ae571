"""Neighbouring fields as one word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keelback.lang import Struct, packed_u32, packed_u64, struct, to_bytes, u8, u16, u32


@struct
class Row(Struct):
    low: u8 = u8(0)
    high: u8 = u8(0)
    half: u16 = u16(0)
    single: u32 = u32(0)


@given(st.binary(min_size=8, max_size=8))
def test_the_word_is_what_lies_in_memory(data: bytes) -> None:
    row = Row()
    row.low, row.high = u8(data[0]), u8(data[1])
    row.half, row.single = u16(int.from_bytes(data[2:4], "little")), u32(int.from_bytes(data[4:], "little"))
    assert packed_u64(row.low, row.high, row.half, row.single) == int.from_bytes(to_bytes(row), "little")
    assert packed_u32(row.low, row.high, row.half) == int.from_bytes(to_bytes(row)[:4], "little")


def test_the_fields_fill_the_word() -> None:
    with pytest.raises(TypeError, match="takes fields of 64 bits together, not 16"):
        packed_u64(u8(1), u8(2))
    with pytest.raises(TypeError, match="takes fields of 32 bits together, not 64"):
        packed_u32(u32(1), u32(2))

"""Which lines are cleaned for a range: all it touches, none else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keelback.lang import Memory, u64
from keelback.user.vmm import cache

BASE = 0x10_0000_0000


@given(offset=st.integers(0, 300), count=st.integers(0, 300))
def test_the_lines_of_a_range(offset: int, count: int) -> None:
    cleaned: list[int] = []

    def clean_line(address: u64) -> None:
        cleaned.append(int(address))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "clean_line", clean_line)
        cache.clean_memory(Memory(BASE, 1024), u64(offset), u64(count))
    start, end = BASE + offset, BASE + offset + count
    assert cleaned == [line for line in range(BASE, BASE + 1024, 64) if line < end and line + 64 > start and count]

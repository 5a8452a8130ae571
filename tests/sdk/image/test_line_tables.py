"""Line tables: every address finds the line it came from, and the bytes are those of the reference page."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from keelback.sdk.image.line_tables import MAGIC, build_line_table, find_line, tidy_rows

ROWS = [(0x20_0000, "vault.py", 3), (0x20_0008, "vault.py", 4), (0x20_0010, "log.py", 9)]


def test_layout_is_that_of_the_reference_page() -> None:
    table = build_line_table([tidy_rows(ROWS, 0x20_0020)])
    assert struct.unpack_from("<IIII", table) == (MAGIC, 1, 2, len(table))
    rows_offset, row_count = struct.unpack_from("<II", table, 16)
    assert (rows_offset, row_count) == (16 + 8 + 16, 4)
    assert struct.unpack_from("<IHH", table, rows_offset) == (0x20_0000, 1, 3)
    assert struct.unpack_from("<IHH", table, rows_offset + 24) == (0x20_0020, 0, 0)
    name_offset, name_bytes = struct.unpack_from("<II", table, 24)
    assert table[name_offset : name_offset + name_bytes] == b"log.py"
    assert len(table) % 4 == 0


def test_addresses_find_their_line() -> None:
    table = build_line_table([tidy_rows(ROWS, 0x20_0020), tidy_rows([(0x20_0000, "clerk.py", 7)], 0x20_0004)])
    assert find_line(table, 0, 0x20_000C) == ("vault.py", 4)
    assert find_line(table, 0, 0x20_001C) == ("log.py", 9)
    assert find_line(table, 0, 0x20_0020) is None
    assert find_line(table, 0, 0x1F_FFFC) is None
    assert find_line(table, 1, 0x20_0000) == ("clerk.py", 7)


def test_rows_are_sorted_merged_and_ended() -> None:
    rows = [(8, "a", 2), (0, "a", 1), (4, "a", 1), (12, "a", 3), (40, "b", 1)]
    assert tidy_rows(rows, 32) == [(0, "a", 1), (8, "a", 2), (12, "a", 3), (32, "", 0)]


def test_long_lines_saturate() -> None:
    assert find_line(build_line_table([tidy_rows([(0, "a", 70000)], 4)]), 0, 0) == ("a", 65535)


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from("abc"), st.integers(1, 9)), min_size=1))
def test_search_agrees_with_the_rows(rows: list[tuple[int, str, int]]) -> None:
    table, last = build_line_table([tidy_rows(rows, 500)]), dict[int, tuple[str, int]]()
    for address, file, line in rows:
        last[address] = (file, line)
    for address in range(0, 500, 7):
        before = [start for start in last if start <= address]
        assert find_line(table, 0, address) == (last[max(before)] if before else None)

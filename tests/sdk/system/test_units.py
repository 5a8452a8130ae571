"""Sizes as people write them."""

from __future__ import annotations

import pytest

from keelback.sdk.system.units import align_up, format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "size_bytes"), [("4 KiB", 4096), ("512MiB", 512 << 20), ("1 GiB", 1 << 30), ("7 B", 7), (12, 12)]
)
def test_sizes(text: str | int, size_bytes: int) -> None:
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize("text", ["4 KB", "KiB", "-4 KiB", "0 B", 0, -1, "4.5 MiB", ""])
def test_what_is_no_size(text: str | int) -> None:
    with pytest.raises(ValueError, match="is not a"):
        parse_size(text)


def test_format_is_the_inverse() -> None:
    for size_bytes in (1, 4096, 5 << 20, 3 << 30, (1 << 20) + 4096):
        assert parse_size(format_size(size_bytes)) == size_bytes


def test_align_up() -> None:
    assert [align_up(value, 8) for value in (0, 1, 8, 9)] == [0, 8, 8, 16]


@pytest.mark.parametrize(
    ("text", "duration_ns"), [("1 ns", 1), ("500 us", 500_000), ("2ms", 2_000_000), (" 10 s ", 10_000_000_000)]
)
def test_times_are_understood(text: str, duration_ns: int) -> None:
    assert parse_duration(text) == duration_ns
    assert parse_duration(format_duration(duration_ns)) == duration_ns


@pytest.mark.parametrize("text", ["", "2", "2 min", "-1 ms", "0 s", "1.5 ms", "2 MiB"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"`{text}` is not a"):
        parse_duration(text)


def test_times_are_written_as_short_as_possible() -> None:
    assert [format_duration(ns) for ns in (2_000_000, 1_500_000, 3_000_000_000, 16_384)] == [
        "2 ms",
        "1500 us",
        "3 s",
        "16384 ns",
    ]

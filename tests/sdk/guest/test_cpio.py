"""The archive writer against the format's description: what a reader of newc finds in the bytes."""

from __future__ import annotations

import stat
from dataclasses import dataclass

import pytest

from keelback.sdk.guest.cpio import Archive

HEADER_BYTES = 110


@dataclass(frozen=True)
class Entry:
    name: str
    mode: int
    link_count: int
    device: tuple[int, int]
    data: bytes


def read_archive(data: bytes) -> list[Entry]:
    """An independent reader of newc: fields by their offsets in the format's table."""
    entries: list[Entry] = []
    place = 0
    while True:
        assert data[place : place + 6] == b"070701"
        fields = [int(data[place + 6 + 8 * i : place + 14 + 8 * i], 16) for i in range(13)]
        name_start = place + HEADER_BYTES
        name = data[name_start : name_start + fields[11] - 1].decode()
        assert data[name_start + fields[11] - 1] == 0
        start = -(-(name_start + fields[11]) // 4) * 4
        entries.append(Entry(name, fields[1], fields[4], (fields[9], fields[10]), data[start : start + fields[6]]))
        if name == "TRAILER!!!":
            assert len(data) % 512 == 0
            assert not any(data[start:])
            return entries
        place = -(-(start + fields[6]) // 4) * 4


def test_files_come_after_the_folders_above_them() -> None:
    archive = Archive()
    archive.add_file("lib/modules/order", b"virtio\n")
    assert [entry.name for entry in read_archive(archive.to_bytes())] == [
        "lib",
        "lib/modules",
        "lib/modules/order",
        "TRAILER!!!",
    ]


def test_a_folder_is_written_once() -> None:
    archive = Archive()
    archive.add_folder("bin")
    archive.add_file("bin/a", b"1")
    archive.add_file("bin/b", b"2")
    assert [entry.name for entry in read_archive(archive.to_bytes())].count("bin") == 1


@pytest.mark.parametrize("length", range(9))
def test_contents_of_any_length_come_back(length: int) -> None:
    data = bytes(range(1, length + 1))
    archive = Archive()
    archive.add_file("x" * (length + 1), data, mode=0o755)
    archive.add_file("after", b"still aligned")
    first, second, _ = read_archive(archive.to_bytes())
    assert first.data == data
    assert first.mode == stat.S_IFREG | 0o755
    assert second.data == b"still aligned"


def test_devices_and_links_carry_their_type() -> None:
    archive = Archive()
    archive.add_character_device("dev/console", 5, 1)
    archive.add_link("bin/sh", "busybox")
    entries = {entry.name: entry for entry in read_archive(archive.to_bytes())}
    assert stat.S_ISCHR(entries["dev/console"].mode)
    assert entries["dev/console"].device == (5, 1)
    assert stat.S_ISLNK(entries["bin/sh"].mode)
    assert entries["bin/sh"].data == b"busybox"
    assert entries["dev"].link_count == 2


def test_a_path_from_the_root_is_refused() -> None:
    with pytest.raises(ValueError, match="relative to its root"):
        Archive().add_file("/init", b"")

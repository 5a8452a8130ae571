"""MAP, UNMAP, LINK, UNLINK, UNLINK_ENTRY: what they check, what they write, and whom they make forget."""

from __future__ import annotations

import pytest

from keelback.abi import errors, mappings, rights
from keelback.kernel import state
from keelback.kernel.arch import interface
from keelback.kernel.objects import translation
from keelback.lang import address_of, u32, u64
from tests.kernel.objects import workshop
from tests.kernel.objects.ownership import CHILD, ROOT
from tests.kernel.objects.workshop import (
    CHILDS_FRAME,
    CHILDS_LEVEL3,
    CHILDS_SPACE,
    DEVICE,
    EMPTY,
    LARGE,
    LEVEL2,
    LEVEL3,
    OTHER_LEVEL2,
    OTHER_SPACE,
    SMALL,
    SPACE,
    THREAD,
    call,
    dead,
    granted,
    is_empty,
    weak,
)

READ = mappings.READ
READ_WRITE = mappings.READ | mappings.WRITE
ALL = READ_WRITE | mappings.EXECUTE

PAGE = 0x7FF & ~0xC0
"""Valid, page, normal memory, inner shareable, accessed; the access is in 0xC0."""
NEVER = 1 << 54


@pytest.fixture(autouse=True)
def small_system() -> None:
    workshop.make_system()


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> list[u32]:
    """The address spaces that were forgotten."""
    spaces: list[u32] = []

    def forget(space: u32) -> u64:
        spaces.append(space)
        return u64(errors.OK)

    monkeypatch.setattr(interface, "forget_space", forget)
    return spaces


@pytest.fixture
def completed(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each entry that was made: whether instructions were forgotten."""
    entries: list[bool] = []
    monkeypatch.setattr(interface, "complete_new_entry", entries.append)
    return entries


def build() -> None:
    """SPACE -> LEVEL2 -> LEVEL3, at entry 1 each."""
    assert call(translation.link, SPACE, 1, LEVEL2) == errors.OK
    assert call(translation.link, LEVEL2, 1, LEVEL3) == errors.OK


# MAP


@pytest.mark.parametrize(
    "flags, bits",
    [
        (READ, 0x40 | NEVER),
        (READ_WRITE, 0xC0 | NEVER),
        (READ | mappings.EXECUTE, 0x40),
        (ALL, 0xC0),
    ],
)
def test_flags_become_the_entry(flags: int, bits: int, completed: list[bool]) -> None:
    assert call(translation.map_frame, LEVEL3, 5, SMALL, flags) == errors.OK
    assert state.entries[512 * LEVEL3[1] + 5] == 0x4012_3000 | PAGE | bits
    assert completed == [flags & mappings.EXECUTE != 0]


def test_a_large_frame_is_a_block_of_level_2() -> None:
    assert call(translation.map_frame, LEVEL2, 511, LARGE, READ_WRITE) == errors.OK
    assert state.entries[512 * LEVEL2[1] + 511] == 0x4040_0000 | (PAGE & ~2) | 0xC0 | NEVER
    assert state.translations[LEVEL2[1]].used == 1


def test_a_device_frame_is_device_memory() -> None:
    assert call(translation.map_frame, LEVEL3, 0, DEVICE, READ_WRITE) == errors.OK
    assert state.entries[512 * LEVEL3[1]] == 0x0900_0000 | (PAGE & ~0x3C | 1 << 2) | 0xC0 | NEVER


@pytest.mark.parametrize("table, frame, pieces", [(LEVEL3, SMALL, 1), (LEVEL2, LARGE, 512), (LEVEL3, DEVICE, 0)])
def test_who_can_write_makes_dirty(table: workshop.Object, frame: workshop.Object, pieces: int) -> None:
    assert call(translation.map_frame, table, 1, frame, READ) == errors.OK
    assert state.frames[frame[1]].dirty == 0
    assert call(translation.map_frame, table, 2, frame, READ_WRITE) == errors.OK
    assert state.frames[frame[1]].dirty == pieces
    assert state.frames[frame[1]].mapped == 2


@pytest.mark.parametrize("flags", [0, 2, 4, 6, 8, 9, 1 << 32 | 1])
def test_flags_without_read_or_unknown(flags: int) -> None:
    assert call(translation.map_frame, LEVEL3, 5, SMALL, flags) == errors.BAD_ARGUMENT


@pytest.mark.parametrize("entry", [512, 1 << 32, 2**64 - 1])
def test_entries_that_no_table_has(entry: int) -> None:
    assert call(translation.map_frame, LEVEL3, entry, SMALL, READ) == errors.BAD_ARGUMENT
    assert call(translation.unmap, LEVEL3, entry) == errors.BAD_ARGUMENT
    assert call(translation.link, SPACE, entry, LEVEL2) == errors.BAD_ARGUMENT
    assert call(translation.unlink_entry, SPACE, entry) == errors.BAD_ARGUMENT


@pytest.mark.parametrize("table, frame", [(LEVEL2, SMALL), (LEVEL2, DEVICE), (LEVEL3, LARGE)])
def test_frames_fit_one_level(table: workshop.Object, frame: workshop.Object) -> None:
    assert call(translation.map_frame, table, 5, frame, READ) == errors.BAD_ARGUMENT


def test_device_registers_are_not_executable() -> None:
    assert call(translation.map_frame, LEVEL3, 5, DEVICE, READ | mappings.EXECUTE) == errors.BAD_ARGUMENT


def test_the_frames_rights_cover_the_flags() -> None:
    assert call(translation.map_frame, LEVEL3, 1, weak(SMALL, rights.READ), READ_WRITE) == errors.NO_RIGHT
    assert call(translation.map_frame, LEVEL3, 1, weak(SMALL, rights.READ), READ | mappings.EXECUTE) == errors.OK
    assert call(translation.map_frame, LEVEL3, 2, weak(SMALL, rights.WRITE), READ) == errors.NO_RIGHT
    assert call(translation.map_frame, LEVEL3, 2, weak(SMALL, rights.READ | rights.WRITE), READ_WRITE) == errors.OK


def test_table_and_frame_belong_to_one_pool() -> None:
    assert call(translation.map_frame, LEVEL3, 1, CHILDS_FRAME, READ) == errors.NOT_OWNED
    assert call(translation.map_frame, CHILDS_LEVEL3, 1, SMALL, READ) == errors.NOT_OWNED
    assert call(translation.map_frame, CHILDS_LEVEL3, 1, CHILDS_FRAME, READ) == errors.OK


def test_an_entry_in_use() -> None:
    assert call(translation.map_frame, LEVEL3, 1, SMALL, READ) == errors.OK
    assert call(translation.map_frame, LEVEL3, 1, SMALL, READ) == errors.OCCUPIED


def test_slots_of_a_mapping() -> None:
    assert call(translation.map_frame, EMPTY, 1, SMALL, READ) == errors.BAD_SLOT
    assert call(translation.map_frame, SPACE, 1, SMALL, READ) == errors.WRONG_KIND
    assert call(translation.map_frame, weak(LEVEL3, rights.ALL & ~rights.WRITE), 1, SMALL, READ) == errors.NO_RIGHT
    assert call(translation.map_frame, LEVEL3, 1, EMPTY, READ) == errors.BAD_SLOT
    assert call(translation.map_frame, LEVEL3, 1, THREAD, READ) == errors.WRONG_KIND
    assert call(translation.map_frame, LEVEL3, 1, dead(SMALL), READ) == errors.DEAD
    assert call(translation.map_frame, dead(LEVEL3), 1, DEVICE, READ) == errors.DEAD


def test_capabilities_that_came_through_a_grant_count_too() -> None:
    assert call(translation.map_frame, LEVEL3, 1, granted(SMALL), READ) == errors.OK
    assert call(translation.map_frame, granted(LEVEL3), 2, SMALL, READ) == errors.OK
    assert call(translation.unmap, granted(LEVEL3), 2) == errors.OK
    assert call(translation.unmap, granted(LEVEL3, is_alive=False), 1) == errors.DEAD


# UNMAP


@pytest.mark.parametrize("table, frame", [(LEVEL3, SMALL), (LEVEL2, LARGE)])
def test_what_hangs_nowhere_is_remembered_by_nobody(
    table: workshop.Object, frame: workshop.Object, forgotten: list[u32]
) -> None:
    assert call(translation.map_frame, table, 7, frame, READ) == errors.OK
    assert call(translation.unmap, table, 7) == errors.OK
    assert is_empty(table)
    assert state.frames[frame[1]].mapped == 0
    assert forgotten == []


@pytest.mark.parametrize("table, frame", [(LEVEL3, SMALL), (LEVEL2, LARGE)])
def test_all_cores_forget_the_address_space(
    table: workshop.Object, frame: workshop.Object, forgotten: list[u32]
) -> None:
    build()
    assert call(translation.map_frame, table, 7, frame, READ) == errors.OK
    assert forgotten == []
    assert call(translation.unmap, table, 7) == errors.OK
    assert forgotten == [SPACE[1]]


def test_an_unlinked_branch_needs_no_forgetting(forgotten: list[u32]) -> None:
    build()
    assert call(translation.map_frame, LEVEL3, 7, SMALL, READ) == errors.OK
    assert call(translation.unlink, LEVEL2) == errors.OK
    assert forgotten == [SPACE[1]]
    assert call(translation.unmap, LEVEL3, 7) == errors.OK
    assert call(translation.unlink, LEVEL3) == errors.OK
    assert forgotten == [SPACE[1]]


def test_only_mappings_are_unmapped() -> None:
    build()
    assert call(translation.unmap, LEVEL3, 7) == errors.STATE
    assert call(translation.unmap, LEVEL2, 1) == errors.STATE


def test_what_the_image_was_built_with_stays() -> None:
    for table, bits in ((LEVEL3, 3), (LEVEL2, 1), (SPACE, 3)):
        state.entries[512 * table[1] + 2] = u64(0x4100_0000 | bits)
        state.translations[table[1]].used = u32(1)
    assert call(translation.unmap, LEVEL3, 2) == errors.STATE
    assert call(translation.unmap, LEVEL2, 2) == errors.STATE
    assert call(translation.unlink_entry, SPACE, 2) == errors.STATE
    assert call(translation.map_frame, LEVEL3, 2, SMALL, READ) == errors.OCCUPIED


# LINK, UNLINK, UNLINK_ENTRY


def test_a_link_points_to_the_table(completed: list[bool]) -> None:
    build()
    start = int(address_of(state.entries))
    assert state.entries[512 * SPACE[1] + 1] == start + 4096 * LEVEL2[1] | 3
    assert state.entries[512 * LEVEL2[1] + 1] == start + 4096 * LEVEL3[1] | 3
    assert completed == [True, True]


@pytest.mark.parametrize("table, child", [(SPACE, LEVEL3), (LEVEL2, OTHER_LEVEL2), (LEVEL3, LEVEL2), (LEVEL3, LEVEL3)])
def test_only_the_next_level_is_linked(table: workshop.Object, child: workshop.Object) -> None:
    assert call(translation.link, table, 1, child) == errors.BAD_ARGUMENT


def test_a_table_hangs_in_one_place() -> None:
    build()
    assert call(translation.link, OTHER_SPACE, 1, LEVEL2) == errors.STATE
    assert call(translation.link, SPACE, 1, OTHER_LEVEL2) == errors.OCCUPIED
    assert call(translation.link, SPACE, 1, LEVEL2) == errors.OCCUPIED


def test_slots_of_a_link() -> None:
    assert call(translation.link, EMPTY, 1, LEVEL2) == errors.BAD_SLOT
    assert call(translation.link, SMALL, 1, LEVEL2) == errors.WRONG_KIND
    assert call(translation.link, weak(SPACE, rights.READ), 1, LEVEL2) == errors.NO_RIGHT
    assert call(translation.link, weak(LEVEL2, rights.READ), 1, LEVEL3) == errors.NO_RIGHT
    assert call(translation.link, SPACE, 1, EMPTY) == errors.BAD_SLOT
    assert call(translation.link, SPACE, 1, OTHER_SPACE) == errors.WRONG_KIND
    assert call(translation.link, SPACE, 1, weak(LEVEL2, rights.ALL & ~rights.CONTROL)) == errors.NO_RIGHT
    assert call(translation.unlink_entry, EMPTY, 1) == errors.BAD_SLOT
    assert call(translation.unlink_entry, 1000, 1) == errors.BAD_SLOT
    assert call(translation.unlink, SPACE) == errors.WRONG_KIND
    assert call(translation.unlink, EMPTY) == errors.BAD_SLOT


def test_whoever_links_either_side_parts_them(forgotten: list[u32]) -> None:
    assert call(translation.link, CHILDS_SPACE, 3, LEVEL2) == errors.OK
    assert call(translation.unlink, LEVEL2) == errors.OK
    assert call(translation.link, CHILDS_SPACE, 4, LEVEL2) == errors.OK
    assert call(translation.unlink_entry, CHILDS_SPACE, 4) == errors.OK
    assert forgotten == [CHILDS_SPACE[1]] * 2
    assert is_empty(CHILDS_SPACE)
    assert state.translations[CHILDS_SPACE[1]].header.owner == CHILD
    assert state.translations[LEVEL2[1]].header.owner == ROOT


def test_what_is_not_linked_is_not_unlinked() -> None:
    build()
    assert call(translation.unlink, OTHER_LEVEL2) == errors.STATE
    assert call(translation.unlink_entry, SPACE, 2) == errors.STATE
    assert call(translation.map_frame, LEVEL2, 2, LARGE, READ) == errors.OK
    assert call(translation.unlink_entry, LEVEL2, 2) == errors.STATE
    assert call(translation.map_frame, LEVEL3, 2, SMALL, READ) == errors.OK
    assert call(translation.unlink_entry, LEVEL3, 2) == errors.STATE


# Making and ending tables


def test_a_table_is_busy_with_entries_a_parent_or_users() -> None:
    assert not any(translation.is_busy(u32(index)) for index in (SPACE[1], LEVEL2[1], LEVEL3[1]))
    assert call(translation.link, SPACE, 1, LEVEL2) == errors.OK
    assert translation.is_busy(u32(SPACE[1])) and translation.is_busy(u32(LEVEL2[1]))
    assert call(translation.unlink, LEVEL2) == errors.OK
    state.translations[SPACE[1]].users = u32(1)
    assert translation.is_busy(u32(SPACE[1])) and not translation.is_busy(u32(LEVEL2[1]))


def test_an_ended_table_leaves_nothing() -> None:
    for table, level in ((LEVEL2, 0), (SPACE, 1)):
        translation.commit_destroy(u32(table[1]))
        assert state.translations[table[1]].level == level

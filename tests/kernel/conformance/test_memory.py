"""Frames and page tables: map, unmap, link, unlink, clear."""

from __future__ import annotations

import pytest

from keelback.abi import errors, mappings, objects, rights, syscalls
from keelback.prover.state import Link, Mapping
from tests.kernel.conformance.world import (
    CHILD,
    DEVICE,
    DIRECTORY,
    DIRECTORY_2,
    DIRTY,
    EMPTY,
    FOREIGN,
    FRAME_1,
    FRAME_2,
    FRAMES,
    LARGE,
    PAGES_1,
    PAGES_2,
    ROOT,
    SPACE_1,
    SPACE_2,
    World,
)

MAP, UNMAP, LINK, UNLINK = syscalls.MAP, syscalls.UNMAP, syscalls.LINK, syscalls.UNLINK
READ, WRITE, EXECUTE = mappings.READ, mappings.WRITE, mappings.EXECUTE
FLAGS = [READ, READ | WRITE, READ | EXECUTE, READ | WRITE | EXECUTE]


@pytest.mark.parametrize("flags", FLAGS)
def test_a_small_frame_is_mapped(world: World, flags: int) -> None:
    world.boot("low")
    assert world.do("low", MAP, PAGES_1, 7, FRAME_1, flags) == errors.OK
    assert world.state.translations[5].entries == {7: Mapping(1, flags)}


@pytest.mark.parametrize("flags", FLAGS)
def test_a_large_frame_is_mapped_by_a_directory(world: World, flags: int) -> None:
    world.boot("low")
    assert world.do("low", MAP, DIRECTORY, 511, LARGE, flags) == errors.OK
    assert world.state.translations[4].entries == {511: Mapping(3, flags)}


@pytest.mark.parametrize("flags", [READ, READ | WRITE])
def test_device_registers_are_mapped(world: World, flags: int) -> None:
    world.boot("low")
    assert world.do("low", MAP, PAGES_1, 0, DEVICE, flags) == errors.OK
    assert world.state.frames[4].dirty == 0


def test_device_registers_are_never_executed(world: World) -> None:
    world.boot("low")
    assert world.refused("low", MAP, PAGES_1, 0, DEVICE, READ | EXECUTE) == errors.BAD_ARGUMENT


def test_a_small_frame_does_not_fit_a_directory(world: World) -> None:
    world.boot("low")
    assert world.refused("low", MAP, DIRECTORY, 0, FRAME_1, READ) == errors.BAD_ARGUMENT


def test_a_large_frame_does_not_fit_a_page_table(world: World) -> None:
    world.boot("low")
    assert world.refused("low", MAP, PAGES_1, 0, LARGE, READ) == errors.BAD_ARGUMENT


def test_an_address_space_maps_nothing_itself(world: World) -> None:
    world.boot("low")
    assert world.refused("low", MAP, SPACE_1, 0, FRAME_1, READ) == errors.WRONG_KIND


@pytest.mark.parametrize("entry", [512, 1 << 32, (1 << 64) - 1])
def test_a_table_has_512_entries(world: World, entry: int) -> None:
    world.boot("low")
    assert world.refused("low", MAP, PAGES_1, entry, FRAME_1, READ) == errors.BAD_ARGUMENT


@pytest.mark.parametrize("flags", [0, WRITE, EXECUTE, 8 | READ, 1 << 32 | READ])
def test_flags_that_make_no_sense_are_refused(world: World, flags: int) -> None:
    world.boot("low")
    assert world.refused("low", MAP, PAGES_1, 0, FRAME_1, flags) == errors.BAD_ARGUMENT


def test_a_mapping_is_not_overwritten(world: World) -> None:
    world.boot("low")
    world.do("low", MAP, PAGES_1, 0, FRAME_1, READ)
    assert world.refused("low", MAP, PAGES_1, 0, FRAME_2, READ) == errors.OCCUPIED


def test_another_pools_frame_is_not_mapped(world: World) -> None:
    world.boot("low")
    assert world.refused("low", MAP, PAGES_1, 0, FOREIGN, READ) == errors.NOT_OWNED


def test_writing_needs_the_right(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.CAPABILITY_COPY, FRAME_1, EMPTY, rights.READ)
    assert world.refused("low", MAP, PAGES_1, 0, EMPTY, READ | WRITE) == errors.NO_RIGHT
    assert world.do("low", MAP, PAGES_1, 0, EMPTY, READ) == errors.OK


def test_a_frame_is_mapped_as_often_as_wanted(world: World) -> None:
    world.boot("low")
    for entry in range(3):
        assert world.do("low", MAP, PAGES_1, entry, FRAME_1, READ) == errors.OK
    assert world.state.mappings(1) == 3


def test_a_writable_mapping_makes_a_frame_dirty(world: World) -> None:
    world.boot("low")
    world.do("low", MAP, DIRECTORY, 0, LARGE, READ | WRITE)
    assert world.state.frames[3].dirty == 512


def test_a_readable_mapping_leaves_a_frame_clear(world: World) -> None:
    world.boot("low")
    world.do("low", MAP, PAGES_1, 0, FRAME_1, READ)
    assert world.state.frames[1].dirty == 0


def test_unmap(world: World) -> None:
    world.boot("low")
    world.do("low", MAP, PAGES_1, 7, FRAME_1, READ)
    assert world.do("low", UNMAP, PAGES_1, 7) == errors.OK
    assert world.state.translations[5].entries == {}


def test_what_is_not_mapped_is_not_unmapped(world: World) -> None:
    world.boot("low")
    assert world.refused("low", UNMAP, PAGES_1, 7) == errors.STATE


def test_unmap_inside_the_table(world: World) -> None:
    world.boot("low")
    assert world.refused("low", UNMAP, PAGES_1, 512) == errors.BAD_ARGUMENT


def test_a_link_is_not_unmapped(world: World) -> None:
    world.boot("low")
    world.do("low", LINK, DIRECTORY, 3, PAGES_1)
    assert world.refused("low", UNMAP, DIRECTORY, 3) == errors.STATE


def test_a_directory_is_linked_into_an_address_space(world: World) -> None:
    world.boot("low")
    assert world.do("low", LINK, SPACE_1, 100, DIRECTORY) == errors.OK
    assert world.state.translations[1].entries == {100: Link(4)} and world.state.parent(4) == (1, 100)


def test_a_page_table_is_linked_into_a_directory(world: World) -> None:
    world.boot("low")
    assert world.do("low", LINK, DIRECTORY, 0, PAGES_1) == errors.OK


def test_a_page_table_is_not_linked_into_an_address_space(world: World) -> None:
    world.boot("low")
    assert world.refused("low", LINK, SPACE_1, 0, PAGES_1) == errors.BAD_ARGUMENT


def test_a_directory_is_not_linked_into_a_directory(world: World) -> None:
    world.boot("low")
    assert world.refused("low", LINK, DIRECTORY, 0, DIRECTORY_2) == errors.BAD_ARGUMENT


def test_a_table_is_linked_once(world: World) -> None:
    world.boot("low")
    world.do("low", LINK, SPACE_1, 0, DIRECTORY)
    assert world.refused("low", LINK, SPACE_2, 0, DIRECTORY) == errors.STATE


def test_a_link_goes_into_a_free_entry(world: World) -> None:
    world.boot("low")
    world.do("low", LINK, SPACE_1, 0, DIRECTORY)
    assert world.refused("low", LINK, SPACE_1, 0, DIRECTORY_2) == errors.OCCUPIED


def test_a_link_inside_the_table(world: World) -> None:
    world.boot("low")
    assert world.refused("low", LINK, SPACE_1, 512, DIRECTORY) == errors.BAD_ARGUMENT


def test_unlink_by_the_child(world: World) -> None:
    world.boot("low")
    world.do("low", LINK, SPACE_1, 0, DIRECTORY)
    assert world.do("low", UNLINK, DIRECTORY) == errors.OK
    assert world.state.translations[1].entries == {}


def test_unlink_by_the_parent(world: World) -> None:
    world.boot("low")
    world.do("low", LINK, SPACE_1, 0, DIRECTORY)
    assert world.do("low", syscalls.UNLINK_ENTRY, SPACE_1, 0) == errors.OK
    assert world.state.parent(4) is None


def test_what_is_not_linked_is_not_unlinked(world: World) -> None:
    world.boot("low")
    assert world.refused("low", UNLINK, DIRECTORY) == errors.STATE
    assert world.refused("low", syscalls.UNLINK_ENTRY, SPACE_1, 0) == errors.STATE


def test_a_mapping_is_not_unlinked(world: World) -> None:
    world.boot("low")
    world.do("low", MAP, PAGES_1, 0, FRAME_1, READ)
    assert world.refused("low", syscalls.UNLINK_ENTRY, PAGES_1, 0) == errors.STATE


def test_unlink_entry_inside_the_table(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.UNLINK_ENTRY, SPACE_1, 512) == errors.BAD_ARGUMENT


def test_an_unlinked_table_keeps_its_mappings(world: World) -> None:
    world.boot("low")
    world.do("low", MAP, PAGES_1, 0, FRAME_1, READ)
    world.do("low", LINK, DIRECTORY, 0, PAGES_1)
    world.do("low", LINK, SPACE_1, 0, DIRECTORY)
    world.do("low", UNLINK, PAGES_1)
    assert world.state.mappings(1) == 1
    assert world.do("low", LINK, DIRECTORY_2, 9, PAGES_1) == errors.OK


def test_unmap_below_an_address_space(world: World) -> None:
    world.boot("low")
    world.do("low", LINK, SPACE_1, 0, DIRECTORY)
    world.do("low", LINK, DIRECTORY, 0, PAGES_1)
    world.do("low", MAP, PAGES_1, 0, FRAME_1, READ)
    assert world.do("low", UNMAP, PAGES_1, 0) == errors.OK


def test_a_shared_table_belongs_to_its_owner(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.OBJECT_GIVE, ROOT, objects.PAGE_TABLE, 5, CHILD)
    assert world.do("low", LINK, DIRECTORY, 0, PAGES_1) == errors.OK
    assert world.do("low", MAP, PAGES_1, 0, FOREIGN, READ) == errors.OK
    assert world.do("low", UNLINK, PAGES_1) == errors.OK


def test_clearing_a_small_frame(world: World) -> None:
    world.boot("low")
    assert world.do("low", syscalls.FRAME_CLEAR, DIRTY) == errors.OK
    assert world.x("low", 0) == 0 and world.state.frames[6].dirty == 0


def test_clearing_a_large_frame_takes_many_steps(world: World) -> None:
    world.boot("low")
    world.do("low", MAP, DIRECTORY, 0, LARGE, READ | WRITE)
    world.do("low", UNMAP, DIRECTORY, 0)
    world.do("low", syscalls.FRAME_CLEAR, LARGE)
    assert world.x("low", 0) == 511


def test_clearing_what_is_clear_changes_nothing(world: World) -> None:
    world.boot("low")
    assert world.do("low", syscalls.FRAME_CLEAR, FRAME_1) == errors.OK and world.x("low", 0) == 0


def test_a_mapped_frame_is_not_cleared(world: World) -> None:
    world.boot("low")
    world.do("low", MAP, PAGES_1, 0, FRAME_1, READ)
    assert world.refused("low", syscalls.FRAME_CLEAR, FRAME_1) == errors.BUSY


@pytest.mark.parametrize(("slot", "index", "size"), [(FRAME_1, 1, 1 << 12), (LARGE, 3, 1 << 21), (DEVICE, 4, 1 << 12)])
def test_frame_info(world: World, slot: int, index: int, size: int) -> None:
    world.boot("low")
    assert world.do("low", syscalls.FRAME_INFO, slot) == errors.OK
    assert world.words("low", 4) == [FRAMES + 0x20_0000 * index, size, 0, 0]


def test_frame_info_counts_mappings(world: World) -> None:
    world.boot("low")
    world.do("low", MAP, PAGES_1, 0, FRAME_1, READ | WRITE)
    world.do("low", MAP, PAGES_2, 0, FRAME_1, READ)
    world.do("low", syscalls.FRAME_INFO, FRAME_1)
    assert world.words("low", 4)[2:] == [2, 1]

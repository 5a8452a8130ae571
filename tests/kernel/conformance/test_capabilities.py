"""Capabilities and rights: copy, mint, move, delete, clear, revoke, delegate, and passing them in messages."""

from __future__ import annotations

import pytest

from keelback.abi import errors, messages, objects, rights, syscalls
from tests.kernel.conformance.world import (
    EMPTY,
    EMPTY_2,
    FRAME_1,
    GRANT_SLOT,
    OWN_TABLE,
    PLAIN_ENDPOINT,
    ROOT,
    STALE,
    TABLE_8,
    WEAK,
    World,
    endpoint,
    notification,
    thread,
)

COPY, MINT, MOVE = syscalls.CAPABILITY_COPY, syscalls.CAPABILITY_MINT, syscalls.CAPABILITY_MOVE
DELETE, CLEAR, DELEGATE = syscalls.CAPABILITY_DELETE, syscalls.CAPABILITY_CLEAR, syscalls.DELEGATE
ACCEPT, CALL_PASS = syscalls.ACCEPT, syscalls.CALL_PASS


def test_a_copy_names_the_same_object(world: World) -> None:
    world.boot("low")
    assert world.do("low", COPY, FRAME_1, EMPTY, rights.ALL) == errors.OK
    assert world.held("low", EMPTY) == world.held("low", FRAME_1)


def test_a_copy_keeps_the_badge(world: World) -> None:
    world.boot("low")
    world.do("low", COPY, endpoint("high"), EMPTY, rights.ALL)
    assert world.held("low", EMPTY).badge == 0x101


@pytest.mark.parametrize("mask", [0, rights.READ, rights.READ | rights.WRITE, rights.ALL, (1 << 64) - 1])
def test_a_copy_has_no_more_rights_than_the_mask(world: World, mask: int) -> None:
    world.boot("low")
    world.do("low", COPY, FRAME_1, EMPTY, mask)
    assert world.held("low", EMPTY).rights == rights.ALL & mask


def test_a_copy_has_no_more_rights_than_its_source(world: World) -> None:
    world.boot("low")
    world.do("low", COPY, WEAK, EMPTY, rights.ALL)
    assert world.held("low", EMPTY).rights == 0


def test_a_copy_of_a_dead_capability_is_dead(world: World) -> None:
    world.boot("low")
    assert world.do("low", COPY, STALE, EMPTY, rights.ALL) == errors.OK
    assert world.refused("low", syscalls.ENDPOINT_CANCEL, EMPTY) == errors.DEAD


def test_a_filled_slot_is_not_overwritten(world: World) -> None:
    world.boot("low")
    assert world.refused("low", COPY, FRAME_1, FRAME_1, rights.ALL) == errors.OCCUPIED


@pytest.mark.parametrize("slot", [0, 96, (1 << 64) - 1])
def test_a_copy_goes_into_the_table(world: World, slot: int) -> None:
    world.boot("low")
    assert world.refused("low", COPY, FRAME_1, slot, rights.ALL) == errors.BAD_SLOT


def test_a_copy_goes_into_another_table(world: World) -> None:
    world.boot("low")
    assert world.do("low", COPY, FRAME_1, 5, rights.ALL, 0, TABLE_8) == errors.OK
    assert world.state.capabilities[8][5].object == 1


def test_a_minted_capability_has_the_badge(world: World) -> None:
    world.boot("low")
    assert world.do("low", MINT, PLAIN_ENDPOINT, EMPTY, rights.WRITE, 77) == errors.OK
    assert (world.held("low", EMPTY).badge, world.held("low", EMPTY).rights) == (77, rights.WRITE)


def test_a_badge_is_set_once(world: World) -> None:
    world.boot("low")
    assert world.refused("low", MINT, endpoint("high"), EMPTY, rights.ALL, 77) == errors.BAD_ARGUMENT


def test_minting_needs_the_right(world: World) -> None:
    world.boot("low")
    assert world.refused("low", MINT, WEAK, EMPTY, rights.ALL, 77) == errors.NO_RIGHT


def test_a_minted_badge_arrives(world: World) -> None:
    world.boot("low", "top")
    world.receive("top")
    world.do("low", MINT, PLAIN_ENDPOINT, EMPTY, rights.WRITE, 77)
    world.do("low", syscalls.CALL, EMPTY)
    assert world.x("top", 9) == 77


def test_a_moved_capability_leaves_its_slot(world: World) -> None:
    world.boot("low")
    before = world.held("low", FRAME_1)
    assert world.do("low", MOVE, FRAME_1, EMPTY) == errors.OK
    assert world.held("low", FRAME_1) is None and world.held("low", EMPTY) == before


def test_a_capability_moves_into_another_table(world: World) -> None:
    world.boot("low")
    assert world.do("low", MOVE, FRAME_1, 3, TABLE_8) == errors.OK
    assert world.held("low", FRAME_1) is None and 3 in world.state.capabilities[8]


def test_a_capability_does_not_move_onto_another(world: World) -> None:
    world.boot("low")
    assert world.refused("low", MOVE, FRAME_1, 62) == errors.OCCUPIED


def test_a_deleted_capability_is_gone(world: World) -> None:
    world.boot("low")
    assert world.do("low", DELETE, FRAME_1, 0) == errors.OK
    assert world.refused("low", syscalls.FRAME_INFO, FRAME_1) == errors.BAD_SLOT


def test_deleting_one_leaves_the_others(world: World) -> None:
    world.boot("low")
    world.do("low", COPY, FRAME_1, EMPTY, rights.ALL)
    world.do("low", DELETE, FRAME_1, 0)
    assert world.do("low", syscalls.FRAME_INFO, EMPTY) == errors.OK


def test_a_dead_capability_can_be_deleted(world: World) -> None:
    world.boot("low")
    assert world.do("low", DELETE, STALE, 0) == errors.OK


def test_an_empty_slot_cannot_be_deleted(world: World) -> None:
    world.boot("low")
    assert world.refused("low", DELETE, EMPTY, 0) == errors.BAD_SLOT


def test_deleting_from_another_table(world: World) -> None:
    world.boot("low")
    world.do("low", COPY, FRAME_1, 5, rights.ALL, 0, TABLE_8)
    assert world.do("low", DELETE, 5, TABLE_8) == errors.OK and world.state.capabilities[8] == {}


def test_clear_empties_sixteen_slots(world: World) -> None:
    world.boot("low")
    for number in (1, 15, 16):
        world.do("low", COPY, FRAME_1, number, rights.ALL, 0, TABLE_8)
    assert world.do("low", CLEAR, TABLE_8, 0) == errors.OK
    assert list(world.state.capabilities[8]) == [16] and world.x("low", 0) == 16


def test_clear_ends_with_the_table(world: World) -> None:
    world.boot("low")
    world.do("low", CLEAR, TABLE_8, 32)
    assert world.x("low", 0) == 0


def test_clear_begins_inside_the_table(world: World) -> None:
    world.boot("low")
    assert world.refused("low", CLEAR, TABLE_8, 40) == errors.BAD_SLOT


def test_a_thread_can_clear_its_own_table(world: World) -> None:
    world.boot("low")
    assert world.do("low", CLEAR, OWN_TABLE, 64) == errors.OK
    assert world.held("low", OWN_TABLE) is None


def test_revoke_kills_all_other_capabilities(world: World) -> None:
    world.boot("low")
    world.do("low", COPY, FRAME_1, EMPTY, rights.ALL)
    assert world.do("low", syscalls.REVOKE, FRAME_1) == errors.OK
    assert world.refused("low", syscalls.FRAME_INFO, EMPTY) == errors.DEAD


def test_revoke_keeps_the_revokers_capability(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.REVOKE, FRAME_1)
    assert world.do("low", syscalls.FRAME_INFO, FRAME_1) == errors.OK


def test_revoke_reaches_other_threads_tables(world: World) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.REVOKE, FRAME_1)
    world.wait("high")
    assert world.refused("low", syscalls.FRAME_INFO, FRAME_1) == errors.DEAD


def test_revoke_needs_the_right(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.REVOKE, WEAK) == errors.NO_RIGHT


def test_what_is_dead_revokes_nothing(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.REVOKE, STALE) == errors.DEAD


def test_revoking_twice(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.REVOKE, FRAME_1)
    assert world.do("low", syscalls.REVOKE, FRAME_1) == errors.OK
    assert world.state.objects[objects.FRAME, 1].generation == 2


def test_a_delegated_capability_works(world: World) -> None:
    world.boot("low")
    assert world.do("low", DELEGATE, GRANT_SLOT, FRAME_1, EMPTY, rights.READ) == errors.OK
    assert world.do("low", syscalls.FRAME_INFO, EMPTY) == errors.OK


def test_revoking_a_grant_kills_what_came_through_it(world: World) -> None:
    world.boot("low")
    world.do("low", DELEGATE, GRANT_SLOT, FRAME_1, EMPTY, rights.ALL)
    world.do("low", syscalls.REVOKE, GRANT_SLOT)
    assert world.refused("low", syscalls.FRAME_INFO, EMPTY) == errors.DEAD


def test_revoking_a_grant_leaves_the_rest(world: World) -> None:
    world.boot("low")
    world.do("low", DELEGATE, GRANT_SLOT, FRAME_1, EMPTY, rights.ALL)
    world.do("low", syscalls.REVOKE, GRANT_SLOT)
    assert world.do("low", syscalls.FRAME_INFO, FRAME_1) == errors.OK


def test_copies_of_a_delegated_capability_die_with_it(world: World) -> None:
    world.boot("low")
    world.do("low", DELEGATE, GRANT_SLOT, FRAME_1, EMPTY, rights.ALL)
    world.do("low", COPY, EMPTY, EMPTY_2, rights.ALL)
    world.do("low", syscalls.OBJECT_REVOKE, ROOT, objects.GRANT, 1)
    assert world.refused("low", syscalls.FRAME_INFO, EMPTY_2) == errors.DEAD


def test_a_destroyed_grant_kills_what_came_through_it(world: World) -> None:
    world.boot("low")
    world.do("low", DELEGATE, GRANT_SLOT, FRAME_1, EMPTY, rights.ALL)
    world.do("low", syscalls.OBJECT_DESTROY, ROOT, objects.GRANT, 1)
    assert world.refused("low", syscalls.FRAME_INFO, EMPTY) == errors.DEAD


def test_a_delegated_capability_is_not_delegated_again(world: World) -> None:
    world.boot("low")
    world.do("low", DELEGATE, GRANT_SLOT, FRAME_1, EMPTY, rights.ALL)
    assert world.refused("low", DELEGATE, GRANT_SLOT, EMPTY, EMPTY_2, rights.ALL) == errors.STATE


def test_delegating_needs_the_right(world: World) -> None:
    world.boot("low")
    assert world.refused("low", DELEGATE, GRANT_SLOT, WEAK, EMPTY, rights.ALL) == errors.NO_RIGHT


def test_a_delegated_capability_loses_rights(world: World) -> None:
    world.boot("low")
    world.do("low", DELEGATE, GRANT_SLOT, FRAME_1, EMPTY, rights.READ)
    assert world.refused("low", syscalls.FRAME_CLEAR, EMPTY) == errors.NO_RIGHT


def test_a_capability_is_passed_to_a_waiting_server(world: World) -> None:
    world.boot("low", "high")
    world.do("high", ACCEPT, 0, EMPTY)
    world.receive("high")
    assert world.do("low", CALL_PASS, endpoint("high") | FRAME_1 << 32) == errors.OK
    assert world.x("high", 10) == messages.MESSAGE | messages.PASSED and world.held("high", EMPTY).object == 1


def test_a_capability_is_passed_when_the_call_is_taken(world: World) -> None:
    world.boot("low", "twin", "high")
    world.wait("high")
    world.do("low", CALL_PASS, endpoint("high") | FRAME_1 << 32)
    assert world.held("high", EMPTY) is None
    world.do("twin", syscalls.SIGNAL, notification("high"))
    world.do("high", ACCEPT, 0, EMPTY)
    world.receive("high")
    assert world.held("high", EMPTY) is not None


def test_without_accept_the_message_comes_alone(world: World) -> None:
    world.boot("low", "high")
    world.receive("high")
    world.do("low", CALL_PASS, endpoint("high") | FRAME_1 << 32, 9)
    assert world.x("high", 10) == messages.MESSAGE and world.x("high", 0) == 9


def test_into_a_filled_slot_nothing_is_passed(world: World) -> None:
    world.boot("low", "high")
    world.do("high", ACCEPT, 0, 62)
    world.receive("high")
    world.do("low", CALL_PASS, endpoint("high") | FRAME_1 << 32)
    assert world.x("high", 10) == messages.MESSAGE and world.held("high", 62).object == 2


def test_passing_needs_the_right(world: World) -> None:
    world.boot("low", "high")
    world.receive("high")
    assert world.refused("low", CALL_PASS, endpoint("high") | WEAK << 32) == errors.NO_RIGHT


def test_passing_needs_a_capability(world: World) -> None:
    world.boot("low", "high")
    world.receive("high")
    assert world.refused("low", CALL_PASS, endpoint("high") | EMPTY << 32) == errors.BAD_SLOT


def test_passing_downwards_is_refused(world: World) -> None:
    world.boot("high")
    assert world.refused("high", CALL_PASS, endpoint("low") | FRAME_1 << 32) == errors.PRIORITY


def test_a_capability_deleted_meanwhile_is_not_passed(world: World) -> None:
    world.boot("low", "twin", "high")
    world.do("high", ACCEPT, 0, EMPTY)
    world.wait("high")
    world.do("low", COPY, FRAME_1, EMPTY_2, rights.ALL)
    world.do("low", CALL_PASS, endpoint("high") | EMPTY_2 << 32)
    world.do("twin", syscalls.SIGNAL, notification("high"))
    world.receive("high")
    assert world.held("high", EMPTY) is not None


def test_a_reply_passes_a_capability(world: World) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.THREAD_STOP, thread("twin"))
    world.receive("high")
    world.do("low", ACCEPT, 0, EMPTY)
    world.call("low", "high")
    world.do("high", syscalls.REPLY_SAVE, 37)
    assert world.do("high", syscalls.REPLY_PASS, 37 | FRAME_1 << 32, 5) == errors.OK
    assert world.x("low", 10) == messages.PASSED and world.held("low", EMPTY).object == 1 and world.x("low", 0) == 5


def test_a_reply_without_accept_comes_alone(world: World) -> None:
    world.boot("low", "high")
    world.receive("high")
    world.call("low", "high")
    world.do("high", syscalls.REPLY_SAVE, 37)
    world.do("high", syscalls.REPLY_PASS, 37 | FRAME_1 << 32, 5)
    assert world.x("low", 10) == 0 and world.x("low", 0) == 5


def test_accept_names_a_slot_of_the_table(world: World) -> None:
    world.boot("low")
    assert world.refused("low", ACCEPT, 0, 96) == errors.BAD_SLOT


def test_accept_nothing(world: World) -> None:
    world.boot("low")
    world.do("low", ACCEPT, 0, EMPTY)
    assert world.do("low", ACCEPT, 0, 0) == errors.OK and world["low"].accept == 0


@pytest.mark.parametrize("call", [COPY, MOVE])
def test_a_table_needs_the_right(world: World, call: int) -> None:
    world.boot("low")
    world.do("low", COPY, TABLE_8, EMPTY, rights.READ)
    argument = (1, EMPTY) if call == MOVE else (1, rights.ALL, 0, EMPTY)
    assert world.refused("low", call, FRAME_1, *argument) == errors.NO_RIGHT


@pytest.mark.parametrize("right", [rights.READ, rights.WRITE, rights.GRANT, rights.CONTROL, rights.OWNER])
def test_each_right_is_kept_by_itself(world: World, right: int) -> None:
    world.boot("low")
    world.do("low", COPY, FRAME_1, EMPTY, right)
    world.do("low", COPY, EMPTY, EMPTY_2, rights.ALL)
    assert world.held("low", EMPTY_2).rights == right

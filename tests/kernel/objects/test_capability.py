"""Copy, mint, move, delete, clear and revoke; what a slot holds."""

from __future__ import annotations

import pytest

from keelback.abi import errors, objects, rights
from keelback.kernel import state
from keelback.kernel.objects import capability
from keelback.lang import to_bytes, u8, u16, u32, u64
from tests.kernel.objects.ownership import (
    BADGE,
    BADGED_SLOT,
    CALLER,
    CHILDS_ENDPOINT,
    DEAD_SLOT,
    DEAD_TABLE_SLOT,
    EMPTY,
    ENDPOINT,
    ENDPOINT_SLOT,
    GRANT_SLOT,
    GRANTED_SLOT,
    OTHER_COUNT,
    OTHER_TABLE,
    OWN_COUNT,
    OWN_TABLE,
    READ_TABLE_SLOT,
    ROOT_SLOT,
    TABLE_SLOT,
    THE_GRANT,
    WEAK_SLOT,
    Call,
    call,
    make_system,
    other_slot,
    own_slot,
    put,
)

WRONG_TABLES = [
    (ENDPOINT_SLOT, errors.WRONG_KIND),
    (READ_TABLE_SLOT, errors.NO_RIGHT),
    (DEAD_TABLE_SLOT, errors.DEAD),
    (EMPTY, errors.BAD_SLOT),
    (OWN_COUNT, errors.BAD_SLOT),
    (u64.MAX, errors.BAD_SLOT),
]


@pytest.fixture(autouse=True)
def system() -> None:
    make_system()


def check(slot: int, kind: int, right: int) -> int:
    return int(capability.check_slot(state.threads[CALLER], u64(slot), u8(kind), u8(right)))


@pytest.mark.parametrize(
    ("slot", "right", "status"),
    [
        (ENDPOINT_SLOT, rights.ALL, errors.OK),
        (GRANTED_SLOT, rights.WRITE, errors.OK),
        (WEAK_SLOT, 0, errors.OK),
        (WEAK_SLOT, rights.WRITE, errors.NO_RIGHT),
        (ROOT_SLOT, rights.WRITE, errors.WRONG_KIND),
        (DEAD_SLOT, rights.WRITE, errors.DEAD),
        (0, rights.WRITE, errors.BAD_SLOT),
        (EMPTY, rights.WRITE, errors.BAD_SLOT),
        (OWN_COUNT, rights.WRITE, errors.BAD_SLOT),
        (1 << 63, rights.WRITE, errors.BAD_SLOT),
    ],
)
def test_a_slot_holds_what_it_holds(slot: int, right: int, status: int) -> None:
    assert check(slot, objects.ENDPOINT, right) == status


def test_death_is_told_before_a_missing_right() -> None:
    own_slot(DEAD_SLOT).rights = u8(0)
    assert check(DEAD_SLOT, objects.ENDPOINT, rights.WRITE) == errors.DEAD


def test_the_object_of_a_granted_capability_is_found_as_well() -> None:
    for slot in (ENDPOINT_SLOT, GRANTED_SLOT):
        status, index = capability.find_object(state.threads[CALLER], u64(slot), u8(objects.ENDPOINT), u8(rights.READ))
        assert status == errors.OK and index == ENDPOINT
    status, index = capability.find_object(state.threads[CALLER], u64(0), u8(objects.ENDPOINT), u8(0))
    assert status == errors.BAD_SLOT and index == 0


def test_a_copy_keeps_only_the_rights_in_the_mask() -> None:
    assert call(capability.copy, BADGED_SLOT, EMPTY, rights.READ | 0xFFFF_FF00, 0, 0) == errors.OK
    made = own_slot(EMPTY)
    assert made.kind == objects.ENDPOINT and made.object == ENDPOINT and made.rights == rights.READ
    assert made.badge == BADGE


def test_a_copy_cannot_gain_rights() -> None:
    assert call(capability.copy, WEAK_SLOT, EMPTY, rights.ALL, 0, 0) == errors.OK
    assert own_slot(EMPTY).rights == 0


def test_a_copy_goes_to_another_table() -> None:
    assert call(capability.copy, ENDPOINT_SLOT, OTHER_COUNT - 1, rights.ALL, 0, TABLE_SLOT) == errors.OK
    assert to_bytes(other_slot(OTHER_COUNT - 1)) == to_bytes(own_slot(ENDPOINT_SLOT))
    assert state.tables[OTHER_TABLE].used == 1


def test_a_table_may_come_through_a_grant() -> None:
    own_slot(TABLE_SLOT).grant = u16(THE_GRANT)
    assert call(capability.copy, ENDPOINT_SLOT, 1, rights.ALL, 0, TABLE_SLOT) == errors.OK
    assert other_slot(1).kind == objects.ENDPOINT


def test_a_copy_of_the_dead_is_dead() -> None:
    assert call(capability.copy, DEAD_SLOT, EMPTY, rights.ALL, 0, 0) == errors.OK
    assert check(EMPTY, objects.ENDPOINT, 0) == errors.DEAD


def test_a_copy_of_a_granted_capability_is_granted() -> None:
    assert call(capability.copy, GRANTED_SLOT, EMPTY, rights.ALL, 0, 0) == errors.OK
    assert check(EMPTY, objects.ENDPOINT, rights.ALL) == errors.OK
    assert call(capability.revoke, GRANT_SLOT) == errors.OK
    assert check(EMPTY, objects.ENDPOINT, rights.ALL) == errors.DEAD


def test_mint_sets_a_badge_once() -> None:
    assert call(capability.mint, ENDPOINT_SLOT, EMPTY, rights.ALL, 99, 0) == errors.OK
    assert own_slot(EMPTY).badge == 99
    assert call(capability.mint, EMPTY, EMPTY + 1, rights.ALL, 5, 0) == errors.BAD_ARGUMENT


def test_mint_needs_the_right_to_grant() -> None:
    put(EMPTY, objects.ENDPOINT, ENDPOINT, given=rights.ALL & ~rights.GRANT)
    assert call(capability.mint, EMPTY, EMPTY + 1, rights.ALL, 5, 0) == errors.NO_RIGHT


def test_mint_into_another_table() -> None:
    assert call(capability.mint, ENDPOINT_SLOT, 3, rights.WRITE, 99, TABLE_SLOT) == errors.OK
    assert other_slot(3).badge == 99 and other_slot(3).rights == rights.WRITE


@pytest.mark.parametrize("function", [capability.copy, capability.mint])
@pytest.mark.parametrize(
    ("source", "destination", "status"),
    [
        (0, EMPTY, errors.BAD_SLOT),
        (EMPTY, EMPTY, errors.BAD_SLOT),
        (1 << 40, EMPTY, errors.BAD_SLOT),
        (ENDPOINT_SLOT, 0, errors.BAD_SLOT),
        (ENDPOINT_SLOT, OWN_COUNT, errors.BAD_SLOT),
        (ENDPOINT_SLOT, u64.MAX, errors.BAD_SLOT),
        (ENDPOINT_SLOT, ROOT_SLOT, errors.OCCUPIED),
        (ENDPOINT_SLOT, ENDPOINT_SLOT, errors.OCCUPIED),
    ],
)
def test_copy_and_mint_refuse(function: Call, source: int, destination: int, status: int) -> None:
    assert call(function, source, destination, rights.ALL, 1, 0) == status


@pytest.mark.parametrize("function", [capability.copy, capability.mint])
@pytest.mark.parametrize(("table", "status"), WRONG_TABLES)
def test_copy_and_mint_refuse_tables(function: Call, table: int, status: int) -> None:
    assert call(function, ENDPOINT_SLOT, EMPTY, rights.ALL, 1, table) == status


def test_another_tables_slots_are_counted_by_its_own_length() -> None:
    assert call(capability.copy, ENDPOINT_SLOT, OTHER_COUNT, rights.ALL, 0, TABLE_SLOT) == errors.BAD_SLOT
    assert call(capability.copy, ENDPOINT_SLOT, 0, rights.ALL, 0, TABLE_SLOT) == errors.BAD_SLOT


def test_move_empties_the_source() -> None:
    before = to_bytes(own_slot(BADGED_SLOT))
    assert call(capability.move, BADGED_SLOT, EMPTY, 0) == errors.OK
    assert to_bytes(own_slot(EMPTY)) == before
    assert own_slot(BADGED_SLOT).kind == objects.NONE


def test_move_to_another_table() -> None:
    used = state.tables[OWN_TABLE].used
    assert call(capability.move, BADGED_SLOT, 7, TABLE_SLOT) == errors.OK
    assert other_slot(7).badge == BADGE
    assert state.tables[OWN_TABLE].used == used - 1


def test_a_table_may_be_moved_into_itself() -> None:
    assert call(capability.move, TABLE_SLOT, 7, TABLE_SLOT) == errors.OK
    assert other_slot(7).object == OTHER_TABLE


@pytest.mark.parametrize(
    ("source", "destination", "status"),
    [(0, EMPTY, errors.BAD_SLOT), (ENDPOINT_SLOT, 0, errors.BAD_SLOT), (ENDPOINT_SLOT, ENDPOINT_SLOT, errors.OCCUPIED)],
)
def test_move_refuses(source: int, destination: int, status: int) -> None:
    assert call(capability.move, source, destination, 0) == status


@pytest.mark.parametrize(("table", "status"), WRONG_TABLES)
def test_move_refuses_tables(table: int, status: int) -> None:
    assert call(capability.move, ENDPOINT_SLOT, EMPTY, table) == status


@pytest.mark.parametrize("slot", [ENDPOINT_SLOT, DEAD_SLOT, GRANTED_SLOT])
def test_delete_empties_a_slot(slot: int) -> None:
    assert call(capability.delete, slot, 0) == errors.OK
    assert check(slot, objects.ENDPOINT, 0) == errors.BAD_SLOT


def test_delete_in_another_table() -> None:
    call(capability.copy, ENDPOINT_SLOT, 3, rights.ALL, 0, TABLE_SLOT)
    assert call(capability.delete, 3, TABLE_SLOT) == errors.OK
    assert state.tables[OTHER_TABLE].used == 0
    assert call(capability.delete, 3, TABLE_SLOT) == errors.BAD_SLOT


@pytest.mark.parametrize("slot", [0, EMPTY, OWN_COUNT, 1 << 63])
def test_delete_refuses(slot: int) -> None:
    assert call(capability.delete, slot, 0) == errors.BAD_SLOT


@pytest.mark.parametrize(("table", "status"), WRONG_TABLES)
def test_delete_refuses_tables(table: int, status: int) -> None:
    assert call(capability.delete, ENDPOINT_SLOT, table) == status


def test_clear_empties_a_table_in_steps() -> None:
    for number in (1, 2, 15, 16, OTHER_COUNT - 1):
        call(capability.copy, ENDPOINT_SLOT, number, rights.ALL, 0, TABLE_SLOT)
    assert call(capability.clear, TABLE_SLOT, 0) == errors.OK
    assert state.threads[CALLER].context.registers[0] == capability.CLEARED_AT_ONCE
    assert state.tables[OTHER_TABLE].used == 2
    assert call(capability.clear, TABLE_SLOT, capability.CLEARED_AT_ONCE) == errors.OK
    assert state.threads[CALLER].context.registers[0] == 0
    assert state.tables[OTHER_TABLE].used == 0


def test_clear_begins_where_it_is_told() -> None:
    call(capability.copy, ENDPOINT_SLOT, 1, rights.ALL, 0, TABLE_SLOT)
    assert call(capability.clear, TABLE_SLOT, 2) == errors.OK
    assert state.tables[OTHER_TABLE].used == 1


@pytest.mark.parametrize(
    ("table", "first", "status"),
    [*((table, 0, status) for table, status in WRONG_TABLES), (TABLE_SLOT, 24, errors.BAD_SLOT)],
)
def test_clear_refuses(table: int, first: int, status: int) -> None:
    assert call(capability.clear, table, first) == status


def test_revoke_kills_all_other_capabilities() -> None:
    assert call(capability.revoke, ENDPOINT_SLOT) == errors.OK
    assert check(ENDPOINT_SLOT, objects.ENDPOINT, rights.ALL) == errors.OK
    for slot in (BADGED_SLOT, WEAK_SLOT, GRANTED_SLOT):
        assert check(slot, objects.ENDPOINT, 0) == errors.DEAD
    assert call(capability.revoke, BADGED_SLOT) == errors.DEAD


@pytest.mark.parametrize("slot", [ROOT_SLOT, TABLE_SLOT, GRANT_SLOT])
def test_any_kind_can_be_revoked(slot: int) -> None:
    own_slot(EMPTY).copy_from(own_slot(slot))
    state.tables[OWN_TABLE].used = state.tables[OWN_TABLE].used + 1
    assert call(capability.revoke, slot) == errors.OK
    assert check(slot, int(own_slot(slot).kind), rights.ALL) == errors.OK
    assert check(EMPTY, int(own_slot(slot).kind), rights.ALL) == errors.DEAD


def test_revoke_refuses() -> None:
    assert call(capability.revoke, 0) == errors.BAD_SLOT
    assert call(capability.revoke, OWN_COUNT) == errors.BAD_SLOT
    assert call(capability.revoke, WEAK_SLOT) == errors.NO_RIGHT
    assert call(capability.revoke, DEAD_SLOT) == errors.DEAD
    state.grants[THE_GRANT].header.generation = u32(1)
    assert call(capability.revoke, GRANTED_SLOT) == errors.DEAD


def test_revoke_stops_before_a_generation_would_come_again() -> None:
    last = u32(capability.LAST_GENERATION)
    state.endpoints[CHILDS_ENDPOINT].header.generation = last
    put(EMPTY, objects.ENDPOINT, CHILDS_ENDPOINT)
    assert call(capability.revoke, EMPTY) == errors.BUSY

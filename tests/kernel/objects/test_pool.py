"""Ownership: create, destroy, give, take, claim, revoke, and that it stays a tree."""

from __future__ import annotations

import pytest

from keelback.abi import errors, limits, objects, rights
from keelback.kernel import state
from keelback.kernel.objects import capability, pool
from keelback.kernel.objects.header import header_of
from keelback.lang import u8, u16, u32, u64
from tests.kernel.objects.ownership import (
    CALLER,
    CHILD,
    CHILD_SLOT,
    CHILDS_ENDPOINT,
    EMPTY,
    ENDPOINT,
    ENDPOINT_SLOT,
    GRANDCHILD,
    GRANDCHILD_SLOT,
    GRANDCHILDS_ENDPOINT,
    NOBODYS_ENDPOINT,
    OTHER_TABLE,
    OWN_COUNT,
    OWN_TABLE,
    ROOT,
    ROOT_SLOT,
    UNMADE_ENDPOINT,
    UNMADE_POOL,
    WEAK_POOL_SLOT,
    Call,
    call,
    make_system,
    own,
    own_slot,
    put,
)

PAGE_TABLE = limits.SPACE_COUNT
MADE_KINDS = [
    (objects.CAPABILITY_TABLE, 5),
    (objects.PAGE_TABLE, PAGE_TABLE),
    (objects.ADDRESS_SPACE, 3),
    (objects.THREAD, 5),
    (objects.ENDPOINT, 6),
    (objects.NOTIFICATION, 6),
    (objects.INTERRUPT, 6),
    (objects.VCPU, 2),
    (objects.TIME, 2),
    (objects.REPLY, 2),
    (objects.GRANT, 2),
]
LASTING_KINDS = [(objects.FRAME, 2), (objects.TRACE, 1), (objects.PLATFORM, 1), (objects.CORE, 1)]
ON_OBJECTS = [pool.create, pool.destroy, pool.give, pool.take, pool.claim, pool.revoke]


@pytest.fixture(autouse=True)
def system() -> None:
    make_system()


def header(kind: int, index: int) -> state.Header:
    return header_of(u8(kind), u32(index))


@pytest.mark.parametrize(("kind", "index"), [*MADE_KINDS, (objects.POOL, UNMADE_POOL)])
def test_objects_are_made_used_and_destroyed(kind: int, index: int) -> None:
    if kind != objects.POOL:
        own(kind, index, ROOT, live=False)
    header(kind, index).generation = u32(7)
    assert call(pool.create, ROOT_SLOT, kind, index, EMPTY, 2) == errors.OK
    made = own_slot(EMPTY)
    assert header(kind, index).live
    assert made.kind == kind and made.object == index and made.generation == 7 and made.rights == rights.ALL
    assert made.badge == 0 and made.grant == 0
    assert call(pool.create, ROOT_SLOT, kind, index, EMPTY + 1, 2) == errors.STATE
    assert call(pool.destroy, ROOT_SLOT, kind, index) == errors.OK
    assert not header(kind, index).live and header(kind, index).generation == 8
    assert header(kind, index).owner == ROOT
    assert call(capability.revoke, EMPTY) == errors.DEAD
    assert call(pool.destroy, ROOT_SLOT, kind, index) == errors.STATE


@pytest.mark.parametrize(("kind", "index"), LASTING_KINDS)
def test_what_lasts_is_neither_made_nor_destroyed(kind: int, index: int) -> None:
    own(kind, index, ROOT)
    assert call(pool.create, ROOT_SLOT, kind, index, EMPTY, 2) == errors.STATE
    assert call(pool.destroy, ROOT_SLOT, kind, index) == errors.BAD_ARGUMENT
    assert call(pool.claim, ROOT_SLOT, kind, index, EMPTY) == errors.OK
    assert call(pool.revoke, ROOT_SLOT, kind, index) == errors.OK


@pytest.mark.parametrize(("level", "status"), [(2, errors.OK), (3, errors.OK), (1, 5), (0, 5), (4, 5), (258, 5)])
def test_a_page_table_has_a_level(level: int, status: int) -> None:
    own(objects.PAGE_TABLE, PAGE_TABLE, ROOT, live=False)
    assert call(pool.create, ROOT_SLOT, objects.PAGE_TABLE, PAGE_TABLE, EMPTY, level) == status
    if status == errors.OK:
        assert state.translations[PAGE_TABLE].level == level


@pytest.mark.parametrize("function", ON_OBJECTS)
@pytest.mark.parametrize(
    ("slot", "status"),
    [
        (0, errors.BAD_SLOT),
        (OWN_COUNT, errors.BAD_SLOT),
        (ENDPOINT_SLOT, errors.WRONG_KIND),
        (WEAK_POOL_SLOT, errors.NO_RIGHT),
    ],
)
def test_calls_need_a_pool(function: Call, slot: int, status: int) -> None:
    assert call(function, slot, objects.ENDPOINT, UNMADE_ENDPOINT, EMPTY, 0) == status


@pytest.mark.parametrize("function", ON_OBJECTS)
def test_a_revoked_pool_is_of_no_use(function: Call) -> None:
    state.pools[ROOT].header.generation = u32(1)
    assert call(function, ROOT_SLOT, objects.ENDPOINT, UNMADE_ENDPOINT, EMPTY, 0) == errors.DEAD


@pytest.mark.parametrize("function", ON_OBJECTS)
@pytest.mark.parametrize(
    ("kind", "index"),
    [
        (objects.NONE, 1),
        (objects.KIND_COUNT, 1),
        (256 + objects.ENDPOINT, 1),
        (objects.ENDPOINT, 0),
        (objects.ENDPOINT, limits.ENDPOINT_COUNT),
        (objects.ENDPOINT, 1 << 32 | ENDPOINT),
        (objects.PAGE_TABLE, 1),
    ],
)
def test_calls_need_an_object(function: Call, kind: int, index: int) -> None:
    assert call(function, ROOT_SLOT, kind, index, CHILD_SLOT, 0) == errors.BAD_ARGUMENT


@pytest.mark.parametrize("function", [pool.create, pool.destroy, pool.give, pool.claim, pool.revoke])
@pytest.mark.parametrize("index", [CHILDS_ENDPOINT, GRANDCHILDS_ENDPOINT, NOBODYS_ENDPOINT])
def test_calls_need_ownership(function: Call, index: int) -> None:
    assert call(function, ROOT_SLOT, objects.ENDPOINT, index, CHILD_SLOT, 0) == errors.NOT_OWNED


@pytest.mark.parametrize("function", [pool.create, pool.claim])
@pytest.mark.parametrize(
    ("slot", "status"), [(0, errors.BAD_SLOT), (OWN_COUNT, errors.BAD_SLOT), (ROOT_SLOT, errors.OCCUPIED)]
)
def test_the_new_capability_needs_a_slot(function: Call, slot: int, status: int) -> None:
    index = UNMADE_ENDPOINT if function is pool.create else ENDPOINT
    assert call(function, ROOT_SLOT, objects.ENDPOINT, index, slot, 0) == status


@pytest.mark.parametrize("function", [pool.destroy, pool.claim, pool.revoke])
def test_what_does_not_live_cannot_be_used(function: Call) -> None:
    assert call(function, ROOT_SLOT, objects.ENDPOINT, UNMADE_ENDPOINT, EMPTY) == errors.STATE


def test_a_pool_that_owns_is_busy() -> None:
    assert call(pool.destroy, ROOT_SLOT, objects.POOL, CHILD) == errors.BUSY
    assert call(pool.take, ROOT_SLOT, objects.ENDPOINT, CHILDS_ENDPOINT) == errors.OK
    assert call(pool.take, ROOT_SLOT, objects.POOL, GRANDCHILD) == errors.OK
    assert call(pool.destroy, ROOT_SLOT, objects.POOL, CHILD) == errors.OK


def test_the_root_cannot_be_destroyed() -> None:
    state.pools[GRANDCHILD].header.owner = u32(GRANDCHILD)
    state.pools[CHILD].owned = state.pools[CHILD].owned - 1
    call(pool.take, GRANDCHILD_SLOT, objects.ENDPOINT, GRANDCHILDS_ENDPOINT)
    assert call(pool.destroy, GRANDCHILD_SLOT, objects.POOL, GRANDCHILD) == errors.BUSY


def test_a_table_in_use_is_busy() -> None:
    assert call(pool.destroy, ROOT_SLOT, objects.CAPABILITY_TABLE, OWN_TABLE) == errors.BUSY
    state.threads[CALLER].table = u32(OTHER_TABLE)
    state.tables[OWN_TABLE].threads = u32(0)
    assert call(pool.destroy, ROOT_SLOT, objects.CAPABILITY_TABLE, OWN_TABLE) == errors.BUSY
    assert call(pool.destroy, ROOT_SLOT, objects.CAPABILITY_TABLE, OTHER_TABLE) == errors.OK


@pytest.mark.parametrize("state_number", [state.READY, state.CALLING, state.RECEIVING])
def test_a_thread_that_is_not_stopped_is_busy(state_number: int) -> None:
    state.threads[CALLER].state = u32(state_number)
    assert call(pool.destroy, ROOT_SLOT, objects.THREAD, CALLER) == errors.BUSY


def test_giving_and_taking_back() -> None:
    for index in (ENDPOINT, UNMADE_ENDPOINT):
        assert call(pool.give, ROOT_SLOT, objects.ENDPOINT, index, CHILD_SLOT) == errors.OK
        assert header(objects.ENDPOINT, index).owner == CHILD
        assert call(pool.revoke, ROOT_SLOT, objects.ENDPOINT, index) == errors.NOT_OWNED
        assert call(pool.give, CHILD_SLOT, objects.ENDPOINT, index, GRANDCHILD_SLOT) == errors.OK
        assert call(pool.take, ROOT_SLOT, objects.ENDPOINT, index) == errors.NOT_OWNED
        assert call(pool.take, CHILD_SLOT, objects.ENDPOINT, index) == errors.OK
        assert call(pool.take, ROOT_SLOT, objects.ENDPOINT, index) == errors.OK
        assert header(objects.ENDPOINT, index).owner == ROOT


def test_taking_a_pool_leaves_it_what_it_owns() -> None:
    assert call(pool.take, ROOT_SLOT, objects.POOL, GRANDCHILD) == errors.OK
    assert state.pools[GRANDCHILD].header.owner == ROOT
    assert call(pool.take, ROOT_SLOT, objects.ENDPOINT, GRANDCHILDS_ENDPOINT) == errors.OK


@pytest.mark.parametrize(("kind", "index"), [(objects.ENDPOINT, ENDPOINT), (objects.POOL, ROOT)])
def test_a_pool_takes_nothing_from_itself(kind: int, index: int) -> None:
    assert call(pool.take, ROOT_SLOT, kind, index) == errors.NOT_OWNED


@pytest.mark.parametrize(
    ("slot", "status"),
    [
        (EMPTY, errors.BAD_SLOT),
        (ENDPOINT_SLOT, errors.WRONG_KIND),
        (GRANDCHILD_SLOT, errors.NOT_OWNED),
    ],
)
def test_gifts_go_to_a_pool_of_ones_own(slot: int, status: int) -> None:
    assert call(pool.give, ROOT_SLOT, objects.ENDPOINT, ENDPOINT, slot) == status


def test_a_dead_pool_gets_nothing() -> None:
    state.pools[CHILD].header.generation = u32(1)
    assert call(pool.give, ROOT_SLOT, objects.ENDPOINT, ENDPOINT, CHILD_SLOT) == errors.DEAD


def test_no_pool_comes_to_own_itself() -> None:
    assert call(pool.give, ROOT_SLOT, objects.POOL, CHILD, CHILD_SLOT) == errors.BAD_ARGUMENT
    assert call(pool.give, ROOT_SLOT, objects.POOL, ROOT, CHILD_SLOT) == errors.BAD_ARGUMENT
    assert call(pool.give, ROOT_SLOT, objects.POOL, UNMADE_POOL, CHILD_SLOT) == errors.OK


def test_a_frame_is_given_clean_and_unmapped() -> None:
    own(objects.FRAME, 1, ROOT)
    state.frames[1].dirty = u32(1)
    assert call(pool.give, ROOT_SLOT, objects.FRAME, 1, CHILD_SLOT) == errors.DIRTY
    state.frames[1].mapped = u32(1)
    assert call(pool.give, ROOT_SLOT, objects.FRAME, 1, CHILD_SLOT) == errors.BUSY
    state.frames[1].dirty = state.frames[1].mapped = u32(0)
    assert call(pool.give, ROOT_SLOT, objects.FRAME, 1, CHILD_SLOT) == errors.OK
    state.frames[1].dirty = state.frames[1].mapped = u32(1)
    assert call(pool.take, ROOT_SLOT, objects.FRAME, 1) == errors.OK


def test_claiming_gives_every_right() -> None:
    assert call(pool.claim, ROOT_SLOT, objects.ENDPOINT, ENDPOINT, EMPTY) == errors.OK
    status = capability.check_slot(state.threads[CALLER], u64(EMPTY), u8(objects.ENDPOINT), u8(rights.ALL))
    assert status == errors.OK


def test_revoking_as_owner() -> None:
    assert call(pool.revoke, ROOT_SLOT, objects.ENDPOINT, ENDPOINT) == errors.OK
    assert call(capability.revoke, ENDPOINT_SLOT) == errors.DEAD
    assert header(objects.ENDPOINT, ENDPOINT).live


def test_the_last_generation_is_kept_for_destroying() -> None:
    header(objects.ENDPOINT, ENDPOINT).generation = u32(capability.LAST_GENERATION)
    put(ENDPOINT_SLOT, objects.ENDPOINT, ENDPOINT)
    assert call(pool.revoke, ROOT_SLOT, objects.ENDPOINT, ENDPOINT) == errors.BUSY
    assert call(pool.destroy, ROOT_SLOT, objects.ENDPOINT, ENDPOINT) == errors.OK
    assert call(capability.revoke, ENDPOINT_SLOT) == errors.DEAD
    assert header(objects.ENDPOINT, ENDPOINT).owner == 0
    assert call(pool.create, ROOT_SLOT, objects.ENDPOINT, ENDPOINT, EMPTY, 0) == errors.NOT_OWNED


def test_a_pool_may_come_through_a_grant() -> None:
    own_slot(ROOT_SLOT).grant = u16(1)
    assert call(pool.revoke, ROOT_SLOT, objects.ENDPOINT, ENDPOINT) == errors.OK

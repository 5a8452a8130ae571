"""Pools: create, destroy, give, take, claim, revoke, on every kind of object."""

from __future__ import annotations

import pytest

from keelback.abi import errors, objects, rights, syscalls
from tests.kernel.conformance.world import (
    CHILD,
    DIRTY,
    EMPTY,
    FRAME_1,
    GRANDCHILD,
    PAGES_1,
    PAGES_2,
    ROOT,
    TABLE_8,
    World,
    thread,
)

CREATE, DESTROY, GIVE = syscalls.OBJECT_CREATE, syscalls.OBJECT_DESTROY, syscalls.OBJECT_GIVE
TAKE, CLAIM, REVOKE = syscalls.OBJECT_TAKE, syscalls.OBJECT_CLAIM, syscalls.OBJECT_REVOKE

NEW = {
    "pool": (objects.POOL, 4),
    "capability table": (objects.CAPABILITY_TABLE, 9),
    "page table": (objects.PAGE_TABLE, 7),
    "address space": (objects.ADDRESS_SPACE, 3),
    "thread": (objects.THREAD, 8),
    "endpoint": (objects.ENDPOINT, 9),
    "notification": (objects.NOTIFICATION, 9),
    "interrupt": (objects.INTERRUPT, 2),
    "vcpu": (objects.VCPU, 3),
    "scheduling context": (objects.TIME, 4),
    "reply": (objects.REPLY, 3),
    "grant": (objects.GRANT, 2),
}
"""What does not live yet."""
LIVING = {
    **{name: (kind, 1) for name, (kind, _) in NEW.items() if name not in ("page table", "capability table", "pool")},
    "pool": (objects.POOL, 2),
    "capability table": (objects.CAPABILITY_TABLE, 8),
    "page table": (objects.PAGE_TABLE, 6),
    "frame": (objects.FRAME, 1),
    "trace": (objects.TRACE, 1),
    "platform": (objects.PLATFORM, 1),
    "core": (objects.CORE, 1),
}
"""What lives, and belongs to the root pool."""


@pytest.mark.parametrize("name", NEW)
def test_create(world: World, name: str) -> None:
    world.boot("low")
    kind, index = NEW[name]
    assert world.do("low", CREATE, ROOT, kind, index, EMPTY, 3) == errors.OK
    assert world.live(kind, index)
    made = world.held("low", EMPTY)
    assert (made.kind, made.object, made.rights, made.badge) == (kind, index, rights.ALL, 0)


@pytest.mark.parametrize("name", NEW)
def test_destroy_what_was_created(world: World, name: str) -> None:
    world.boot("low")
    kind, index = NEW[name]
    world.do("low", CREATE, ROOT, kind, index, EMPTY, 3)
    assert world.do("low", DESTROY, ROOT, kind, index) == errors.OK
    assert not world.live(kind, index)
    assert world.refused("low", syscalls.REVOKE, EMPTY) == errors.DEAD


@pytest.mark.parametrize("name", NEW)
def test_create_again_after_destroy(world: World, name: str) -> None:
    world.boot("low")
    kind, index = NEW[name]
    world.do("low", CREATE, ROOT, kind, index, EMPTY, 3)
    world.do("low", DESTROY, ROOT, kind, index)
    world.do("low", syscalls.CAPABILITY_DELETE, EMPTY, 0)
    assert world.do("low", CREATE, ROOT, kind, index, EMPTY, 3) == errors.OK
    assert world.do("low", syscalls.REVOKE, EMPTY) == errors.OK


@pytest.mark.parametrize("name", LIVING)
def test_what_lives_is_not_created(world: World, name: str) -> None:
    world.boot("low")
    kind, index = LIVING[name]
    assert world.refused("low", CREATE, ROOT, kind, index, EMPTY, 3) == errors.STATE


@pytest.mark.parametrize("name", LIVING)
def test_claim(world: World, name: str) -> None:
    world.boot("low")
    kind, index = LIVING[name]
    assert world.do("low", CLAIM, ROOT, kind, index, EMPTY) == errors.OK
    assert world.held("low", EMPTY).rights == rights.ALL


@pytest.mark.parametrize("name", LIVING)
def test_give_and_take_back(world: World, name: str) -> None:
    world.boot("low")
    kind, index = LIVING[name]
    to = GRANDCHILD if name == "pool" else CHILD
    if name == "pool":
        world.do("low", TAKE, ROOT, objects.POOL, 3)
    assert world.do("low", GIVE, ROOT, kind, index, to) == errors.OK
    assert world.state.objects[kind, index].owner == (3 if name == "pool" else 2)
    assert world.do("low", TAKE, ROOT, kind, index) == errors.OK
    assert world.state.objects[kind, index].owner == 1


@pytest.mark.parametrize("name", LIVING)
def test_revoke_all_capabilities_to_it(world: World, name: str) -> None:
    world.boot("low")
    kind, index = LIVING[name]
    world.do("low", CLAIM, ROOT, kind, index, EMPTY)
    assert world.do("low", REVOKE, ROOT, kind, index) == errors.OK
    assert world.refused("low", syscalls.REVOKE, EMPTY) == errors.DEAD


@pytest.mark.parametrize("name", NEW)
def test_what_does_not_live_is_not_claimed(world: World, name: str) -> None:
    world.boot("low")
    assert world.refused("low", CLAIM, ROOT, *NEW[name], EMPTY) == errors.STATE


@pytest.mark.parametrize("name", NEW)
def test_what_does_not_live_can_be_given(world: World, name: str) -> None:
    world.boot("low")
    assert world.do("low", GIVE, ROOT, *NEW[name], CHILD) == errors.OK
    assert world.do("low", CREATE, CHILD, *NEW[name], EMPTY, 3) == errors.OK


@pytest.mark.parametrize("name", ["frame", "trace", "platform", "core"])
def test_what_always_lives_is_not_destroyed(world: World, name: str) -> None:
    world.boot("low")
    assert world.refused("low", DESTROY, ROOT, *LIVING[name]) == errors.BAD_ARGUMENT


@pytest.mark.parametrize("kind", [0, objects.KIND_COUNT, 1 << 32, (1 << 64) - 1])
def test_an_unknown_kind_is_refused(world: World, kind: int) -> None:
    world.boot("low")
    assert world.refused("low", CREATE, ROOT, kind, 1, EMPTY) == errors.BAD_ARGUMENT


@pytest.mark.parametrize("index", [0, 9, 1 << 32, (1 << 64) - 1])
def test_an_index_outside_the_table_is_refused(world: World, index: int) -> None:
    world.boot("low")
    assert world.refused("low", CREATE, ROOT, objects.THREAD, index, EMPTY) == errors.BAD_ARGUMENT


def test_another_pools_object_is_not_touched(world: World) -> None:
    world.boot("low")
    for call in (CREATE, DESTROY, CLAIM, REVOKE):
        assert world.refused("low", call, CHILD, objects.FRAME, 1, EMPTY) == errors.NOT_OWNED
    assert world.refused("low", GIVE, CHILD, objects.FRAME, 1, GRANDCHILD) == errors.NOT_OWNED


def test_a_grandchilds_object_is_not_taken(world: World) -> None:
    world.boot("low")
    world.do("low", GIVE, CHILD, objects.FRAME, 5, GRANDCHILD)
    assert world.refused("low", TAKE, ROOT, objects.FRAME, 5) == errors.NOT_OWNED


def test_a_grandchilds_object_is_taken_in_two_steps(world: World) -> None:
    world.boot("low")
    world.do("low", GIVE, CHILD, objects.FRAME, 5, GRANDCHILD)
    assert world.do("low", TAKE, CHILD, objects.FRAME, 5) == errors.OK
    assert world.do("low", TAKE, ROOT, objects.FRAME, 5) == errors.OK


def test_ones_own_object_is_not_taken(world: World) -> None:
    world.boot("low")
    assert world.refused("low", TAKE, ROOT, objects.FRAME, 1) == errors.NOT_OWNED


def test_a_pool_is_not_given_to_itself(world: World) -> None:
    world.boot("low")
    assert world.refused("low", GIVE, ROOT, objects.POOL, 2, CHILD) == errors.BAD_ARGUMENT


def test_a_gift_goes_to_a_child(world: World) -> None:
    world.boot("low")
    assert world.refused("low", GIVE, ROOT, objects.FRAME, 1, GRANDCHILD) == errors.NOT_OWNED


def test_a_dirty_frame_is_not_given(world: World) -> None:
    world.boot("low")
    assert world.refused("low", GIVE, ROOT, objects.FRAME, 6, CHILD) == errors.DIRTY
    world.do("low", syscalls.FRAME_CLEAR, DIRTY)
    assert world.do("low", GIVE, ROOT, objects.FRAME, 6, CHILD) == errors.OK


def test_a_mapped_frame_is_not_given(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.MAP, PAGES_1, 0, FRAME_1, 1)
    assert world.refused("low", GIVE, ROOT, objects.FRAME, 1, CHILD) == errors.BUSY


def test_a_mapped_frame_can_be_taken(world: World) -> None:
    world.boot("low")
    world.do("low", GIVE, ROOT, objects.PAGE_TABLE, 5, CHILD)
    assert world.do("low", syscalls.MAP, PAGES_1, 0, 65, 1) == errors.OK
    assert world.do("low", TAKE, ROOT, objects.FRAME, 5) == errors.OK
    assert world.state.mappings(5) == 1


def test_a_pool_that_owns_something_is_not_destroyed(world: World) -> None:
    world.boot("low")
    assert world.refused("low", DESTROY, ROOT, objects.POOL, 2) == errors.BUSY


def test_an_emptied_pool_is_destroyed(world: World) -> None:
    world.boot("low")
    for kind, index in ((objects.FRAME, 5), (objects.POOL, 3), (objects.TIME, 5)):
        assert world.do("low", TAKE, ROOT, kind, index) == errors.OK
    assert world.do("low", DESTROY, ROOT, objects.POOL, 2) == errors.OK


def test_the_root_pool_is_not_destroyed(world: World) -> None:
    world.boot("low")
    assert world.refused("low", DESTROY, ROOT, objects.POOL, 1) == errors.BUSY


def test_a_running_thread_is_not_destroyed(world: World) -> None:
    world.boot("low")
    assert world.refused("low", DESTROY, ROOT, objects.THREAD, 1) == errors.BUSY


def test_a_destroyed_thread_is_bound_to_nothing(world: World) -> None:
    world.boot("low", budgets={"high": 1})
    assert world.do("low", DESTROY, ROOT, objects.THREAD, 4) == errors.OK
    assert world.state.endpoints[4].server == world.state.notifications[4].thread == world.state.times[1].thread == 0


def test_a_table_in_use_is_not_destroyed(world: World) -> None:
    world.boot("low")
    assert world.refused("low", DESTROY, ROOT, objects.CAPABILITY_TABLE, 1) == errors.BUSY


def test_a_table_with_capabilities_is_not_destroyed(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.CAPABILITY_COPY, FRAME_1, 1, 31, 0, TABLE_8)
    assert world.refused("low", DESTROY, ROOT, objects.CAPABILITY_TABLE, 8) == errors.BUSY


def test_an_address_space_in_use_is_not_destroyed(world: World) -> None:
    world.boot("low")
    assert world.refused("low", DESTROY, ROOT, objects.ADDRESS_SPACE, 1) == errors.BUSY


def test_a_page_table_with_entries_is_not_destroyed(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.MAP, PAGES_1, 0, FRAME_1, 1)
    assert world.refused("low", DESTROY, ROOT, objects.PAGE_TABLE, 5) == errors.BUSY


def test_a_linked_page_table_is_not_destroyed(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.LINK, 56, 0, PAGES_2)
    assert world.refused("low", DESTROY, ROOT, objects.PAGE_TABLE, 6) == errors.BUSY


def test_a_bound_context_is_not_destroyed(world: World) -> None:
    world.boot("low", budgets={"high": 1})
    assert world.refused("low", DESTROY, ROOT, objects.TIME, 1) == errors.BUSY


@pytest.mark.parametrize("level", [0, 1, 4, 1 << 32])
def test_a_page_table_has_level_2_or_3(world: World, level: int) -> None:
    world.boot("low")
    assert world.refused("low", CREATE, ROOT, objects.PAGE_TABLE, 7, EMPTY, level) == errors.BAD_ARGUMENT


def test_an_address_space_is_no_page_table(world: World) -> None:
    world.boot("low")
    assert world.refused("low", CLAIM, ROOT, objects.PAGE_TABLE, 1, EMPTY) == errors.BAD_ARGUMENT


def test_creating_needs_an_empty_slot(world: World) -> None:
    world.boot("low")
    assert world.refused("low", CREATE, ROOT, objects.ENDPOINT, 9, FRAME_1) == errors.OCCUPIED


def test_a_new_thread_runs_once_it_has_everything(world: World) -> None:
    world.boot("low")
    world.do("low", CREATE, ROOT, objects.THREAD, 8, EMPTY)
    assert world.refused("low", syscalls.THREAD_START, EMPTY, 0x1000) == errors.STATE
    world.do("low", syscalls.THREAD_CONFIGURE, EMPTY, 54, TABLE_8, 0, 0)
    assert world.refused("low", syscalls.THREAD_START, EMPTY, 0x1000) == errors.STATE
    assert world.refused("low", syscalls.THREAD_RESUME, EMPTY) == errors.STATE
    world.do("low", syscalls.THREAD_SCHEDULE, EMPTY, 51, 100, 100)
    assert world.do("low", syscalls.THREAD_START, EMPTY, 0x1000, 0x2000, 3) == errors.OK
    assert world.running() == "spare" and world.state.threads[8].registers[0] == 3


def test_a_thread_lives_in_one_pool(world: World) -> None:
    world.boot("low")
    world.do("low", GIVE, ROOT, objects.CAPABILITY_TABLE, 8, CHILD)
    words = (54, TABLE_8, 0, 0)
    assert world.refused("low", syscalls.THREAD_CONFIGURE, thread("high"), *words) == errors.STATE


def test_a_taken_threads_capabilities_live_on(world: World) -> None:
    world.boot("low")
    world.do("low", GIVE, ROOT, objects.THREAD, 4, CHILD)
    world.do("low", TAKE, ROOT, objects.THREAD, 4)
    assert world.do("low", syscalls.THREAD_RESUME, thread("high")) == errors.OK

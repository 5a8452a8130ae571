"""A system in the kernel's tables about who owns what: nobody runs, the calls of one thread are made directly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keelback.abi import errors, limits, objects, rights
from keelback.kernel import state
from keelback.kernel.objects.header import find_header, header_of
from keelback.lang import Array, array, to_bytes, u8, u16, u32, u64

CALLER = 1
OWN_TABLE = 1
OTHER_TABLE = 2
OWN_COUNT = 32
OTHER_COUNT = 24
OTHER_FIRST = 40

ROOT = 1
CHILD = 2
GRANDCHILD = 3
UNMADE_POOL = 4

ENDPOINT = 1
CHILDS_ENDPOINT = 2
UNMADE_ENDPOINT = 3
GRANDCHILDS_ENDPOINT = 4
NOBODYS_ENDPOINT = 5
THE_GRANT = 1

# Slots of the caller.
ROOT_SLOT = 1
CHILD_SLOT = 2
GRANDCHILD_SLOT = 3
ENDPOINT_SLOT = 4
BADGED_SLOT = 5
WEAK_SLOT = 6
"""Without rights."""
DEAD_SLOT = 7
TABLE_SLOT = 8
READ_TABLE_SLOT = 9
GRANT_SLOT = 10
GRANTED_SLOT = 11
"""Came through THE_GRANT."""
DEAD_TABLE_SLOT = 12
WEAK_POOL_SLOT = 13
EMPTY = 20
BADGE = 0x77

WATCHED = (
    *(state.pools, state.tables, state.slots, state.grants, state.endpoints, state.replies, state.notifications),
    *(state.interrupts, state.threads, state.times, state.translations, state.frames, state.vcpus, state.core_objects),
    *(state.trace_object, state.platform_object),
)
"""The tables that these calls read or write."""

Call = Callable[[state.Thread], u64]


def clear(thing: Any) -> None:
    """Give a table or a struct its default contents."""
    if isinstance(thing, Array):
        thing.assign_all(array(thing.element, len(thing)))
    else:
        thing.copy_from(type(thing)())


def own(kind: int, index: int, pool: int, *, live: bool = True) -> None:
    """Let a pool own an object."""
    header = header_of(u8(kind), u32(index))
    header.owner, header.live = u32(pool), live
    if kind != objects.POOL or index != pool:
        state.pools[pool].owned = state.pools[pool].owned + 1


def own_slot(number: int) -> state.Slot:
    return state.slots[number]


def other_slot(number: int) -> state.Slot:
    return state.slots[OTHER_FIRST + number]


def put(number: int, kind: int, index: int, given: int = rights.ALL, badge: int = 0) -> state.Slot:
    """Give the caller a live capability."""
    slot = own_slot(number)
    if slot.kind == objects.NONE:
        state.tables[OWN_TABLE].used = state.tables[OWN_TABLE].used + 1
    slot.kind, slot.object, slot.rights, slot.badge = u8(kind), u32(index), u8(given), u64(badge)
    slot.generation = header_of(u8(kind), u32(index)).generation
    return slot


def make_pools() -> None:
    own(objects.POOL, ROOT, ROOT)
    own(objects.POOL, CHILD, ROOT)
    own(objects.POOL, GRANDCHILD, CHILD)
    own(objects.POOL, UNMADE_POOL, ROOT, live=False)


def make_objects() -> None:
    own(objects.ENDPOINT, ENDPOINT, ROOT)
    own(objects.ENDPOINT, CHILDS_ENDPOINT, CHILD)
    own(objects.ENDPOINT, UNMADE_ENDPOINT, ROOT, live=False)
    own(objects.ENDPOINT, GRANDCHILDS_ENDPOINT, GRANDCHILD)
    header_of(u8(objects.ENDPOINT), u32(NOBODYS_ENDPOINT)).live = True
    own(objects.GRANT, THE_GRANT, ROOT)
    own(objects.THREAD, CALLER, ROOT)
    for table, first, count in ((OWN_TABLE, 0, OWN_COUNT), (OTHER_TABLE, OTHER_FIRST, OTHER_COUNT)):
        own(objects.CAPABILITY_TABLE, table, ROOT)
        state.tables[table].first, state.tables[table].count = u32(first), u32(count)
    state.tables[OWN_TABLE].threads = u32(1)
    state.threads[CALLER].table, state.threads[CALLER].slots_count = u32(OWN_TABLE), u32(OWN_COUNT)


def make_capabilities() -> None:
    put(ROOT_SLOT, objects.POOL, ROOT)
    put(CHILD_SLOT, objects.POOL, CHILD)
    put(GRANDCHILD_SLOT, objects.POOL, GRANDCHILD)
    put(WEAK_POOL_SLOT, objects.POOL, ROOT, given=rights.ALL & ~rights.CONTROL)
    put(ENDPOINT_SLOT, objects.ENDPOINT, ENDPOINT)
    put(BADGED_SLOT, objects.ENDPOINT, ENDPOINT, badge=BADGE)
    put(WEAK_SLOT, objects.ENDPOINT, ENDPOINT, given=0)
    header_of(u8(objects.ENDPOINT), u32(CHILDS_ENDPOINT)).generation = u32(5)
    put(DEAD_SLOT, objects.ENDPOINT, CHILDS_ENDPOINT).generation = u32(4)
    put(TABLE_SLOT, objects.CAPABILITY_TABLE, OTHER_TABLE)
    put(READ_TABLE_SLOT, objects.CAPABILITY_TABLE, OTHER_TABLE, given=rights.READ)
    put(DEAD_TABLE_SLOT, objects.CAPABILITY_TABLE, OTHER_TABLE)
    state.tables[OTHER_TABLE].header.generation = u32(1)
    own_slot(TABLE_SLOT).generation = own_slot(READ_TABLE_SLOT).generation = u32(1)
    put(GRANT_SLOT, objects.GRANT, THE_GRANT)
    put(GRANTED_SLOT, objects.ENDPOINT, ENDPOINT).grant = u16(THE_GRANT)


def make_system() -> None:
    """The tables anew."""
    for table in WATCHED:
        clear(table)
    make_pools()
    make_objects()
    make_capabilities()


def snapshot() -> list[bytes]:
    """The tables; x8 itself is written by `dispatch`."""
    return [to_bytes(table) for table in WATCHED]


def call(function: Call, slot: int, *words: int) -> int:
    """The status of a call with x8 = `slot` and x0... = `words`; a refused one must have changed nothing."""
    thread = state.threads[CALLER]
    thread.context.registers[8] = u64(slot)
    for number, word in enumerate(words):
        thread.context.registers[number] = u64(word)
    before = snapshot()
    status = function(thread)
    if status != errors.OK:
        assert snapshot() == before
    check_counts()
    return int(status)


def check_counts() -> None:
    """What is counted is counted right, and an empty slot is all zero."""
    for table in (OWN_TABLE, OTHER_TABLE):
        first, count = int(state.tables[table].first), int(state.tables[table].count)
        kinds = [int(state.slots[first + number].kind) for number in range(count)]
        assert kinds[0] == objects.NONE
        assert sum(kind != objects.NONE for kind in kinds) == state.tables[table].used
        for number in range(count):
            slot = state.slots[first + number]
            assert slot.kind != objects.NONE or to_bytes(slot) == bytes(len(to_bytes(slot)))
    owners = [int(header.owner) for kind, index, header in HEADERS if kind != objects.POOL or header.owner != index]
    for pool in range(1, len(state.pools)):
        assert state.pools[pool].owned == owners.count(pool)


def headers() -> list[tuple[int, int, state.Header]]:
    """The kind, the index and the header of everything that can be owned."""
    named = ((kind, index) for kind in range(objects.KIND_COUNT) for index in range(1, limits.TRANSLATION_COUNT))
    found = ((kind, index, find_header(u64(kind), u64(index))) for kind, index in named)
    return [(kind, index, header) for kind, index, header in found if header is not None]


HEADERS = headers()

"""From (kind, index) to the header, and what is not an object."""

from __future__ import annotations

from typing import Any

import pytest

from keelback.abi import limits, objects
from keelback.kernel import state
from keelback.kernel.objects.header import find_header, header_of
from keelback.lang import u8, u32, u64

TABLES: dict[int, tuple[Any, int]] = {
    objects.POOL: (state.pools, 1),
    objects.CAPABILITY_TABLE: (state.tables, 1),
    objects.FRAME: (state.frames, 1),
    objects.PAGE_TABLE: (state.translations, limits.SPACE_COUNT),
    objects.THREAD: (state.threads, 1),
    objects.ENDPOINT: (state.endpoints, 1),
    objects.NOTIFICATION: (state.notifications, 1),
    objects.INTERRUPT: (state.interrupts, 1),
    objects.VCPU: (state.vcpus, 1),
    objects.TIME: (state.times, 1),
    objects.REPLY: (state.replies, 1),
    objects.GRANT: (state.grants, 1),
    objects.CORE: (state.core_objects, 1),
}


@pytest.mark.parametrize("kind", TABLES)
def test_each_kind_has_its_table(kind: int) -> None:
    table, first = TABLES[kind]
    for index in (first, len(table) - 1):
        found = find_header(u64(kind), u64(index))
        assert found is table[index].header
        assert found is header_of(u8(kind), u32(index))
    for index in (len(table), 1 << 32 | first):
        assert find_header(u64(kind), u64(index)) is None


def test_address_spaces_are_the_first_translations() -> None:
    last = limits.SPACE_COUNT - 1
    assert find_header(u64(objects.PAGE_TABLE), u64(last)) is None
    assert find_header(u64(objects.ADDRESS_SPACE), u64(last)) is state.translations[last].header
    assert find_header(u64(objects.ADDRESS_SPACE), u64(limits.SPACE_COUNT)) is None


@pytest.mark.parametrize(
    ("kind", "single"), [(objects.TRACE, state.trace_object), (objects.PLATFORM, state.platform_object)]
)
def test_what_exists_once_has_index_one(kind: int, single: state.Singleton) -> None:
    assert find_header(u64(kind), u64(state.THE_ONLY)) is single.header
    assert find_header(u64(kind), u64(2)) is None


@pytest.mark.parametrize("kind", [objects.NONE, objects.KIND_COUNT, 255, 256 + objects.POOL, u64.MAX])
def test_other_numbers_are_no_kinds(kind: int) -> None:
    assert find_header(u64(kind), u64(1)) is None

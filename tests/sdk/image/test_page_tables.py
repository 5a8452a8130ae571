"""Translation tables: what is mapped is what a table walk finds, piece by piece, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keelback.sdk.image.page_tables import OverlapError, TableZone, el2_attributes, stage2_attributes, walk
from keelback.sdk.system.units import BLOCK_BYTES, PAGE_BYTES

BASE = 0x4400_0000


def pages_of(zone: TableZone, root: int) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    for leaf in walk(zone, root):
        for offset in range(0, leaf.size_bytes, PAGE_BYTES):
            found[leaf.virtual + offset] = (leaf.physical + offset, leaf.attributes)
    return found


def test_attributes_are_those_of_the_manual() -> None:
    # Normal write-back, inner shareable, accessed; a 2 MiB block of guest RAM is 0x7fd with its valid bit.
    assert stage2_attributes("rwx") == 0x7FC
    assert stage2_attributes("rx") == 0x77C
    assert stage2_attributes("r") == 0x77C | 1 << 54
    assert stage2_attributes("rw", device=True) == 0x7C4 | 1 << 54
    assert el2_attributes("rx") == 0x7C0
    assert el2_attributes("rw") == 0x740 | 1 << 54
    assert el2_attributes("rw", device=True) == 0x744 | 1 << 54


def test_one_page_takes_three_tables() -> None:
    zone = TableZone(BASE)
    root = zone.add_table()
    zone.map(root, 0x20_0000, 0x5000_0000, PAGE_BYTES, stage2_attributes("rx"))
    assert zone.size_bytes == 3 * PAGE_BYTES
    assert zone.table_at(root)[0] == BASE + PAGE_BYTES | 3
    assert zone.tables[1][1] == BASE + 2 * PAGE_BYTES | 3
    assert zone.tables[2][0] == 0x5000_0000 | 0x77F
    assert zone.to_bytes()[:8] == (BASE + PAGE_BYTES | 3).to_bytes(8, "little")


def test_aligned_pieces_become_blocks() -> None:
    zone = TableZone(BASE)
    root = zone.add_table()
    zone.map(root, 0x4000_0000, 0x8000_0000, 3 * BLOCK_BYTES + PAGE_BYTES, stage2_attributes("rwx"))
    leaves = list(walk(zone, root))
    assert [leaf.size_bytes for leaf in leaves] == [BLOCK_BYTES] * 3 + [PAGE_BYTES]
    assert zone.tables[1][0] == 0x8000_0000 | 0x7FD


@pytest.mark.parametrize(("first", "second"), [(PAGE_BYTES, PAGE_BYTES), (BLOCK_BYTES, PAGE_BYTES)])
def test_mapping_twice_is_refused(first: int, second: int) -> None:
    zone = TableZone(BASE)
    root = zone.add_table()
    zone.map(root, BLOCK_BYTES, BLOCK_BYTES, first, stage2_attributes("r"))
    with pytest.raises(OverlapError, match="0x200000 is mapped twice"):
        zone.map(root, BLOCK_BYTES, 0, second, stage2_attributes("r"))


pieces = st.lists(
    st.tuples(st.integers(0, 1 << 12), st.integers(0, 1 << 15), st.integers(1, 1100)),
    max_size=6,
)


@given(pieces)
def test_walk_finds_exactly_what_was_mapped(requests: list[tuple[int, int, int]]) -> None:
    zone = TableZone(BASE)
    root, expected = zone.add_table(), dict[int, tuple[int, int]]()
    for virtual_page, physical_page, count in requests:
        wanted = {
            (virtual_page + index) * PAGE_BYTES: ((physical_page + index) * PAGE_BYTES, stage2_attributes("rw"))
            for index in range(count)
        }
        if wanted.keys() & expected.keys():
            continue
        size_bytes = count * PAGE_BYTES
        zone.map(root, virtual_page * PAGE_BYTES, physical_page * PAGE_BYTES, size_bytes, stage2_attributes("rw"))
        expected |= wanted
    assert pages_of(zone, root) == expected

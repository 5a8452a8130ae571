"""Descriptors and VMIDs: the kernel makes what the image builder makes."""

from __future__ import annotations

import pytest

from keelback.abi import errors, limits, mappings
from keelback.kernel import state
from keelback.kernel.arch.aarch64 import translations
from keelback.lang import PhysAddr, address_of, u8, u32, u64
from keelback.sdk.image.page_tables import TableZone, stage2_attributes
from keelback.sdk.system.model import Access

FLAGS: dict[Access, int] = {
    "r": mappings.READ,
    "rw": mappings.READ | mappings.WRITE,
    "rx": mappings.READ | mappings.EXECUTE,
    "rwx": mappings.READ | mappings.WRITE | mappings.EXECUTE,
}


@pytest.mark.parametrize("access", FLAGS)
@pytest.mark.parametrize(
    "size, size_bytes, level",
    [
        (state.FRAME_SMALL, mappings.SMALL_BYTES, 3),
        (state.FRAME_LARGE, mappings.LARGE_BYTES, 2),
        (state.FRAME_DEVICE, mappings.SMALL_BYTES, 3),
    ],
)
def test_leaves_are_those_of_the_image_builder(access: Access, size: int, size_bytes: int, level: int) -> None:
    zone = TableZone(0x5000_0000)
    root = zone.add_table()
    attributes = stage2_attributes(access, device=size == state.FRAME_DEVICE)
    zone.map(root, 0x4060_0000, 0x8020_0000, size_bytes, attributes)
    leaf = next(entry for entry in zone.tables[level - 1] if entry)
    frame = state.frames[1]
    frame.address, frame.size = PhysAddr(0x8020_0000), u8(size)
    assert translations.make_leaf(frame.address, frame.size, u64(FLAGS[access])) == leaf
    assert not translations.is_link(u8(level), u64(leaf))


def test_links_are_those_of_the_image_builder() -> None:
    base = int(address_of(state.entries))
    assert base % 4096 == 0
    zone = TableZone(base)
    root = zone.add_table()
    for table in range(1, 4):
        assert zone.add_subtable(root, table) == base + 4096 * table
        assert translations.make_link(u32(table)) == zone.tables[0][table]
        assert translations.is_link(u8(1), u64(zone.tables[0][table]))


def test_address_spaces_below_128_have_their_own_number() -> None:
    for space in (1, limits.SPACE_COUNT - 1):
        table = int(address_of(state.entries)) + 4096 * space
        assert translations.stage2_of(u32(space)) == table | space << 48


def test_the_others_share_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SPACE_COUNT", 1000)
    vmids = [int(translations.vmid_of(u32(space))) for space in range(1000)]
    assert vmids[:128] == list(range(128))
    assert set(vmids[128:]) == set(range(128, 256))


def test_the_models_know_no_processor() -> None:
    translations.complete_new_entry(True)
    translations.complete_new_entry(False)
    assert translations.forget_space(u32(1)) == errors.OK
    assert translations.forget_space(u32(128)) == errors.OK
    translations.clear_page(u64(0x4000_0000))

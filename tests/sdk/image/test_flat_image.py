"""The flat image of hand-made programs: placement, boot header, boot state, and invariants that notice damage."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keelback.lang.packing import unpack
from keelback.sdk import ProtectionDomain, System, VirtualMachine
from keelback.sdk.image.boot_state import kernel_parameters, state_symbol
from keelback.sdk.image.components import Built
from keelback.sdk.image.flat_image import FlatImage, assemble_image
from keelback.sdk.image.invariants import BootImage, BrokenInvariant, check_invariants, read_tables
from keelback.sdk.image.line_tables import find_line
from keelback.sdk.image.page_tables import walk
from keelback.sdk.image.wiring import plan_system
from tests.sdk.image.handmade import build_handmade, state_layouts

GUEST_KERNEL = Path(__file__).resolve().parents[2] / "systems" / "files" / "image"


def make_system() -> System:
    system = System()
    system.add_console()
    vault = system.add(ProtectionDomain("vault", source="vault.py", priority=200))
    linux = system.add(VirtualMachine("linux", kernel=GUEST_KERNEL, ram="64 MiB", priority=50))
    system.connect(linux, vault, name="vault", buffer="4 KiB", port="vault")
    return system


class Assembled:
    """A plan, its programs and the image made of them."""

    def __init__(self, folder: Path) -> None:
        self.plan = plan_system(make_system())
        self.built: dict[str, Built] = build_handmade(self.plan, folder)
        self.image: FlatImage = assemble_image(self.plan, self.built)
        self.base = self.plan.board.image_base

    def read(self, address: int, count: int) -> bytes:
        """What is in memory when the kernel runs: the file, zeros behind it."""
        return self.image.content[address - self.base : address - self.base + count].ljust(count, b"\0")

    def table(self, name: str) -> Any:
        layout = state_layouts(self.plan)[state_symbol(name)]
        return unpack(layout, self.read(self.built["kernel"].image.symbols[state_symbol(name)], layout.size))

    def boot_image(self) -> BootImage:
        symbols = self.built["kernel"].image.symbols
        tables = read_tables(state_layouts(self.plan), lambda symbol, size: self.read(symbols[symbol], size))
        return BootImage(self.plan, self.image.layout, tables)

    def index(self, name: str) -> int:
        return next(component.index for component in self.plan.components if component.name == name)


@pytest.fixture(scope="module")
def assembled(tmp_path_factory: pytest.TempPathFactory) -> Assembled:
    return Assembled(tmp_path_factory.mktemp("image"))


def test_boot_header_has_offset_and_size(assembled: Assembled) -> None:
    assert struct.unpack_from("<QQ", assembled.image.content, 8) == (
        0x8_0000,
        assembled.image.layout.image_end - assembled.base,
    )
    assert len(assembled.image.content) == assembled.image.layout.file_end - assembled.base


def test_threads_start_where_their_program_does(assembled: Assembled) -> None:
    thread = assembled.table("threads")[assembled.index("vault")]
    image = assembled.built["vault"].image
    assert thread["context"]["program_counter"] == image.entry
    assert thread["context"]["stack_pointer"] == image.symbols["__stack_top"]
    assert (thread["priority"], thread["state"]) == (200, 1)


def test_slots_are_where_the_table_of_the_component_is(assembled: Assembled) -> None:
    slot_count = kernel_parameters(assembled.plan)["slot_count"]
    for component in assembled.plan.components:
        for capability in component.capabilities:
            slot = assembled.table("slots")[component.index * slot_count + capability.slot]
            assert (slot["kind"], slot["object"], slot["rights"]) == (
                capability.kind,
                capability.index,
                capability.rights,
            )


def test_a_component_sees_its_program(assembled: Assembled) -> None:
    index = assembled.index("vault")
    leaves = list(walk(assembled.image.layout.zone, assembled.image.layout.component_tables[index]))
    found = b"".join(assembled.read(leaf.physical, leaf.size_bytes) for leaf in leaves)
    assert b"read only" in found
    for segment in assembled.built["vault"].image.segments:
        leaf = next(leaf for leaf in leaves if leaf.virtual == segment.address)
        assert assembled.read(leaf.physical, len(segment.data))[: leaf.size_bytes] == segment.data[: leaf.size_bytes]


def test_a_page_below_the_stack_is_not_mapped(assembled: Assembled) -> None:
    index = assembled.index("vault")
    bottom = assembled.built["vault"].image.symbols["__stack_bottom"]
    leaves = walk(assembled.image.layout.zone, assembled.image.layout.component_tables[index])
    assert all(not leaf.virtual <= bottom - 1 < leaf.virtual + leaf.size_bytes for leaf in leaves)


def test_guest_ram_lies_behind_the_image_on_a_large_frame(assembled: Assembled) -> None:
    layout = assembled.image.layout
    leaves = list(walk(layout.zone, layout.guest_tables[1]))
    assert all(leaf.size_bytes == 2 << 20 for leaf in leaves)
    assert (leaves[0].virtual, leaves[0].physical) == (0x4000_0000, -(-layout.image_end // (2 << 20)) * (2 << 20))
    assert layout.ram_end == leaves[-1].physical + (2 << 20)
    assert assembled.table("boot")["needed_ram_end"] == layout.ram_end


def test_what_starts_as_zero_is_not_in_the_file_but_cleared(assembled: Assembled) -> None:
    boot, layout = assembled.table("boot"), assembled.image.layout
    assert (boot["zero_start"], boot["zero_end"]) == (layout.file_end, layout.image_end)
    for extent in assembled.plan.extents:
        if extent.kind in ("stack", "ring", "buffer"):
            assert layout.file_end <= extent.physical < extent.physical + extent.size_bytes <= layout.image_end


def test_the_kernel_finds_its_lines_and_its_window(assembled: Assembled) -> None:
    boot = assembled.table("boot")
    assert find_line(assembled.read(boot["lines_address"], 4096), 0, assembled.base + 4) == ("kernel.py", 1)
    level1 = struct.unpack("<512Q", assembled.read(boot["el2_table"], 4096))
    assert level1[511] == boot["window_table"] | 3
    assert assembled.read(boot["window_table"], 4096) == bytes(4096)


def test_the_monitor_finds_everybodys_lines(assembled: Assembled) -> None:
    monitor = assembled.plan.components[assembled.index("monitor") - 1]
    lines = next(m for m in monitor.mappings if m.virtual == monitor.parameters["lines_address"])
    badge = assembled.plan.components[assembled.index("vault") - 1].fault_badge
    entry = assembled.built["vault"].image.entry
    assert find_line(assembled.read(lines.extent.physical, 4096), badge - 1, entry) == ("vault.py", 5)


def put(table: str, index: int, **fields: object) -> Callable[[BootImage], None]:
    def damage(image: BootImage) -> None:
        image.tables[table][index].update(fields)

    return damage


DAMAGES: dict[str, Callable[[BootImage], None]] = {
    "first_object_is_nobody": put("endpoints", 0, server=3),
    "threads_and_notifications_name_each_other": put("notifications", 4, thread=1),
    "ready_threads_can_run": put("threads", 4, priority=0),
    "address_space_tags_are_unique": put("threads", 4, stage2=1 << 48),
    "capabilities_name_living_objects": put("slots", -1, kind=9, object=99),
    "calls_go_to_higher_priorities": put("threads", 5, priority=255),
    "faults_go_to_somebody_else": put("threads", 4, fault_endpoint=4),
    "interrupts_are_distinct": put("interrupts", 1, bits=3),
    "each_vcpu_has_its_monitor": put("vcpus", 1, thread=4),
}


@pytest.mark.parametrize("invariant", DAMAGES)
def test_damaged_tables_are_noticed(assembled: Assembled, invariant: str) -> None:
    image = assembled.boot_image()
    check_invariants(image)
    DAMAGES[invariant](image)
    with pytest.raises(BrokenInvariant, match=invariant):
        check_invariants(image)


def test_a_component_that_maps_the_kernel_is_noticed(assembled: Assembled) -> None:
    image = assembled.boot_image()
    layout = image.layout
    zone = replace(layout).zone
    root = layout.component_tables[assembled.index("vault")]
    saved = [list(table) for table in zone.tables]
    zone.map(root, 0x3000_0000, assembled.base, 4096, 0)
    with pytest.raises(BrokenInvariant, match=r"vault maps the kernel's text") as broken:
        check_invariants(image)
    assert "components_see_only_their_extents" in str(broken.value)
    zone.tables[:] = saved


def test_overlapping_extents_are_noticed(assembled: Assembled) -> None:
    image = assembled.boot_image()
    first, second, *_ = (extent for extent in image.plan.extents if extent.kind == "stack")
    physical, second.physical = second.physical, first.physical
    with pytest.raises(BrokenInvariant, match="extents_are_disjoint"):
        check_invariants(image)
    second.physical = physical

"""The flat image of hand-made programs: placement, boot header, boot state, and invariants that notice damage."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keelback.abi import objects, rights
from keelback.lang.packing import unpack
from keelback.sdk import Device, Pool, ProtectionDomain, System, VirtualMachine
from keelback.sdk.image.boot_image import BootImage, read_tables
from keelback.sdk.image.boot_state import state_symbol, table_pieces
from keelback.sdk.image.components import Built
from keelback.sdk.image.flat_image import FlatImage
from keelback.sdk.image.invariants import INVARIANTS, BrokenInvariant, check_invariants
from keelback.sdk.image.line_tables import build_line_table, find_line
from keelback.sdk.image.memory_image import read_window
from keelback.sdk.image.page_tables import walk
from keelback.sdk.image.wiring import plan_system
from tests.sdk.image.handmade import assemble_handmade, build_handmade, state_layouts

GUEST_KERNEL = Path(__file__).resolve().parents[2] / "systems" / "files" / "image"


def make_system() -> System:
    system = System(cores=2)
    system.add_console()
    vault = system.add(ProtectionDomain("vault", source="vault.py", priority=200))
    linux = system.add(VirtualMachine("linux", kernel=GUEST_KERNEL, ram="64 MiB", priority=50))
    system.connect(linux, vault, name="vault", buffer="4 KiB", port="vault")
    system.schedule(1, [("control", "5 ms"), ("rest", "15 ms")])
    pool = Pool(
        frames=600,
        large_frames=2,
        threads=2,
        spaces=2,
        page_tables=4,
        tables=(2, 16),
        pools=1,
        devices=["pl031", Device("rom", 0x0C00_0000, 0x2000, interrupt=40, edge_triggered=True), "pl061"],
    )
    loads = {"worker": "component.py"}
    system.add(ProtectionDomain("keeper", source="keeper.py", priority=90, ceiling=95, pool=pool, loads=loads))
    control = ProtectionDomain(
        "control", source="control.py", priority=80, core=1, partition="control", budget="2 ms", period="10 ms"
    )
    system.add(control)
    return system


class Assembled:
    """A plan, its programs and the image made of them."""

    def __init__(self, folder: Path) -> None:
        self.plan = plan_system(make_system())
        self.built: dict[str, Built] = build_handmade(self.plan, folder)
        self.image: FlatImage = assemble_handmade(self.plan, self.built)
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
    assert (thread["rank"], thread["ceiling"], thread["state"]) == (200, 200, 1)


def test_slots_are_where_the_table_of_the_component_is(assembled: Assembled) -> None:
    pieces = table_pieces(assembled.plan)
    for component in assembled.plan.components:
        for capability in component.capabilities:
            slot = assembled.table("slots")[pieces[component.index][0] + capability.slot]
            assert (slot["kind"], slot["object"], slot["rights"]) == (
                capability.kind,
                capability.index,
                capability.rights,
            )


def test_a_component_sees_its_program(assembled: Assembled) -> None:
    index = assembled.index("vault")
    leaves = list(walk(assembled.image.layout.zone, assembled.image.layout.root_of(index)))
    found = b"".join(assembled.read(leaf.physical, leaf.size_bytes) for leaf in leaves)
    assert b"read only" in found
    for segment in assembled.built["vault"].image.segments:
        leaf = next(leaf for leaf in leaves if leaf.virtual == segment.address)
        assert assembled.read(leaf.physical, len(segment.data))[: leaf.size_bytes] == segment.data[: leaf.size_bytes]


def test_a_page_below_the_stack_is_not_mapped(assembled: Assembled) -> None:
    index = assembled.index("vault")
    bottom = assembled.built["vault"].image.symbols["__stack_bottom"]
    leaves = walk(assembled.image.layout.zone, assembled.image.layout.root_of(index))
    assert all(not leaf.virtual <= bottom - 1 < leaf.virtual + leaf.size_bytes for leaf in leaves)


def test_guest_ram_lies_behind_the_image_on_a_large_frame(assembled: Assembled) -> None:
    layout = assembled.image.layout
    leaves = list(walk(layout.zone, layout.root_of(len(assembled.plan.components) + 1)))
    assert all(leaf.size_bytes == 2 << 20 for leaf in leaves)
    assert (leaves[0].virtual, leaves[0].physical) == (0x4000_0000, -(-layout.image_end // (2 << 20)) * (2 << 20))
    assert assembled.plan.small_frames == leaves[-1].physical + (2 << 20)
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
    "owners_are_pools": put("endpoints", 4, header={"generation": 0, "owner": 9, "live": True}),
    "bindings_are_reciprocal": put("notifications", 4, thread=1),
    "threads_have_a_core_and_a_priority": put("threads", 4, rank=2 * 256 + 200),
    "cores_know_themselves": put("cores", 1, number=0),
    "windows_are_rings": put("windows", 1, next=1),
    "budgets_fit_their_periods": put("times", 1, budget=0),
    "capability_tables_are_disjoint": put("tables", 2, first=0),
    "capabilities_name_living_objects": put("slots", 1, kind=9, object=99),
    "tables_hold_what_was_planned": put("slots", 2, rights=31),
    "calls_go_to_higher_priorities": put("threads", 5, rank=255),
    "faults_go_to_somebody_else": put("threads", 4, fault_endpoint=4),
    "interrupts_are_distinct": put("interrupts", 1, bits=3),
    "each_vcpu_has_its_monitor": put("vcpus", 1, thread=4),
    "unborn_objects_are_clean": put("threads", -1, client=1),
    "started_threads_are_ready": put("threads", 4, state=0),
    "ready_threads_can_run": put("threads", 4, context={"program_counter": 0, "stack_pointer": 0}),
    "address_spaces_have_one_user": put("threads", 4, stage2=1 << 48),
    "translation_tables_are_trees": put("translations", 4, used=7),
    "frames_are_free": put("frames", 5, mapped=1),
}
MORE_DAMAGES: tuple[tuple[str, Callable[[BootImage], None]], ...] = (
    ("frames_are_free", put("frames", -1, mapped=1)),
    ("frames_are_free", put("frames", -1, address=0x0900_0000)),
    ("interrupts_are_distinct", put("interrupts", -1, line=34)),
    ("unborn_objects_are_clean", put("interrupts", -1, notification=4)),
    ("owners_are_pools", put("interrupts", -1, header={"generation": 0, "owner": 1, "live": False})),
)
"""Of interrupts and device frames that a pool owns."""


def test_every_invariant_of_the_tables_is_tried() -> None:
    of_the_translations = {
        "no_component_maps_what_the_kernel_uses",
        "components_see_only_their_extents",
        "extents_are_disjoint",
        "kernel_is_never_writable_and_executable",
    }
    assert {rule.__name__ for rule in INVARIANTS} == DAMAGES.keys() | of_the_translations


@pytest.mark.parametrize(("invariant", "damage"), [*DAMAGES.items(), *MORE_DAMAGES])
def test_damaged_tables_are_noticed(assembled: Assembled, invariant: str, damage: Callable[[BootImage], None]) -> None:
    image = assembled.boot_image()
    check_invariants(image)
    damage(image)
    with pytest.raises(BrokenInvariant, match=invariant):
        check_invariants(image)


def test_a_component_that_maps_the_kernel_is_noticed(assembled: Assembled) -> None:
    image = assembled.boot_image()
    layout = image.layout
    zone = replace(layout).zone
    root = layout.root_of(assembled.index("vault"))
    saved, levels = [list(table) for table in zone.tables], list(zone.levels)
    zone.map(root, 0x3000_0000, assembled.base, 4096, 0)
    with pytest.raises(BrokenInvariant, match=r"vault maps the kernel's text") as broken:
        check_invariants(image)
    assert "components_see_only_their_extents" in str(broken.value)
    zone.tables[:] = saved
    zone.levels[:] = levels


def test_overlapping_extents_are_noticed(assembled: Assembled) -> None:
    image = assembled.boot_image()
    first, second, *_ = (extent for extent in image.plan.extents if extent.kind == "stack")
    physical, second.physical = second.physical, first.physical
    with pytest.raises(BrokenInvariant, match="extents_are_disjoint"):
        check_invariants(image)
    second.physical = physical


def test_a_kernel_that_can_write_its_code_is_noticed(assembled: Assembled) -> None:
    image = assembled.boot_image()
    zone = image.layout.kernel_zone
    index, entry = next((table, n) for table, row in enumerate(zone.tables) for n, e in enumerate(row) if e >> 7 & 1)
    saved = zone.tables[index][entry]
    zone.tables[index][entry] = saved & ~(1 << 7 | 1 << 54)
    with pytest.raises(BrokenInvariant, match="kernel_is_never_writable_and_executable"):
        check_invariants(image)
    zone.tables[index][entry] = saved


def test_a_pool_owns_its_objects(assembled: Assembled) -> None:
    (planned,) = assembled.plan.pools
    for table, kind in (("threads", "thread"), ("translations", "space"), ("translations", "page_table")):
        for index in planned.runs[kind].indices:
            header = assembled.table(table)[index]["header"]
            assert header == {"generation": 0, "owner": planned.index, "live": False}
    pools = assembled.table("pools")
    assert pools[planned.index]["owned"] == sum(run.count for run in planned.runs.values())
    assert pools[1]["header"] == {"generation": 0, "owner": 1, "live": True}
    child = pools[planned.runs["pool"].first]
    assert child["header"] == {"generation": 0, "owner": planned.index, "live": False}


def test_tables_of_a_pool_have_their_pieces_of_the_slots(assembled: Assembled) -> None:
    (planned,) = assembled.plan.pools
    tables = assembled.table("tables")
    first, second = (tables[index] for index in planned.runs["table"].indices)
    assert (first["count"], second["count"], second["first"]) == (16, 16, first["first"] + 16)
    assert len(assembled.table("slots")) == second["first"] + 16


def test_frames_lie_behind_everything_else(assembled: Assembled) -> None:
    layout, frames = assembled.image.layout, assembled.table("frames")
    (planned,) = assembled.plan.pools
    small = [frames[index]["address"] for index in planned.runs["frame"].indices]
    large = [frames[index]["address"] for index in planned.runs["large_frame"].indices]
    assert small == [small[0] + 4096 * n for n in range(600)]
    assert large[0] % (2 << 20) == 0 and large[0] >= small[-1] + 4096
    assert layout.ram_end == large[1] + (2 << 20)
    assert [frames[1]["dirty"], frames[601]["dirty"]] == [1, 512]
    mapped = {leaf.physical for leaf in walk(layout.kernel_zone, layout.kernel_table)}
    assert {small[0], *large} <= mapped


def test_a_pool_owns_the_registers_and_interrupts_of_its_devices(assembled: Assembled) -> None:
    (planned,) = assembled.plan.pools
    told = planned.component.parameters
    frames, interrupts = assembled.table("frames"), assembled.table("interrupts")
    assert planned.runs["device_frame"].first == planned.runs["large_frame"].first + 2
    devices = ("pl031", 0x0901_0000, 1, 34), ("rom", 0x0C00_0000, 2, 40), ("pl061", 0x0903_0000, 1, 39)
    for name, base, pages, line in devices:
        assert told[f"{name}_frame_count"] == pages
        for page in range(pages):
            frame = frames[int(told[f"{name}_first_frame"]) + page]
            assert (frame["address"], frame["size"], frame["dirty"]) == (base + 4096 * page, 2, 0)
            assert frame["header"] == {"generation": 0, "owner": planned.index, "live": True}
        interrupt = interrupts[int(told[f"{name}_interrupt"])]
        assert (interrupt["line"], interrupt["notification"]) == (line, 0)
        assert interrupt["header"] == {"generation": 0, "owner": planned.index, "live": False}
    assert [told["pl031_edge"], told["rom_edge"], told["pl061_edge"]] == [0, 1, 0]


def test_the_holder_of_a_pool_knows_it(assembled: Assembled) -> None:
    keeper = assembled.plan.components[assembled.index("keeper") - 1]
    told, held = keeper.parameters, {capability.slot: capability for capability in keeper.capabilities}
    pool = held[int(told["pool_slot"])]
    assert (pool.kind, pool.index, pool.rights) == (objects.POOL, 2, rights.ALL)
    assert (held[int(told["core_0_slot"])].kind, held[int(told["core_0_slot"])].index) == (objects.CORE, 1)
    assert held[int(told["space_slot"])].index == keeper.index
    assert told["first_spare_slot"] == max(held) + 1
    assert told["spare_slot_count"] == 600 + 2 + 2 + 2 + 4 + 2 + 1 + 4 + 3 + 16
    assert assembled.table("tables")[keeper.index]["count"] == max(held) + 1 + int(told["spare_slot_count"])
    assert (told["pool_first_thread"], told["pool_thread_count"]) == (len(assembled.plan.components) + 1, 2)


def test_a_program_to_load_lies_in_its_window(assembled: Assembled) -> None:
    keeper = assembled.plan.components[assembled.index("keeper") - 1]
    image = assembled.built["keeper.worker"].image
    address = keeper.parameters["worker_image_address"]
    seen = next(mapping for mapping in keeper.mappings if mapping.virtual == address)
    assert seen.access == "r"
    packed = assembled.read(seen.extent.physical, seen.extent.size_bytes)
    magic, version, size_bytes, entry, stack, count, lines, line_bytes = struct.unpack_from("<8s7Q", packed)
    assert (magic, version, size_bytes, entry) == (b"KEELPROG", 2, lines + line_bytes, image.entry)
    assert len(packed) - 4096 < size_bytes <= len(packed)
    rows = assembled.built["keeper.worker"].rows
    assert packed[lines : lines + line_bytes] == build_line_table([rows])
    assert stack == image.symbols["__stack_top"]
    segments = [struct.unpack_from("<5Q", packed, 64 + 64 * number) for number in range(count)]
    assert [rights for *_, rights in segments] == [5, 1, 3, 3]
    for address, size, offset, content_bytes, _ in segments:
        content = packed[offset : offset + content_bytes].ljust(size, b"\0")
        assert content == read_window(image, address, address + size)


def test_time_is_in_ticks_of_the_board(assembled: Assembled) -> None:
    time = assembled.table("times")[1]
    assert (time["budget"], time["period"], time["partition"]) == (125_000, 625_000, 1)
    assert time["thread"] == assembled.index("control")
    thread = assembled.table("threads")[assembled.index("control")]
    assert (thread["rank"], thread["budget"], thread["charged"]) == (256 + 80, 1, 1)
    assert [(w["ticks"], w["partition"], w["next"]) for w in assembled.table("windows")[1:]] == [
        (312_500, 1, 2),
        (937_500, 2, 1),
    ]
    assert [core["window"] for core in assembled.table("cores")] == [0, 1]

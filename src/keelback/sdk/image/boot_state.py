"""The kernel's first state: what each of its tables holds when the machine starts, by field name.

What the fields mean and what they must hold is said in keelback.kernel.state and docs/reference/boot-state.md. Here are
plain values; `keelback.lang.packing` turns them into bytes by the compiled kernel's own layouts. The translation tables
themselves are built in `layout`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from keelback.compiler import LinkedImage
from keelback.lang.layout import Layout as MemoryLayout
from keelback.lang.packing import pack
from keelback.sdk.image.layout import Layout, count_tables
from keelback.sdk.image.plan import ROOT_POOL, Component, Extent, Guest, Plan
from keelback.sdk.system.units import BLOCK_BYTES, PAGE_BYTES

STATE_MODULE = "keelback.kernel.state"

THREAD_READY = 1
VMID_SHIFT = 48
OWN_VMID_COUNT = 128
"""Address spaces below have a VMID of their own; the others share as many (kernel.arch.aarch64.translations)."""
FIRST_MPIDR = 0x8000_0000
PRIORITY_COUNT = 256
FRAME_SMALL, FRAME_LARGE, FRAME_DEVICE = 0, 1, 2
IMMEDIATE_LIMIT = 1 << 12
"""What a comparison's operand is below (Arm DDI 0487, C6.2.66). More slots than that are rounded up to a power of two,
so that a check of a slot against their number is always two instructions."""

Values = dict[str, Any]
"""By name of the table: its fields, or its entries by index."""

TABLE_OF_KIND = {
    "pool": "pools",
    "thread": "threads",
    "space": "translations",
    "page_table": "translations",
    "endpoint": "endpoints",
    "notification": "notifications",
    "reply": "replies",
    "grant": "grants",
    "time": "times",
    "vcpu": "vcpus",
    "table": "tables",
}
"""Tables of the kinds of object that a pool owns unborn."""
OBJECT_TABLES = (*dict.fromkeys(TABLE_OF_KIND.values()), "interrupts", "frames", "core_objects")
"""Every table of objects; the trace and the platform stand alone."""


def kernel_parameters(plan: Plan, translation_count: int | None = None) -> dict[str, int]:
    """The sizes of the kernel's tables for this system (keelback.abi.limits); entry 0 of each is nobody."""
    slot_count = sum(count for _, count in table_pieces(plan).values())
    return {
        "core_count": plan.system.cores,
        "partition_count": len(plan.partitions) + 1,
        "window_count": len(plan.windows) + 1,
        "pool_count": plan.count_of("pool"),
        "thread_count": plan.count_of("thread"),
        "time_count": plan.count_of("time"),
        "endpoint_count": plan.count_of("endpoint"),
        "reply_count": plan.count_of("reply"),
        "notification_count": plan.count_of("notification"),
        "interrupt_count": len(plan.interrupts) + 1,
        "vcpu_count": plan.count_of("vcpu"),
        "grant_count": plan.count_of("grant"),
        "table_count": plan.count_of("table"),
        "slot_count": slot_count if slot_count < IMMEDIATE_LIMIT else 1 << (slot_count - 1).bit_length(),
        "space_count": plan.count_of("space"),
        "translation_count": count_tables(plan) if translation_count is None else translation_count,
        "frame_count": plan.count_of("device_frame"),
        **plan.board.kernel_parameters,
    }


def table_pieces(plan: Plan) -> dict[int, tuple[int, int]]:
    """For each capability table: where its piece of `slots` starts, and how long it is."""
    lengths = {component.index: component.slot_count for component in plan.components}
    for planned in plan.pools:
        lengths |= dict.fromkeys(planned.runs["table"].indices, planned.pool.tables[1])
    pieces: dict[int, tuple[int, int]] = {}
    first = 0
    for index, length in lengths.items():
        pieces[index] = first, length
        first += length
    return pieces


def boot_values(plan: Plan, layout: Layout, images: Mapping[int, LinkedImage], kernel_lines: Extent) -> Values:
    """Everything that does not start as zero, `entries` excepted. `images` are the components' by index."""
    components, pieces = plan.components, table_pieces(plan)
    values: Values = {
        "boot": {
            "el2_table": layout.kernel_table,
            "window_table": layout.window_table,
            "needed_ram_end": layout.ram_end,
            "zero_start": layout.file_end,
            "zero_end": layout.image_end,
            "lines_address": kernel_lines.physical,
        },
        "cores": {core: _core(plan, core) for core in range(plan.system.cores)},
        "core_objects": {core + 1: live() for core in range(plan.system.cores)},
        "trace_object": live(),
        "platform_object": live(),
        "pools": {ROOT_POOL: live()} | {planned.index: live() for planned in plan.pools},
        "threads": {c.index: live(_thread(plan, c, layout, images[c.index], pieces)) for c in components},
        "times": {c.time.index: live(_time(c)) for c in components if c.time is not None},
        "windows": {
            window.index: {"ticks": window.ticks, "partition": window.partition, "next": window.following}
            for window in plan.windows
        },
        "endpoints": {c.index: live({"server": c.index}) for c in components},
        "notifications": {c.index: live({"thread": c.index}) for c in components},
        "interrupts": {
            interrupt.index: live(
                {
                    "bits": 1 << interrupt.bit,
                    "line": interrupt.number,
                    "notification": interrupt.component,
                    "edge": interrupt.edge_triggered,
                }
            )
            for interrupt in plan.interrupts
            if interrupt.bit is not None
        },
        "vcpus": {guest.vcpu: live(_vcpu(plan, guest, layout)) for guest in plan.guests},
        "tables": {c.index: live(_table(c, pieces)) for c in components},
        "slots": dict(_slots(plan, pieces)),
        "translations": dict(_translations(plan, layout)),
        "frames": dict(_frames(plan)),
        "replies": {},
        "grants": {},
    }
    _add_unborn(plan, values, pieces)
    _count_owned(values)
    return values


def live(fields: Values | None = None, owner: int = ROOT_POOL) -> Values:
    """An object that exists from the start."""
    return {"header": {"owner": owner, "live": True}} | (fields or {})


def stage2_of(layout: Layout, space: int) -> int:
    """VTTBR_EL2 for an address space."""
    vmid = space if space < OWN_VMID_COUNT else space % OWN_VMID_COUNT + OWN_VMID_COUNT
    return layout.root_of(space) | vmid << VMID_SHIFT


def _core(plan: Plan, core: int) -> Values:
    return {"number": core, "best_rank": core * PRIORITY_COUNT, "window": plan.first_windows.get(core, 0)}


def _thread(
    plan: Plan, component: Component, layout: Layout, image: LinkedImage, pieces: Mapping[int, tuple[int, int]]
) -> Values:
    index, domain = component.index, component.domain
    first, count = pieces[index]
    time = 0 if component.time is None else component.time.index
    return {
        "context": {"stack_pointer": image.symbols["__stack_top"], "program_counter": image.entry},
        "stage2": stage2_of(layout, index),
        "charged": time,
        "fault_badge": component.fault_badge,
        "rank": domain.core * PRIORITY_COUNT + domain.priority,
        "slots_first": first,
        "slots_count": count,
        "serves": index,
        "notification": index,
        "budget": time,
        "vcpu": 0 if component.guest is None else component.guest.vcpu,
        "table": index,
        "space": index,
        "fault_endpoint": component.fault_handler,
        "state": THREAD_READY,
        "ceiling": domain.ceiling,
    }


def _time(component: Component) -> Values:
    time = component.time
    assert time is not None
    return {
        "budget": time.budget,
        "period": time.period,
        "remaining": time.budget,
        "thread": component.index,
        "partition": time.partition,
        "fault_on_overrun": time.fault_on_overrun,
    }


def _vcpu(plan: Plan, guest: Guest, layout: Layout) -> Values:
    space = plan.guest_space(guest)
    runner = plan.component_of(guest.machine).index
    return {"stage2": stage2_of(layout, space), "mpidr": FIRST_MPIDR, "thread": runner, "space": space}


def _table(component: Component, pieces: Mapping[int, tuple[int, int]]) -> Values:
    first, count = pieces[component.index]
    return {"first": first, "count": count, "used": len(component.capabilities), "threads": 1}


def _slots(plan: Plan, pieces: Mapping[int, tuple[int, int]]) -> Iterator[tuple[int, Values]]:
    for component in plan.components:
        first, _ = pieces[component.index]
        for capability in component.capabilities:
            yield (
                first + capability.slot,
                {
                    "badge": capability.badge,
                    "object": capability.index,
                    "kind": capability.kind,
                    "rights": capability.rights,
                },
            )


def _translations(plan: Plan, layout: Layout) -> Iterator[tuple[int, Values]]:
    """Tables in use. What they hold, the kernel cannot take back, so they name no parent."""
    users = len(plan.components) + len(plan.guests)
    for index, (table, level) in enumerate(zip(layout.zone.tables, layout.zone.levels, strict=True)):
        if level:
            used = len(table) - table.count(0)
            yield index, live({"used": used, "users": int(index <= users), "level": level})


def _frames(plan: Plan) -> Iterator[tuple[int, Values]]:
    """All frames live. Nobody has cleared them."""
    small, large = plan.small_frames, plan.large_frames
    for planned in plan.pools:
        for index in planned.runs["frame"].indices:
            yield index, live({"address": small, "size": FRAME_SMALL, "dirty": 1}, planned.index)
            small += PAGE_BYTES
    for planned in plan.pools:
        for index in planned.runs["large_frame"].indices:
            dirty = BLOCK_BYTES // PAGE_BYTES
            yield index, live({"address": large, "size": FRAME_LARGE, "dirty": dirty}, planned.index)
            large += BLOCK_BYTES
    for planned in plan.pools:
        for index, page in zip(planned.runs["device_frame"].indices, planned.device_pages, strict=True):
            yield index, live({"address": page, "size": FRAME_DEVICE}, planned.index)


def _add_unborn(plan: Plan, values: Values, pieces: Mapping[int, tuple[int, int]]) -> None:
    """The entries in which the holders of pools can create objects."""
    for planned in plan.pools:
        for kind, table in TABLE_OF_KIND.items():
            for index in planned.runs[kind].indices:
                values[table][index] = {"header": {"owner": planned.index}}
        lines = {interrupt.index: interrupt.number for interrupt in plan.interrupts}
        for index in planned.runs["interrupt"].indices:
            values["interrupts"][index] = {"header": {"owner": planned.index}, "line": lines[index]}
        for index in planned.runs["space"].indices:
            values["translations"][index]["level"] = 1
        for index in planned.runs["table"].indices:
            first, count = pieces[index]
            values["tables"][index] |= {"first": first, "count": count}


def _count_owned(values: Values) -> None:
    """How many objects each pool owns, the root pool itself not counted."""
    rows = [row for table in OBJECT_TABLES for row in values[table].values()]
    rows += [values["trace_object"], values["platform_object"]]
    owners = Counter(row["header"]["owner"] for row in rows)
    owners[ROOT_POOL] -= 1
    for index, pool in values["pools"].items():
        pool["owned"] = owners[index]


def state_symbol(table: str) -> str:
    """The linker's name of a kernel table."""
    return f"{STATE_MODULE}.{table}"


def pack_state(values: Values, layouts: Mapping[str, MemoryLayout]) -> dict[str, bytes]:
    """The bytes of every table that has values, by the kernel's layouts (of qualified names)."""
    return {table: pack(layouts[state_symbol(table)], given) for table, given in values.items() if given}

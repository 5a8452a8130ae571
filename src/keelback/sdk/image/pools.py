"""Plans what components build others of at run time: pools with their objects, cores' time, empty slots, programs.

A pool's objects of one kind have consecutive indices. Page tables are numbered behind all address spaces, frames in the
order small, large, device, so this comes when everything else has its numbers.
"""

from __future__ import annotations

from keelback.abi import objects, rights
from keelback.sdk.image.plan import Component, Extent, Interrupt, Load, Plan, PlannedPool, Run, parameter_name
from keelback.sdk.system.checks.devices import resolve_device
from keelback.sdk.system.units import BLOCK_BYTES, PAGE_BYTES

POOL_WINDOW = 0x70_0000_0000
"""Virtual address of the first GiB that a domain with a pool has for tables and frames of its own."""
WINDOW_SHIFT = 30
LOAD_WINDOW_BYTES = 16 << 20
"""Address space set aside for each program to load, whose size is known only after compiling."""
SPARE_SLOTS = 16
"""Empty slots of a domain with a pool, beside one for each of the pool's objects."""

FIRST_BEHIND = {"page_table": "space", "frame": "frame", "large_frame": "frame", "device_frame": "large_frame"}
"""Kinds that share a table with others: behind which they are numbered."""
PLAIN_KINDS = ("pool", "thread", "space", "endpoint", "notification", "reply", "grant", "time", "vcpu", "table")


def wanted_counts(planned: PlannedPool) -> dict[str, int]:
    """How many objects of each kind a pool has."""
    pool = planned.pool
    return {
        "pool": pool.pools,
        "thread": pool.threads,
        "space": pool.spaces,
        "endpoint": pool.endpoints,
        "notification": pool.notifications,
        "reply": pool.replies,
        "grant": pool.grants,
        "time": pool.times,
        "vcpu": pool.vcpus,
        "table": pool.tables[0],
        "page_table": pool.page_tables,
        "frame": pool.frames,
        "large_frame": pool.large_frames,
        "device_frame": len(planned.device_pages),
        "interrupt": sum(device.interrupt is not None for device in planned.devices),
    }


def plan_pools(plan: Plan) -> None:
    """Number the pools and their objects, and tell their holders."""
    for component in plan.components:
        if component.domain.pool is not None:
            pool = component.domain.pool
            found = [resolve_device(plan.board, device) for device in pool.devices]
            devices = [device for device in found if device is not None]
            component.pool = PlannedPool(plan.take("pool", 1), component, pool, devices=devices)
            plan.pools.append(component.pool)
    plan.next_index["interrupt"] = len(plan.interrupts) + 1
    for kind in (*PLAIN_KINDS, "interrupt", *FIRST_BEHIND):
        if kind in FIRST_BEHIND:
            plan.next_index[kind] = plan.count_of(FIRST_BEHIND[kind])
        for planned in plan.pools:
            count = wanted_counts(planned)[kind]
            planned.runs[kind] = Run(plan.take(kind, count), count)
    for planned in plan.pools:
        _tell_holder(planned)
        _plan_devices(plan, planned)


def _plan_devices(plan: Plan, planned: PlannedPool) -> None:
    """Note whose the registers and interrupts of a pool's devices are, and tell the holder which is which."""
    component = planned.component
    frame, index = planned.runs["device_frame"].first, planned.runs["interrupt"].first
    for device in planned.devices:
        name, count = parameter_name(device.name), device.size_bytes // PAGE_BYTES
        extent = Extent(device.name, component.name, "device", device.size_bytes, physical=device.base, dma=device.dma)
        plan.add_extent(extent)
        component.parameters[f"{name}_first_frame"] = frame
        component.parameters[f"{name}_frame_count"] = count
        frame += count
        if device.interrupt is not None:
            is_edge = device.edge_triggered
            plan.interrupts.append(Interrupt(index, device.interrupt, is_edge, component.index, None, device.name))
            component.parameters[f"{name}_interrupt"] = index
            component.parameters[f"{name}_edge"] = int(is_edge)
            index += 1


def _tell_holder(planned: PlannedPool) -> None:
    component = planned.component
    told = component.parameters
    told["pool_slot"] = component.grant("pool", objects.POOL, planned.index, rights.ALL)
    space_rights = rights.WRITE | rights.CONTROL
    told["space_slot"] = component.grant("own space", objects.ADDRESS_SPACE, component.index, space_rights)
    for core in cores_of(component):
        granted = rights.CONTROL | rights.GRANT
        told[f"core_{core}_slot"] = component.grant(f"core {core}", objects.CORE, core + 1, granted)
    for kind, run in planned.runs.items():
        told[f"pool_first_{kind}"] = run.first
        told[f"pool_{kind}_count"] = run.count
    told["pool_table_slots"] = planned.pool.tables[1]
    told["pool_window_address"] = POOL_WINDOW
    told["pool_window_entry"] = POOL_WINDOW >> WINDOW_SHIFT


def cores_of(component: Component) -> tuple[int, ...]:
    """The cores whose time a component may hand out."""
    pool = component.domain.pool
    if pool is None:
        return ()
    if pool.cores is not None:
        return tuple(pool.cores)
    return (component.domain.core,) if pool.threads or pool.times else ()


def plan_spare_slots(plan: Plan) -> None:
    """Empty slots behind the described ones. No capability is described after this."""
    for component in plan.components:
        wanted = component.domain.spare_slots
        if wanted is None:
            runs = component.pool.runs.values() if component.pool is not None else ()
            wanted = sum(run.count for run in runs) + SPARE_SLOTS if component.pool is not None else 0
        component.spare_slots = wanted
        if wanted:
            component.parameters["first_spare_slot"] = component.capabilities[-1].slot + 1
            component.parameters["spare_slot_count"] = wanted


def plan_loads(plan: Plan) -> None:
    """Set aside address space for the programs that components load."""
    for component in plan.components:
        for name, image in component.domain.loads.items():
            prefix = f"{parameter_name(name)}_image"
            load = Load(name, f"{component.name}.{name}", image, component.reserve(LOAD_WINDOW_BYTES))
            component.pass_window(prefix, load.address, LOAD_WINDOW_BYTES)
            component.loads.append(load)


def place_frames(plan: Plan, start: int) -> int:
    """Choose where all frames lie, the small ones first; returns the end, a multiple of 2 MiB unless there are none."""
    address = -(-start // BLOCK_BYTES) * BLOCK_BYTES
    small = sum(planned.runs["frame"].count for planned in plan.pools)
    large = sum(planned.runs["large_frame"].count for planned in plan.pools)
    if small + large == 0:
        return start
    plan.small_frames = address
    plan.large_frames = -(-(address + small * PAGE_BYTES) // BLOCK_BYTES) * BLOCK_BYTES
    return plan.large_frames + large * BLOCK_BYTES

"""Writes the manifest: every object, owner, capability, address and source file of a built system, as JSON.

Its schema is manifest.schema.json beside this file; reports read the manifest and nothing else of a build.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keelback.abi import objects, rights
from keelback.compiler import Site
from keelback.sdk.image.components import Built
from keelback.sdk.image.layout import Layout
from keelback.sdk.image.plan import ROOT_POOL, Capability, Component, Extent, Load, Plan
from keelback.sdk.image.plan import Mapping as ExtentMapping
from keelback.sdk.system.model import Channel, Isolation, MemoryRegion, Schedule, Signal

FORMAT = 1

KIND_NAMES = {
    objects.THREAD: "thread",
    objects.ENDPOINT: "endpoint",
    objects.NOTIFICATION: "notification",
    objects.INTERRUPT: "interrupt",
    objects.VCPU: "vcpu",
    objects.TRACE: "trace",
    objects.PLATFORM: "platform",
    objects.POOL: "pool",
    objects.ADDRESS_SPACE: "address space",
    objects.CORE: "core",
}

RIGHT_NAMES = {
    rights.READ: "read",
    rights.WRITE: "write",
    rights.GRANT: "grant",
    rights.CONTROL: "control",
    rights.OWNER: "owner",
}


def build_manifest(plan: Plan, layout: Layout, built: Mapping[str, Built], image_bytes: int) -> dict[str, Any]:
    """The manifest as plain data."""
    base = plan.board.image_base
    return {
        "format": FORMAT,
        "system": plan.system.name,
        "board": plan.board.name,
        "description": str(plan.system.location.path),
        "image": {"file": "image.bin", "address": base, "size_bytes": image_bytes, "ram_end": layout.ram_end},
        "cores": plan.system.cores,
        "schedules": [_schedule(plan, schedule) for schedule in plan.system.schedules],
        "kernel": _kernel(layout, built["kernel"]),
        "components": [_component(plan, component, built) for component in plan.components],
        "guests": [_guest(plan, component) for component in plan.components if component.guest is not None],
        "memory": _memory(plan),
        "interrupts": [
            {
                "index": interrupt.index,
                "number": interrupt.number,
                "device": interrupt.device,
                "component": plan.components[interrupt.component - 1].name,
                "bit": interrupt.bit,
            }
            for interrupt in plan.interrupts
        ],
        "isolation": [_claim(plan, claim) for claim in plan.system.claims],
    }


def describe_authority(plan: Plan) -> dict[str, Any]:
    """What of the manifest keelback.authority reads; nothing has to be compiled for it."""
    return {
        "system": plan.system.name,
        "components": [_authority(plan, component) for component in plan.components],
        "guests": [_guest(plan, component) for component in plan.components if component.guest is not None],
        "memory": _memory(plan),
        "isolation": [_claim(plan, claim) for claim in plan.system.claims],
    }


def _claim(plan: Plan, claim: Isolation) -> dict[str, Any]:
    system = plan.system
    elements: list[Channel | Signal | MemoryRegion] = [*system.channels, *system.signals, *system.regions]
    waived = [element for element in elements if element in claim.through or element.name in claim.through]
    return {
        "source": claim.source,
        "target": claim.target,
        "through": list(dict.fromkeys(element.name for element in waived)),
        "trusting": list(dict.fromkeys(claim.trusting)),
        "waived": sorted(list(way) for element in waived for way in plan.ways.get(id(element), ())),
        "described_at": str(claim.location),
    }


def _memory(plan: Plan) -> list[dict[str, Any]]:
    return [_extent(extent) for extent in sorted(plan.extents, key=lambda extent: extent.physical)]


def _check(site: Site, is_left_out: bool) -> dict[str, Any]:
    return {
        "number": site.number,
        "function": site.function,
        "line": site.line,
        "column": site.column,
        "kind": site.kind.lower(),
        "left_out": is_left_out,
    }


def _kernel(layout: Layout, built: Built) -> dict[str, Any]:
    symbols = built.image.symbols
    return {
        "elf": "kernel.elf",
        "text_bytes": symbols["__text_end"] - symbols["__text_start"],
        "memory_bytes": symbols["__data_end"] - symbols["__image_start"] + layout.kernel_zone.size_bytes,
        "sources": [str(path) for path in built.sources],
        "translation_table": layout.kernel_table,
        "windows": [
            {
                "name": window.name,
                "address": window.base,
                "size_bytes": window.end - window.base,
                "access": window.access,
                "device": window.device,
            }
            for window in layout.kernel_windows
        ],
        "parameters": dict(sorted(built.parameters.items())),
        "checks": [_check(site, site.number in built.left_out) for site in built.checks],
    }


def _component(plan: Plan, component: Component, all_built: Mapping[str, Built]) -> dict[str, Any]:
    built = all_built[component.name]
    secrets = component.secrets  # a manifest is for everybody to read
    return _authority(plan, component) | {
        "loads": [_load(load, all_built[load.program]) for load in component.loads],
        "elf": f"{component.name}.elf",
        "described_at": str(component.domain.location),
        "sources": [str(path) for path in built.sources],
        "parameters": {name: value for name, value in sorted(component.parameters.items()) if name not in secrets},
        "secret_parameters": sorted(secrets),
    }


def _authority(plan: Plan, component: Component) -> dict[str, Any]:
    """What a component can do, and who can do something to it."""
    handler = component.fault_handler
    return {
        "name": component.name,
        "index": component.index,
        "priority": component.domain.priority,
        "ceiling": component.domain.ceiling,
        "core": component.domain.core,
        "time": _time(component),
        "passive": component.domain.passive,
        "slots": component.slot_count,
        "pool": _pool(component),
        "fault_handler": plan.components[handler - 1].name if handler else None,
        "capabilities": [_capability(plan, capability) for capability in component.capabilities],
        "mappings": [_mapping(mapping) for mapping in component.mappings],
    }


def _schedule(plan: Plan, schedule: Schedule) -> dict[str, Any]:
    windows = [{"partition": name, "length_ns": length_ns} for name, length_ns in schedule.windows]
    return {"core": schedule.core, "windows": windows}


def _time(component: Component) -> dict[str, Any] | None:
    time = component.time
    if time is None:
        return None
    return {
        "index": time.index,
        "budget_ticks": time.budget,
        "period_ticks": time.period,
        "partition": component.domain.partition,
        "on_overrun": component.domain.on_overrun,
    }


def _pool(component: Component) -> dict[str, Any] | None:
    pool = component.pool
    if pool is None:
        return None
    runs = {kind: {"first": run.first, "count": run.count} for kind, run in pool.runs.items() if run.count}
    return {"index": pool.index, "table_slots": pool.pool.tables[1], "objects": runs}


def _load(load: Load, built: Built) -> dict[str, Any]:
    return {
        "name": load.name,
        "elf": f"{load.program}.elf",
        "address": load.address,
        "described_at": str(load.image.location),
        "sources": [str(path) for path in built.sources],
    }


def object_owner(plan: Plan, capability: Capability) -> str | None:
    """The component whose object a capability names: whose thread, endpoint or notification, whose vcpu."""
    if capability.kind in (objects.THREAD, objects.ENDPOINT, objects.NOTIFICATION, objects.ADDRESS_SPACE):
        return plan.components[capability.index - 1].name
    if capability.kind == objects.VCPU:
        return plan.guests[capability.index - 1].machine.name
    if capability.kind == objects.POOL:
        return plan.pools[capability.index - ROOT_POOL - 1].component.name
    if capability.kind == objects.INTERRUPT:
        return plan.components[plan.interrupts[capability.index - 1].component - 1].name
    return None


def _capability(plan: Plan, capability: Capability) -> dict[str, Any]:
    return {
        "slot": capability.slot,
        "name": capability.name,
        "kind": KIND_NAMES[capability.kind],
        "object": capability.index,
        "owner": object_owner(plan, capability),
        "rights": [name for right, name in RIGHT_NAMES.items() if capability.rights & right],
        "badge": capability.badge,
    }


def _mapping(mapping: ExtentMapping) -> dict[str, Any]:
    return {
        "name": mapping.name,
        "address": mapping.virtual,
        "size_bytes": mapping.extent.size_bytes,
        "access": mapping.access,
        "memory": mapping.extent.name,
    }


def _extent(extent: Extent) -> dict[str, Any]:
    return {
        "name": extent.name,
        "owner": extent.owner,
        "kind": extent.kind,
        "address": extent.physical,
        "size_bytes": extent.size_bytes,
        "dma": extent.dma,
    }


def _guest(plan: Plan, component: Component) -> dict[str, Any]:
    guest = component.guest
    assert guest is not None
    machine = guest.machine
    return {
        "name": machine.name,
        "vcpu": guest.vcpu,
        "monitor": component.name,
        "ram_bytes": machine.ram_bytes,
        "kernel": str(machine.kernel),
        "initrd": None if machine.initrd is None else str(machine.initrd),
        "bootargs": machine.bootargs,
        "on_crash": machine.on_crash,
        "mappings": [_mapping(mapping) for mapping in guest.mappings],
    }

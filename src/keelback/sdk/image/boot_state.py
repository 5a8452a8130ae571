"""The kernel's first state: what each of its tables holds when the machine starts, by field name.

What the fields mean and what they must hold is said in keelback.kernel.state and docs/reference/boot-state.md. Here are
plain values; `keelback.lang.packing` turns them into bytes by the compiled kernel's own layouts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keelback.compiler import LinkedImage
from keelback.lang.layout import Layout as MemoryLayout
from keelback.lang.packing import pack
from keelback.sdk.image.layout import Layout
from keelback.sdk.image.plan import Component, Extent, Guest, Plan

STATE_MODULE = "keelback.kernel.state"

THREAD_READY = 1
VMID_SHIFT = 48
FIRST_MPIDR = 0x8000_0000

Values = dict[str, Any]
"""By name of the table: its fields, or its entries by index."""


def kernel_parameters(plan: Plan) -> dict[str, int]:
    """The sizes of the kernel's tables for this system (keelback.abi.limits); entry 0 of each is nobody."""
    objects_count = len(plan.components) + 1
    slot_count = max(len(component.capabilities) for component in plan.components) + 1
    return {
        "core_count": 1,
        "thread_count": objects_count,
        "endpoint_count": objects_count,
        "notification_count": objects_count,
        "table_count": objects_count,
        "interrupt_count": len(plan.interrupts) + 1,
        "vcpu_count": len(plan.guests) + 1,
        "slot_count": slot_count,
        **plan.board.kernel_parameters,
    }


def boot_values(plan: Plan, layout: Layout, images: Mapping[int, LinkedImage], kernel_lines: Extent) -> Values:
    """Everything that does not start as zero. `images` are the components' by index."""
    slot_count = kernel_parameters(plan)["slot_count"]
    components = plan.components
    return {
        "boot": {
            "el2_table": layout.kernel_table,
            "window_table": layout.window_table,
            "needed_ram_end": layout.ram_end,
            "zero_start": layout.file_end,
            "zero_end": layout.image_end,
            "lines_address": kernel_lines.physical,
        },
        "threads": {c.index: _thread(c, layout, images[c.index]) for c in components},
        "endpoints": {c.index: {"server": c.index} for c in components},
        "notifications": {c.index: {"thread": c.index} for c in components},
        "interrupts": {
            interrupt.index: {
                "bits": 1 << interrupt.bit,
                "line": interrupt.number,
                "notification": interrupt.component,
                "edge": interrupt.edge_triggered,
            }
            for interrupt in plan.interrupts
        },
        "vcpus": {g.vcpu: _vcpu(g, len(components), layout, _runner_of(plan, g)) for g in plan.guests},
        "slots": {
            component.index * slot_count + capability.slot: {
                "badge": capability.badge,
                "object": capability.index,
                "kind": capability.kind,
                "rights": capability.rights,
            }
            for component in components
            for capability in component.capabilities
        },
    }


def _thread(component: Component, layout: Layout, image: LinkedImage) -> Values:
    return {
        "context": {"stack_pointer": image.symbols["__stack_top"], "program_counter": image.entry},
        "stage2": layout.component_tables[component.index] | component.index << VMID_SHIFT,
        "fault_badge": component.fault_badge,
        "notification": component.index,
        "table": component.index,
        "fault_endpoint": component.fault_handler,
        "state": THREAD_READY,
        "priority": component.domain.priority,
    }


def _vcpu(guest: Guest, component_count: int, layout: Layout, runner: int) -> Values:
    vmid = component_count + guest.vcpu
    return {
        "stage2": layout.guest_tables[guest.vcpu] | vmid << VMID_SHIFT,
        "mpidr": FIRST_MPIDR,
        "thread": runner,
    }


def _runner_of(plan: Plan, guest: Guest) -> int:
    return next(component.index for component in plan.components if component.guest is guest)


def state_symbol(table: str) -> str:
    """The linker's name of a kernel table."""
    return f"{STATE_MODULE}.{table}"


def pack_state(values: Values, layouts: Mapping[str, MemoryLayout]) -> dict[str, bytes]:
    """The bytes of every table that has values, by the kernel's layouts (of qualified names)."""
    return {table: pack(layouts[state_symbol(table)], given) for table, given in values.items()}

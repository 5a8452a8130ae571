"""Physical placement: kernel, then extents of 4 KiB frames, then translation tables, then the zone of 2 MiB frames.

Also gives the translation tables their contents, since they hold the addresses chosen here.
"""

from __future__ import annotations

from dataclasses import dataclass

from keelback.compiler import LinkedImage
from keelback.sdk.image.page_tables import TableZone, el2_attributes, stage2_attributes
from keelback.sdk.image.plan import Component, Extent, Mapping, Plan
from keelback.sdk.system.model import Access
from keelback.sdk.system.units import BLOCK_BYTES, PAGE_BYTES, align_up


@dataclass(frozen=True)
class KernelWindow:
    """A piece of the kernel's own identity-mapped address space."""

    name: str
    base: int
    end: int
    access: Access
    device: bool = False


@dataclass(frozen=True)
class Layout:
    """Where everything lies. `image_end` is one past the image with its zeros, `ram_end` one past the last byte used."""

    zone: TableZone
    kernel_table: int
    component_tables: dict[int, int]
    guest_tables: dict[int, int]
    kernel_windows: tuple[KernelWindow, ...]
    image_end: int
    ram_end: int


def lay_out(plan: Plan, kernel: LinkedImage) -> Layout:
    """Place every extent and build every translation table."""
    kernel_end = kernel.symbols["__data_end"]
    zone = TableZone(place_extents(plan, kernel_end))
    component_tables = {component.index: _map_component(zone, component) for component in plan.components}
    guest_tables = {guest.vcpu: map_space(zone, guest.mappings) for guest in plan.guests}
    windows = kernel_windows(plan, kernel, zone)
    kernel_table = map_kernel(zone, windows)
    image_end = zone.base + zone.size_bytes
    ram_end = place_guest_ram(plan, image_end)
    return Layout(zone, kernel_table, component_tables, guest_tables, windows, image_end, ram_end)


def place_extents(plan: Plan, start: int) -> int:
    """Give every extent made of 4 KiB frames its physical address, from `start` on; returns the end."""
    address = align_up(start, PAGE_BYTES)
    placeable = [extent for extent in plan.extents if extent.kind not in ("device", "guest_ram")]
    for extent in sorted(placeable, key=lambda extent: extent.alignment):
        extent.physical = align_up(address, extent.alignment)
        address = extent.physical + extent.size_bytes
    return address


def place_guest_ram(plan: Plan, start: int) -> int:
    """Give guest RAM, made of 2 MiB frames, its physical addresses; returns the end of all RAM used."""
    end = start
    for extent in plan.extents:
        if extent.kind == "guest_ram":
            extent.physical = align_up(end, BLOCK_BYTES)
            end = extent.physical + extent.size_bytes
    return end

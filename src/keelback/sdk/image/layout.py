"""Physical placement: kernel, extents with contents, translation tables, extents of zeros, the zone of 2 MiB frames.

The flat image ends behind the translation tables; the kernel clears the zeros behind it while it boots.

Also gives the translation tables their contents, since they hold the addresses chosen here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from keelback.compiler import LinkedImage
from keelback.sdk.image.page_tables import TableZone, el2_attributes, stage2_attributes
from keelback.sdk.image.plan import Extent, Mapping, Plan
from keelback.sdk.system.model import Access
from keelback.sdk.system.units import BLOCK_BYTES, PAGE_BYTES, align_up

UNPLACED_KINDS = ("device", "guest_ram")
"""Devices lie where they lie, and guest RAM has a zone of its own."""

KERNEL_TABLE_COUNT = 16
"""Translation tables set aside for the kernel's own tree."""

WINDOW_ENTRY = 511
"""Entry of the kernel's level 1 table below which it maps the device tree while it boots."""


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
    """Where all lies. The file ends at `file_end`, the zeros behind it at `image_end`, the RAM used at `ram_end`.

    `component_tables` and `guest_tables` are the roots of stage-2 trees by component index and vcpu.
    """

    zone: TableZone
    kernel_table: int
    window_table: int
    component_tables: dict[int, int]
    guest_tables: dict[int, int]
    kernel_windows: tuple[KernelWindow, ...]
    file_end: int
    image_end: int
    ram_end: int


def lay_out(plan: Plan, kernel: LinkedImage, kernel_lines: Extent) -> Layout:
    """Place every extent and build every translation table."""
    filled = [extent for extent in plan.extents if extent.kind not in UNPLACED_KINDS and extent.content]
    zeros = [extent for extent in plan.extents if extent.kind not in UNPLACED_KINDS and not extent.content]
    zone_base = place_extents(filled, kernel.symbols["__data_end"])
    windows = kernel_windows(plan, kernel, kernel_lines)
    counted = build_tables(plan, zone_base, windows)  # how many there are does not depend on where guest RAM will lie
    file_end = zone_base + counted.zone.size_bytes
    image_end = place_extents(zeros, file_end)
    ram_end = place_guest_ram(plan, image_end)
    made = build_tables(plan, zone_base, windows)
    return replace(made, file_end=file_end, image_end=image_end, ram_end=ram_end)


def build_tables(plan: Plan, zone_base: int, windows: tuple[KernelWindow, ...]) -> Layout:
    """The kernel's tree and one for each component and guest, in a zone that the kernel's tree maps too."""
    zone = TableZone(zone_base)
    component_tables = {component.index: map_space(zone, component.mappings) for component in plan.components}
    guest_tables = {guest.vcpu: map_space(zone, guest.mappings) for guest in plan.guests}
    zone_end = zone.base + zone.size_bytes + KERNEL_TABLE_COUNT * PAGE_BYTES
    windows = (*windows, KernelWindow("translation tables", zone.base, zone_end, "rw"))
    kernel_table = map_kernel(zone, windows)
    window_table = zone.add_subtable(kernel_table, WINDOW_ENTRY)
    while zone.base + zone.size_bytes < zone_end:
        zone.add_table()
    assert zone.base + zone.size_bytes == zone_end, "the kernel's own tables outgrow KERNEL_TABLE_COUNT"
    return Layout(
        zone, kernel_table, window_table, component_tables, guest_tables, windows, file_end=0, image_end=0, ram_end=0
    )


def map_space(zone: TableZone, mappings: list[Mapping]) -> int:
    """A stage-2 tree of these mappings; returns its root."""
    root = zone.add_table()
    for mapping in mappings:
        extent = mapping.extent
        attributes = stage2_attributes(mapping.access, device=extent.kind == "device")
        zone.map(root, mapping.virtual, extent.physical, extent.size_bytes, attributes)
    return root


def kernel_windows(plan: Plan, kernel: LinkedImage, kernel_lines: Extent) -> tuple[KernelWindow, ...]:
    """What the kernel maps of itself (never writable and executable at once) and of the board."""
    at = kernel.symbols
    lines_end = kernel_lines.physical + kernel_lines.size_bytes
    return (
        KernelWindow("text", at["__text_start"], at["__text_end"], "rx"),
        KernelWindow("read-only data", at["__rodata_start"], at["__rodata_end"], "r"),
        KernelWindow("data", at["__data_start"], at["__data_end"], "rw"),
        KernelWindow("line table", kernel_lines.physical, lines_end, "r"),
        *(
            KernelWindow(device.name, device.base, device.base + device.size_bytes, "rw", device=True)
            for device in plan.board.kernel_devices
        ),
    )


def map_kernel(zone: TableZone, windows: tuple[KernelWindow, ...]) -> int:
    """The kernel's identity-mapped tree; returns its root."""
    root = zone.add_table()
    for window in windows:
        if window.end > window.base:
            attributes = el2_attributes(window.access, device=window.device)
            zone.map(root, window.base, window.base, window.end - window.base, attributes)
    return root


def place_extents(extents: list[Extent], start: int) -> int:
    """Give extents their physical addresses, from `start` on, those of small frames first; returns the end."""
    address = align_up(start, PAGE_BYTES)
    for extent in sorted(extents, key=lambda extent: extent.alignment):
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

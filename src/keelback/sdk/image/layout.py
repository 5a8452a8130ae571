"""Physical placement: kernel, extents with contents, the kernel's own translation tables, extents of zeros, guest RAM,
and the zones of frames of 4 KiB and of 2 MiB.

The flat image ends behind the translation tables; the kernel clears the zeros behind it while it boots.

Also gives the translation tables their contents, since they hold the addresses chosen here. Those of address spaces are
the kernel's table `entries`; the kernel's own lie behind the extents.
"""

from __future__ import annotations

from dataclasses import dataclass

from keelback.compiler import LinkedImage
from keelback.sdk.image.page_tables import TableZone, el2_attributes, stage2_attributes
from keelback.sdk.image.plan import TEXT_BASE, Component, Extent, Mapping, Plan
from keelback.sdk.image.pools import place_frames
from keelback.sdk.system.model import Access
from keelback.sdk.system.units import BLOCK_BYTES, PAGE_BYTES, align_up

UNPLACED_KINDS = ("device", "guest_ram")
"""Devices lie where they lie, and guest RAM has a zone of its own."""

WINDOW_ENTRY = 511
"""Entry of the kernel's level 1 table below which it maps the device tree while it boots."""
GIB_SHIFT = 30


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

    `zone` holds the tables of all address spaces: space n begins with its table n. `kernel_zone` has the kernel's own.
    """

    zone: TableZone
    kernel_zone: TableZone
    kernel_table: int
    window_table: int
    kernel_windows: tuple[KernelWindow, ...]
    file_end: int
    image_end: int
    ram_end: int

    def root_of(self, space: int) -> int:
        """Physical address of the first table of an address space."""
        return self.zone.base + space * PAGE_BYTES


def lay_out(plan: Plan, kernel: LinkedImage, kernel_lines: Extent, entries: int, table_count: int) -> Layout:
    """Place every extent and build every translation table; there is room for `table_count` of them at `entries`."""
    filled = [extent for extent in plan.extents if extent.kind not in UNPLACED_KINDS and extent.content]
    zeros = [extent for extent in plan.extents if extent.kind not in UNPLACED_KINDS and not extent.content]
    kernel_zone = TableZone(place_extents(filled, kernel.symbols["__data_end"]))
    zone_bytes = PAGE_BYTES * bound_kernel_tables(plan)
    file_end = kernel_zone.base + zone_bytes
    image_end = place_extents(zeros, file_end)
    frames = place_guest_ram(plan, image_end)
    ram_end = place_frames(plan, frames)
    windows = (
        *kernel_windows(plan, kernel, kernel_lines),
        KernelWindow("translation tables", kernel_zone.base, file_end, "rw"),
        *frame_windows(plan, ram_end),
    )
    kernel_table = map_kernel(kernel_zone, windows)
    window_table = kernel_zone.add_subtable(kernel_table, WINDOW_ENTRY)
    kernel_zone.fill_up(zone_bytes // PAGE_BYTES)
    zone = build_spaces(plan, entries)
    zone.fill_up(table_count)
    return Layout(zone, kernel_zone, kernel_table, window_table, windows, file_end, image_end, ram_end)


def bound_kernel_tables(plan: Plan) -> int:
    """At least as many tables as the kernel's own tree needs, wherever its windows will lie.

    A window needs tables of pages at both its ends only, and one table for each GiB of RAM or devices.
    """
    window_count = len(plan.board.kernel_devices) + len(("text", "read-only", "data", "lines", "tables", "frames"))
    frame_bytes = sum(p.pool.frames * PAGE_BYTES + p.pool.large_frames * BLOCK_BYTES for p in plan.pools)
    return 2 * window_count + (frame_bytes >> GIB_SHIFT) + 8


def count_tables(plan: Plan) -> int:
    """Translation tables of all address spaces. Where placed extents will lie does not matter to it, and until programs
    are linked each counts as one that fits into 2 MiB."""
    return len(build_spaces(plan, 0).tables)


def build_spaces(plan: Plan, base: int) -> TableZone:
    """The tables of all address spaces: table 0, the first table of each space, pools' page tables, all others."""
    zone = TableZone(base)
    zone.add_table(0)
    spaces = {component.index: space_mappings(component) for component in plan.components}
    spaces |= {plan.guest_space(guest): guest.mappings for guest in plan.guests}
    for space in range(1, plan.count_of("space")):
        zone.add_table(1 if space in spaces else 0)
    zone.fill_up(plan.count_of("page_table"))
    for space, mappings in spaces.items():
        for mapping in mappings:
            extent = mapping.extent
            attributes = stage2_attributes(mapping.access, device=extent.kind == "device")
            root = base + space * PAGE_BYTES
            zone.map(root, mapping.virtual, extent.physical, extent.size_bytes, attributes)
    return zone


def space_mappings(component: Component) -> list[Mapping]:
    """What a component sees, with a page in place of what is not linked yet."""
    known = {mapping.virtual for mapping in component.mappings}
    missing = {TEXT_BASE, *component.late_addresses} - known
    page = Extent("not linked yet", component.name, "segment", PAGE_BYTES)
    return component.mappings + [Mapping("not linked yet", page, address, "r") for address in sorted(missing)]


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


def frame_windows(plan: Plan, end: int) -> tuple[KernelWindow, ...]:
    """The frames, which the kernel clears."""
    return (KernelWindow("frames", plan.small_frames, end, "rw"),) if plan.small_frames else ()


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

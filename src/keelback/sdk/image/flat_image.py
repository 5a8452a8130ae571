"""Puts the flat image together: kernel with its boot state, extents, translation tables, boot header."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from keelback.sdk.image.boot_image import BootImage, read_tables
from keelback.sdk.image.boot_state import boot_values, pack_state, state_symbol
from keelback.sdk.image.components import Built
from keelback.sdk.image.invariants import check_invariants
from keelback.sdk.image.layout import Layout, lay_out
from keelback.sdk.image.line_tables import build_line_table
from keelback.sdk.image.memory_image import MemoryImage, read_window, write_boot_header
from keelback.sdk.image.plan import LINES_WINDOW_BYTES, Component, Extent, Load, Plan
from keelback.sdk.image.plan import Mapping as ExtentMapping
from keelback.sdk.image.pools import LOAD_WINDOW_BYTES
from keelback.sdk.image.program_image import pack_program
from keelback.sdk.system.errors import DescriptionError
from keelback.sdk.system.model import Access
from keelback.sdk.system.units import PAGE_BYTES


@dataclass(frozen=True)
class FlatImage:
    """The image's bytes, from the board's image base on, and where everything in it lies."""

    content: bytes
    layout: Layout


class StrayMemory(Exception):
    """A program has memory outside its text, read-only data and data."""


def place_programs(plan: Plan, built: Mapping[str, Built]) -> None:
    """Make what was linked part of the plan: components' own memory, what they load, the monitor's line table."""
    for component in plan.components:
        add_segments(plan, component, built[component.name])
        for load in component.loads:
            add_load(plan, component, load, built[load.program])
    _add_monitor_lines(plan, built)


def assemble_image(plan: Plan, built: Mapping[str, Built]) -> FlatImage:
    """Place everything, write the kernel's first state, judge it by the invariants."""
    kernel = built["kernel"]
    symbols, layouts = kernel.image.symbols, kernel.layouts
    kernel_lines = plan.add_extent(_lines_extent("kernel", build_line_table([kernel.rows])))
    table_count = layouts[state_symbol("translations")].count
    layout = lay_out(plan, kernel.image, kernel_lines, symbols[state_symbol("entries")], table_count)
    image = MemoryImage(plan.board.image_base, layout.file_end - plan.board.image_base)
    image.load(kernel.image)
    for extent in plan.extents:
        if extent.content:
            image.write(extent.physical, extent.content)
    for zone in (layout.zone, layout.kernel_zone):
        image.write(zone.base, zone.to_bytes())
    component_images = {component.index: built[component.name].image for component in plan.components}
    values = boot_values(plan, layout, component_images, kernel_lines)
    for table, data in pack_state(values, layouts).items():
        image.write(symbols[state_symbol(table)], data)
    write_boot_header(image, plan.board.image_offset, layout.image_end - plan.board.image_base)
    check_invariants(BootImage(plan, layout, read_tables(layouts, lambda at, size: image.read(symbols[at], size))))
    return FlatImage(bytes(image.content), layout)


def add_segments(plan: Plan, component: Component, built: Built) -> None:
    """The component's own memory: text, read-only data, data with its zeros, stack."""
    at = built.image.symbols
    for segment in built.image.segments:
        if segment.address + segment.memory_size > at["__data_end"]:
            raise StrayMemory(f"`{component.name}` has a section that the linker script does not know")
    windows: tuple[tuple[str, int, int, Access], ...] = (
        ("text", at["__text_start"], at["__text_end"], "rx"),
        ("read-only data", at["__text_end"], at["__rodata_end"], "r"),
        ("data", at["__rodata_end"], at["__data_end"], "rw"),
    )
    for name, start, end, access in windows:
        if end > start:
            content = read_window(built.image, start, end)
            extent = plan.add_extent(
                Extent(f"{component.name} {name}", component.name, "segment", end - start, content)
            )
            component.mappings.append(ExtentMapping(name, extent, start, access))
    bottom, top = at["__stack_bottom"], at["__stack_top"]
    stack = plan.add_extent(Extent(f"{component.name} stack", component.name, "stack", top - bottom))
    component.mappings.append(ExtentMapping("stack", stack, bottom, "rw"))


def add_load(plan: Plan, component: Component, load: Load, built: Built) -> None:
    """A program that the component loads, as it sees it."""
    content = pack_program(built.image, build_line_table([built.rows]))
    if len(content) > LOAD_WINDOW_BYTES:
        message = f"the program `{load.name}` of `{component.name}` is larger than {LOAD_WINDOW_BYTES >> 20} MiB"
        raise DescriptionError(load.image.location, message, "share what is large as a MemoryRegion")
    extent = plan.add_extent(Extent(f"{load.program} program", component.name, "program", len(content), content))
    component.map(f"{load.name} program", extent, "r", load.address)


def _lines_extent(owner: str, table: bytes) -> Extent:
    return Extent(f"{owner} line table", owner, "lines", max(len(table), PAGE_BYTES), table)


def _add_monitor_lines(plan: Plan, built: Mapping[str, Built]) -> None:
    """The line table of all watched components, in the order of their fault badges, where the monitor expects it."""
    console = plan.system.console
    if console is None:
        return
    monitor = plan.component_of(console.monitor)
    watched = [component for component in plan.components if component.fault_handler == monitor.index]
    watched.sort(key=lambda component: component.fault_badge)
    table = build_line_table([built[component.name].rows for component in watched])
    extent = plan.add_extent(_lines_extent(monitor.name, table))
    assert extent.size_bytes <= LINES_WINDOW_BYTES, "the line table outgrows its window"
    address = monitor.parameters["lines_address"]
    assert isinstance(address, int)
    monitor.map("line table", extent, "r", address)

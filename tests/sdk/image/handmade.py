"""A kernel and components that are data only, linked from C: for tests of the image builder that need no compiler.

The kernel has the real kernel's tables (their layouts come from the imported module), no code.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from keelback.compiler import LinkedImage, compile_foreign, link
from keelback.kernel import state
from keelback.lang.layout import Layout, layout_of
from keelback.sdk.image.boot_state import kernel_parameters, state_symbol
from keelback.sdk.image.components import Built
from keelback.sdk.image.flat_image import FlatImage, assemble_image, place_programs
from keelback.sdk.image.linker_scripts import COMPONENT_ENTRY, KERNEL_ENTRY, component_script, kernel_script
from keelback.sdk.image.plan import TEXT_BASE, Plan

COUNTS = {
    "cores": "core_count",
    "windows": "window_count",
    "pools": "pool_count",
    "threads": "thread_count",
    "times": "time_count",
    "endpoints": "endpoint_count",
    "replies": "reply_count",
    "notifications": "notification_count",
    "interrupts": "interrupt_count",
    "vcpus": "vcpu_count",
    "grants": "grant_count",
    "tables": "table_count",
    "slots": "slot_count",
    "translations": "translation_count",
    "frames": "frame_count",
}
SINGLES = ("boot", "trace_object", "platform_object")
ENTRIES_PER_TABLE = 512

COMPONENT_C = """
volatile int counter = 7;
volatile int zeros[2000];
const volatile char text[] = "read only";
void component_start(void) { for (;;) { counter += zeros[0] + text[0]; } }
"""

HEADER_C = """
__attribute__((section(".text.header"), used)) const unsigned char _start[64] = {
    [56] = 'A', [57] = 'R', [58] = 'M', [59] = 0x64,
};
"""


def state_layouts(plan: Plan) -> dict[str, Layout]:
    """Layouts of the kernel's tables, as large as this plan needs them."""
    sizes = kernel_parameters(plan)
    counts = {table: sizes[name] for table, name in COUNTS.items()}
    counts["core_objects"] = sizes["core_count"] + 1
    counts["entries"] = sizes["translation_count"] * ENTRIES_PER_TABLE
    layouts = {state_symbol(name): layout_of(getattr(state, name)) for name in SINGLES}
    for table, count in counts.items():
        layout = layout_of(getattr(state, table))
        layouts[state_symbol(table)] = replace(layout, count=count, size=count * layout.stride)
    return layouts


def link_c(source: str, name: str, folder: Path, entry: str, script: str) -> LinkedImage:
    path = folder / f"{name}.c"
    path.write_text(source)
    compiled = compile_foreign([path], folder / f"{name}.o", language="c")
    return link([compiled], folder / f"{name}.elf", base=0, script=script, entry=entry)


def handmade_kernel(plan: Plan, folder: Path) -> Built:
    """Header and tables, no code."""
    layouts = state_layouts(plan)
    tables = "".join(
        f'__attribute__((section(".state"), used, aligned({4096 if symbol.endswith(".entries") else 8}))) '
        f'unsigned char {symbol.rsplit(".")[-1]}[{layout.size}] __asm__("{symbol}") = {{0}};\n'
        for symbol, layout in layouts.items()
    )
    image = link_c(HEADER_C + tables, "kernel", folder, KERNEL_ENTRY, kernel_script(plan.board.image_base))
    return Built("kernel", image, layouts, [(plan.board.image_base, "kernel.py", 1)], [])


def handmade_component(name: str, folder: Path) -> Built:
    """A loop, some data, some zeros."""
    script = component_script(TEXT_BASE, 32 << 10)
    image = link_c(COMPONENT_C, name, folder, COMPONENT_ENTRY, script)
    return Built(name, image, {}, [(image.entry, f"{name}.py", 5), (image.symbols["__text_end"], "", 0)], [])


def build_handmade(plan: Plan, folder: Path) -> dict[str, Built]:
    """Programs for every component of a plan, and a kernel."""
    built = {"kernel": handmade_kernel(plan, folder)}
    for component in plan.components:
        built[component.name] = handmade_component(component.name, folder)
        for load in component.loads:
            built[load.program] = handmade_component(load.program, folder)
    return built


def assemble_handmade(plan: Plan, built: dict[str, Built]) -> FlatImage:
    """The image of such programs."""
    place_programs(plan, built)
    return assemble_image(plan, built)

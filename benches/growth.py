"""How cost grows with a system: operations counted, image, kernel memory and build time, with ever more components.

The components and capabilities that are added do nothing, so whatever changes is what the kernel or the builder pays
for their being there.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from benches.counting import BUILD_FOLDER
from benches.machine import run_counted
from benches.operations import OPERATIONS
from benches.primitives import LIMIT_S, ipc_system, operation_cost
from benches.tables import format_table
from keelback.sdk import ProtectionDomain, System
from keelback.sdk.build import build_system

FILLER = Path(__file__).parent / "systems" / "growth" / "filler.py"
FILLER_PRIORITY = 10
COMPONENT_COUNTS = (10, 100, 1000)
CAPABILITIES_MOST = 100
"""Further capabilities of each added component in the system with most of them."""
BUILD_LIMIT_S = 60.0
CONSTANT_SLACK = 1
"""Instructions that an operation may cost more in a larger system: a table's size is a constant in the kernel's code,
and a large one may need an instruction of its own."""


@dataclass(frozen=True)
class Growth:
    """A system of this size: instructions of each operation, sizes, and how long its build took."""

    components: int
    capabilities: int
    instructions: dict[str, int]
    image_bytes: int
    kernel_bytes: int
    build_s: float


def grown_system(components: int, capabilities: int = 0) -> System:
    """The system in which operations are counted, filled up to so many components.

    Each of those added holds `capabilities` more: signals to the next one.
    """
    system = ipc_system(cores=1)
    fillers: list[ProtectionDomain] = []
    for number in range(components - len(system.domains)):
        filler = ProtectionDomain(f"filler{number}", source=FILLER, priority=FILLER_PRIORITY, stack="4 KiB")
        fillers.append(system.add(filler))
    for number, filler in enumerate(fillers):
        receiver = fillers[(number + 1) % len(fillers)]
        for signal in range(capabilities):
            system.notify(filler, receiver, name=f"signal{signal}")
    return system


def measure_growth(components: int, capabilities: int = 0, folder: Path = BUILD_FOLDER / "growth") -> Growth:
    """Build a system of this size from nothing but kept objects, run it, count."""
    shutil.rmtree(folder, ignore_errors=True)
    started = time.monotonic()
    manifest = build_system(grown_system(components, capabilities), folder).manifest
    build_s = time.monotonic() - started
    report, _ = run_counted(grown_system(components, capabilities), folder, limit_s=LIMIT_S)
    counted = {
        name: operation_cost(name, operation, report).instructions
        for name, operation in OPERATIONS.items()
        if operation.span in report.samples
    }
    held = sum(len(component["capabilities"]) for component in manifest["components"])
    image, kernel = manifest["image"]["size_bytes"], manifest["kernel"]["memory_bytes"]
    return Growth(components, held, counted, image, kernel, build_s)


def measure_all() -> list[Growth]:
    """10, 100 and 1,000 components, and 1,000 that hold more than 100,000 capabilities together."""
    found = [measure_growth(components) for components in COMPONENT_COUNTS]
    return [*found, measure_growth(COMPONENT_COUNTS[-1], CAPABILITIES_MOST)]


def growth_table(found: list[Growth]) -> str:
    """One column for each size."""
    titles = ("components", *(f"{growth.components:,}" for growth in found))
    rows = [("capabilities", *(f"{growth.capabilities:,}" for growth in found))]
    rows += [
        (OPERATIONS[name].title, *(str(growth.instructions[name]) for growth in found))
        for name in found[0].instructions
    ]
    rows.append(("image, KiB", *(f"{growth.image_bytes >> 10:,}" for growth in found)))
    rows.append(("kernel memory, KiB", *(f"{growth.kernel_bytes >> 10:,}" for growth in found)))
    rows.append(("build, s", *(f"{growth.build_s:.1f}" for growth in found)))
    return format_table("Growth: kernel instructions of an operation, and sizes", titles, rows)


def find_growing(found: list[Growth]) -> list[str]:
    """Operations that cost more in a larger system (see CONSTANT_SLACK), and builds that take too long."""
    wrong: list[str] = []
    for growth in found[1:]:
        for name, instructions in growth.instructions.items():
            if instructions > found[0].instructions[name] + CONSTANT_SLACK:
                wrong.append(f"{name}: {instructions} with {growth.components} components")
    wrong += [
        f"build of {growth.components}: {growth.build_s:.0f} s" for growth in found if growth.build_s > BUILD_LIMIT_S
    ]
    return wrong

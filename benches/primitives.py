"""Kernel operations, counted: builds the system in systems/ipc, runs it under the plugin, reads the spans.

What is measured is a build for several cores, and of it what the first core executes; the other cores are idle.
Prints nothing and judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benches.counting import BUILD_FOLDER, CountingError, Report, Sample
from benches.machine import run_counted
from benches.operations import OPERATIONS, SPANS, Operation
from benches.paths import typical_path
from keelback.sdk import Device, MemoryRegion, Pool, ProtectionDomain, System

ACTOR = Path(__file__).parent / "systems" / "ipc" / "actor.py"
CORES = 4
ROUNDS = 64
LIMIT_S = 60.0

MANY = 10_000
FEW = 64
"""Capabilities that the librarian has at once, beside those of the description."""

# Role numbers are actor.py's.
ACTORS = {
    "client": (1, 100),
    "server": (2, 200),
    "spinner": (3, 50),
    "alarm": (4, 220),
    "keeper": (5, 210),
    "librarian": (6, 40),
    "maker": (7, 30),
}
SPARE_SLOTS = {"server": 1, "maker": 8}
MAKER_POOL = Pool(
    frames=1,
    page_tables=3,
    threads=1,
    tables=(1, 16),
    spaces=1,
    endpoints=1,
    notifications=1,
    times=1,
    vcpus=1,
)

CLOCK_BASE = 0x0901_0000  # the board's PL031: a write of its match register raises the interrupt at once
CLOCK_INTERRUPT = 34
UNUSED_DEVICE_BASE = 0x0903_0000
PAGE_BYTES = 0x1000


@dataclass(frozen=True)
class Cost:
    """Kernel instructions of an operation, and which of them are of the expensive sorts."""

    instructions: int
    barriers: int
    tlb_operations: int
    register_writes: int


def measure_primitives(folder: Path = BUILD_FOLDER / "ipc", *, cores: int = CORES) -> dict[str, Cost]:
    """Build for so many cores, run and count; the cost of each operation by name."""
    report, _ = run_counted(ipc_system(cores=cores, many=MANY), folder, limit_s=LIMIT_S, by_proof=True)
    return {name: operation_cost(name, operation, report) for name, operation in OPERATIONS.items()}


def operation_cost(name: str, operation: Operation, report: Report) -> Cost:
    """One row, from the sample in the middle. Raises CountingError when that is something else than the operation."""
    sample = report.typical(operation.span)
    if sample.visits != operation.visits:
        raise CountingError(f"`{name}` entered the kernel {sample.visits} times, not {operation.visits}")
    return kernel_cost(sample, operation.svc_count)


def measure_path(name: str, folder: Path = BUILD_FOLDER / "ipc") -> list[int]:
    """Addresses of the instructions that the kernel runs in one operation, in their order."""
    report, _ = run_counted(ipc_system(many=MANY), folder, limit_s=LIMIT_S, by_proof=True, path=SPANS[name])
    return list(typical_path(report.paths))


def kernel_cost(sample: Sample, svc_count: int = 0) -> Cost:
    """What the kernel executed in a sample, and so many instructions of components."""
    kernel = sample.kernel
    instructions = kernel.instructions + svc_count
    return Cost(instructions, kernel.barriers, kernel.tlb_operations, kernel.register_writes)


def ipc_system(*, cores: int = CORES, many: int = 0) -> System:
    """The components of systems/ipc/actor.py, all on the first core; see there who does what.

    `many`: of how many capabilities the most are revoked at once, or 0 to leave that out.
    """
    system = System(board="qemu-virt-aarch64", name="ipc", cores=cores)
    shared: dict[str, int | str] = {"rounds": ROUNDS, "many": many}
    shared |= {f"span_{name}": span for name, span in SPANS.items()}
    spare_slots = {**SPARE_SLOTS, "librarian": max(many, FEW)}
    actors: dict[str, ProtectionDomain] = {}
    for name in ("keeper", *(name for name in ACTORS if name != "keeper")):
        role, priority = ACTORS[name]
        actors[name] = system.add(
            ProtectionDomain(
                name,
                source=ACTOR,
                priority=priority,
                parameters={"role": role, **shared},
                power=name == "client",
                spare_slots=spare_slots.get(name),
                pool=MAKER_POOL if name == "maker" else None,
                fault_handler=actors["keeper"] if name == "spinner" else None,
            )
        )
    connect_actors(system, actors)
    return system


def connect_actors(system: System, actors: dict[str, ProtectionDomain]) -> None:
    """Who reaches whom. The clock's registers are shared memory here, and its interrupt goes to the alarm."""
    system.connect(actors["client"], actors["server"], name="service")
    system.notify(actors["client"], actors["server"], name="news")
    system.notify(actors["client"], actors["spinner"], name="murmur")
    system.notify(actors["spinner"], actors["librarian"], name="done")
    system.notify(actors["librarian"], actors["maker"], name="done")
    system.notify(actors["maker"], actors["client"], name="done")
    clock = system.add(MemoryRegion("clock", size=PAGE_BYTES, physical=CLOCK_BASE))
    system.map(clock, actors["spinner"])
    system.map(clock, actors["alarm"])
    system.use(Device("wire", UNUSED_DEVICE_BASE, PAGE_BYTES, interrupt=CLOCK_INTERRUPT), actors["alarm"])

"""Kernel operations, counted: builds the system in systems/ipc, runs it under the plugin, reads the spans.

Prints nothing and judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benches.counting import BUILD_FOLDER, CountingError, Sample
from benches.machine import run_counted
from benches.paths import typical_path
from keelback.sdk import Device, MemoryRegion, ProtectionDomain, System

ACTOR = Path(__file__).parent / "systems" / "ipc" / "actor.py"
ROUNDS = 64
LIMIT_S = 60.0

SPANS = {
    "null_call": 1,
    "call_refused": 2,
    "call": 3,
    "reply_receive": 4,
    "signal_no_waiter": 5,
    "signal_waiter": 6,
    "interrupt": 7,
    "interrupt_acknowledge": 8,
    "fault": 9,
    "fault_reply": 10,
    "capability_copy": 11,
    "capability_mint": 12,
    "capability_delete": 13,
    "revoke": 14,
}

# Role numbers are actor.py's.
ACTORS = {
    "client": (1, 100),
    "server": (2, 200),
    "spinner": (3, 50),
    "alarm": (4, 220),
    "keeper": (5, 210),
    "librarian": (6, 40),
}

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


def measure_primitives(folder: Path = BUILD_FOLDER / "ipc") -> dict[str, Cost]:
    """Build, run and count; the cost of each span by name."""
    report, _ = run_counted(ipc_system(), folder, limit_s=LIMIT_S)
    costs: dict[str, Cost] = {}
    for name, span in SPANS.items():
        sample = report.typical(span)
        if sample.visits != 1:
            raise CountingError(
                f"`{name}` entered the kernel {sample.visits} times, so it is not the cost of one operation"
            )
        costs[name] = kernel_cost(sample)
    return costs


def measure_path(name: str, folder: Path = BUILD_FOLDER / "ipc") -> list[int]:
    """Addresses of the instructions that the kernel runs in one operation, in their order."""
    report, _ = run_counted(ipc_system(), folder, limit_s=LIMIT_S, path=SPANS[name])
    return list(typical_path(report.paths))


def kernel_cost(sample: Sample) -> Cost:
    """What the kernel executed in a sample."""
    kernel = sample.kernel
    return Cost(kernel.instructions, kernel.barriers, kernel.tlb_operations, kernel.register_writes)


def ipc_system() -> System:
    """Six components of systems/ipc/actor.py; see there who does what."""
    system = System(board="qemu-virt-aarch64", name="ipc")
    shared: dict[str, int | str] = {"rounds": ROUNDS}
    shared |= {f"span_{name}": span for name, span in SPANS.items()}
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
                spare_slots=1 if name == "librarian" else None,
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
    system.notify(actors["librarian"], actors["client"], name="done")
    clock = system.add(MemoryRegion("clock", size=PAGE_BYTES, physical=CLOCK_BASE))
    system.map(clock, actors["spinner"])
    system.map(clock, actors["alarm"])
    system.use(Device("wire", UNUSED_DEVICE_BASE, PAGE_BYTES, interrupt=CLOCK_INTERRUPT), actors["alarm"])

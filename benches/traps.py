"""What a guest's traps cost, counted: a small guest without an operating system under the plugin.

The whole way counts: the kernel's part, and the virtual-machine monitor's at EL0. Prints nothing and judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benches.counting import BUILD_FOLDER, Sample
from benches.machine import link_flat, run_counted
from benches.paths import typical_path
from benches.primitives import CORES, Cost
from keelback.compiler import compile_foreign
from keelback.sdk import System, VirtualMachine

GUEST_FOLDER = Path(__file__).parent / "guest"
LOAD_ADDRESS = 0x4020_0000
IMAGE_BYTES = 1 << 20
ROUNDS = 64
LIMIT_S = 60.0

SPANS = {"guest_device_read": 32, "guest_hypercall": 33, "guest_self_interrupt": 34}


@dataclass(frozen=True)
class TrapCost:
    """Instructions of one trap: the kernel's into the monitor, back, in all; the monitor's; visits to the kernel."""

    into_monitor: int
    back: int
    kernel: int
    monitor: int
    visits: int
    barriers: int
    tlb_operations: int
    register_writes: int

    @property
    def total(self) -> int:
        """What the guest waits for."""
        return self.kernel + self.monitor

    @property
    def in_kernel(self) -> Cost:
        """The kernel's part: from the guest's instruction to the monitor, and from its answer to the guest."""
        return Cost(self.kernel, self.barriers, self.tlb_operations, self.register_writes)


def measure_traps(folder: Path = BUILD_FOLDER / "traps") -> dict[str, TrapCost]:
    """Build, run and count; the cost of each trap by name."""
    report, _ = run_counted(trap_system(folder, CORES), folder, limit_s=LIMIT_S, by_proof=True)
    return {name: trap_cost(report.typical(span)) for name, span in SPANS.items()}


def measure_trap_path(name: str, folder: Path = BUILD_FOLDER / "traps") -> list[int]:
    """Addresses of the instructions that the kernel runs for one trap, both ways, in their order."""
    report, _ = run_counted(trap_system(folder, CORES), folder, limit_s=LIMIT_S, by_proof=True, path=SPANS[name])
    return list(typical_path(report.paths))


def trap_system(folder: Path = BUILD_FOLDER / "traps", cores: int = 1) -> System:
    """The guest beside the console's components, all on the first core."""
    system = System(board="qemu-virt-aarch64", name="traps", cores=cores)
    system.add_console()
    system.add(VirtualMachine("guest", kernel=build_guest(folder), ram="8 MiB", priority=50, power=True))
    return system


def trap_cost(sample: Sample) -> TrapCost:
    """What was executed for a guest's instruction, without the guest's own."""
    return TrapCost(
        into_monitor=sample.first,
        back=sample.last,
        kernel=sample.kernel.instructions,
        monitor=sample.component.instructions,
        visits=sample.visits,
        barriers=sample.kernel.barriers,
        tlb_operations=sample.kernel.tlb_operations,
        register_writes=sample.kernel.register_writes,
    )


def build_guest(folder: Path) -> Path:
    """guest/traps.c as a flat arm64 Image."""
    folder.mkdir(parents=True, exist_ok=True)
    flags = ["-mstrict-align", "-Wall", "-Wextra", "-Werror", f"-DIMAGE_BYTES={IMAGE_BYTES}", f"-DROUNDS={ROUNDS}"]
    flags += [f"-DSPAN_{name.removeprefix('guest_').upper()}={span}" for name, span in SPANS.items()]
    objects = [
        compile_foreign([GUEST_FOLDER / source], folder / f"{source}.o", flags=flags)
        for source in ("start.S", "traps.c")
    ]
    image = folder / "traps.image"
    image.write_bytes(link_flat(objects, folder / "traps-guest.elf", LOAD_ADDRESS))
    return image

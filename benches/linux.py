"""The same Debian Linux on the bare machine and as a guest: guest/workloads.c as its first program, under icount.

Both get the same kernel, the same initial RAM disk, the same command line, 512 MiB, one processor, an rng-seed and no
kaslr-seed, and the machine's clock starts at the same moment. Prints nothing and judges nothing.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import libfdt

from benches.counting import BUILD_FOLDER
from benches.machine import STEADY_CLOCK, run_counted, run_to_end
from keelback.sdk import BOARDS, System, VirtualMachine
from keelback.sdk.guest import debian_kernel, guest_program
from keelback.sdk.guest.cpio import Archive

GUEST_FOLDER = Path(__file__).parent / "guest"
RAM_MIB = 512
LIMIT_S = 180.0

# nokaslr, mitigations=off: as in the figures of other systems. norandmaps: user addresses are the same in every run, so
# that fork and exec cost the same. iomem=relaxed: the program may read a device register that a driver owns.
BOOT_ARGUMENTS = "console=ttyAMA0 nokaslr mitigations=off norandmaps iomem=relaxed"
SEED = bytes(range(1, 33))

# (path, major, minor): Linux, Documentation/admin-guide/devices.txt
DEVICE_NODES = (("dev/console", 5, 1), ("dev/mem", 1, 1), ("dev/random", 1, 8))

PICOSECONDS_PER_NS = 1000
SLEEP_NS = 1_000_000


class WorkloadError(Exception):
    """A workload failed inside the guest, or its report is not whole."""


@dataclass(frozen=True)
class LinuxFigures:
    """Nanoseconds for one iteration of each workload, `reset_to_init`, and (as a guest) `reset_to_guest`."""

    ns: dict[str, float]


def measure_bare(folder: Path = BUILD_FOLDER / "linux-bare") -> LinuxFigures:
    """Boot Linux on the emulated board itself, at EL2, and run the workloads."""
    folder.mkdir(parents=True, exist_ok=True)
    board = BOARDS["qemu-virt-aarch64"]
    machine = [*board.emulator, "-m", str(RAM_MIB), *STEADY_CLOCK]
    command = [*machine, "-icount", "shift=0,sleep=off", "-nic", "none", "-no-reboot"]
    command += ["-display", "none", "-monitor", "none", "-serial", "stdio"]
    command += ["-dtb", str(bare_tree(machine, folder)), "-append", BOOT_ARGUMENTS]
    command += ["-kernel", str(debian_kernel()), "-initrd", str(build_initrd(folder))]
    return LinuxFigures(read_figures(run_to_end(command, folder / "console.txt", LIMIT_S)))


def measure_guest(folder: Path = BUILD_FOLDER / "linux-guest") -> LinuxFigures:
    """Boot Linux as a guest beside the console's components and run the workloads."""
    folder.mkdir(parents=True, exist_ok=True)
    system = System(board="qemu-virt-aarch64", name="linux")
    system.add_console()
    system.add(
        VirtualMachine(
            "linux",
            kernel=debian_kernel(),
            initrd=build_initrd(folder),
            ram=f"{RAM_MIB} MiB",
            priority=50,
            power=True,
            bootargs=BOOT_ARGUMENTS,
        )
    )
    report, transcript = run_counted(system, folder, limit_s=LIMIT_S)
    figures = read_figures(transcript)
    figures["reset_to_guest"] = float(report.first["guest"])
    return LinuxFigures(figures)


def build_initrd(folder: Path) -> Path:
    """The workloads as /init, the program that fork and exec start, and the device nodes they need."""
    archive = Archive()
    for path, major, minor in DEVICE_NODES:
        archive.add_character_device(path, major, minor)
    archive.add_file("init", guest_program(GUEST_FOLDER / "workloads.c").read_bytes(), mode=0o755)
    archive.add_file("bin/nop", guest_program(GUEST_FOLDER / "nop.c").read_bytes(), mode=0o755)
    initrd = folder / "initrd.cpio"
    initrd.write_bytes(archive.to_bytes())
    return initrd


def bare_tree(machine: list[str], folder: Path) -> Path:
    """The board's own device tree with a fixed rng-seed and without the kaslr-seed.

    A kaslr-seed would turn page-table isolation on. Packed, since QEMU doubles its size and Linux wants it below 2 MiB.
    """
    tree_file = folder / "bare.dtb"
    dump = [*machine, "-M", f"dumpdtb={tree_file}", "-display", "none"]
    subprocess.run(dump, check=True, capture_output=True)
    tree = libfdt.Fdt(tree_file.read_bytes())
    chosen = tree.path_offset("/chosen")
    tree.setprop(chosen, "rng-seed", SEED)
    tree.delprop(chosen, "kaslr-seed")
    tree.pack()
    tree_file.write_bytes(bytes(tree.as_bytearray())[: tree.totalsize()])
    return tree_file


def read_figures(transcript: str) -> dict[str, float]:
    """Nanoseconds by workload, the median of its repeats, from what guest/workloads.c prints. Raises WorkloadError."""
    failed = re.search(r"FAILED (.*)", transcript)
    if failed is not None:
        raise WorkloadError(f"a workload failed in the guest: {failed.group(1)}")
    started = re.search(r"START (\d+)\s", transcript)
    if started is None or re.search(r"\bEND\s", transcript) is None:
        raise WorkloadError("the workloads did not run to their end; see console.txt in build/benches")
    figures = {"reset_to_init": int(started.group(1)) / PICOSECONDS_PER_NS}
    for name, median in re.findall(r"RESULT (\S+) \d+ \d+ (\d+) \d+\s", transcript):
        figures[name] = int(median) / PICOSECONDS_PER_NS
    figures["nanosleep_excess"] = figures.pop("nanosleep_1ms") - SLEEP_NS
    return figures

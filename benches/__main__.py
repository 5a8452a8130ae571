"""`python -m benches`: run the benchmarks, print the tables, compare with what is recorded.

Exits with 1 when a figure is worse than recorded or than promised, 2 when something could not be measured.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache

from benches.calls import CASES, measure_calls
from benches.counting import BUILD_FOLDER, CountingError
from benches.documented import document
from benches.growth import find_growing, growth_table, measure_all
from benches.linux import WorkloadError, measure_bare, measure_guest
from benches.machine import build_steady
from benches.manual import bound_name, call_name, document_calls
from benches.operations import GUEST_TRAP, GUEST_TRAP_SPAN, SPANS
from benches.paths import KERNEL_FILE, describe_path, path_text
from benches.primitives import CORES, MANY, Cost, ipc_system, measure_path, measure_primitives
from benches.record import find_worse, load_record, save_record
from benches.sizes import image_bytes_without_files, kernel_assembly_lines, kernel_code_lines
from benches.tables import counted_text, different_text, format_table, kernel_table, linux_table, trap_table
from benches.traps import TrapCost, measure_trap_path, measure_traps, trap_system
from keelback.reports.latency import measure_latency
from keelback.sdk.guest import GuestFilesError
from keelback.sdk.runner import ConsoleError, EmulatorMissing

PARTS = ("kernel", "calls", "bounds", "cores", "growth", "traps", "linux", "sizes")
NOT_MEASURABLE = (CountingError, WorkloadError, ConsoleError, EmulatorMissing, GuestFilesError)
SYSTEM_CALL = "system call"
"""The kind of entry in the latency report."""
NOT_RATIOS = ("device_read", "reset_to_guest")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts asked for. Returns the exit status."""
    options = read_options(arguments)
    if options.path is not None:
        return print_path(options.path)
    recorded = load_record()
    figures: dict[str, float] = {}
    try:
        for part in options.only or PARTS:
            figures |= RUNNERS[part](recorded)
    except NOT_MEASURABLE as error:
        print(f"benches: {error}", file=sys.stderr)
        return 2
    if options.record:
        save_record(figures)
        print(f"recorded {len(figures)} figures")
        recorded = load_record()
        document(recorded)
        document_calls(recorded)
    worse = find_worse(figures, recorded)
    for figure in worse:
        print(f"WORSE  {figure}")
    if not worse:
        print(f"{len(figures)} figures, none worse than recorded or promised")
    return 1 if worse else 0


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches", description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="run this part only; may be repeated")
    parser.add_argument(
        "--record", action="store_true", help="write the figures to recorded.json and the documentation"
    )
    parser.add_argument(
        "--path", choices=(*SPANS, GUEST_TRAP), help="print the instructions of one operation, measure nothing else"
    )
    return parser.parse_args(arguments)


def print_path(name: str) -> int:
    """One operation's way through the kernel. Returns the exit status."""
    in_guest = name == GUEST_TRAP
    folder = BUILD_FOLDER / ("traps" if in_guest else "ipc")
    try:
        addresses = measure_trap_path(GUEST_TRAP_SPAN, folder) if in_guest else measure_path(name, folder)
    except NOT_MEASURABLE as error:
        print(f"benches: {error}", file=sys.stderr)
        return 2
    print(path_text(describe_path(addresses, folder / KERNEL_FILE)))
    return 0


def run_kernel(recorded: Mapping[str, float]) -> dict[str, float]:
    """Kernel operations."""
    costs = {**ipc_costs(CORES), GUEST_TRAP: trap_costs()[GUEST_TRAP_SPAN].in_kernel}
    print(kernel_table(costs, recorded))
    print(counted_text(), flush=True)
    return flatten("kernel", costs)


def run_calls(recorded: Mapping[str, float]) -> dict[str, float]:
    """The system calls that are no kernel operation of the table."""
    counts = measure_calls()
    rows = [
        (name, str(count), f"{recorded.get(call_name(name), 0):.0f}", CASES[name]) for name, count in counts.items()
    ]
    print(format_table("Other system calls", ("call", "instructions", "recorded", "case"), rows), flush=True)
    return {call_name(name): float(count) for name, count in counts.items()}


def run_bounds(recorded: Mapping[str, float]) -> dict[str, float]:
    """The longest path of each system call, in the kernel that the operations are measured on."""
    folder = BUILD_FOLDER / f"ipc-{CORES}"
    bounds = measure_latency(build_steady(ipc_system(many=MANY), folder, by_proof=True).elf("kernel")).bounds
    calls = {bound.name: bound.instructions for bound in bounds if bound.kind == SYSTEM_CALL}
    rows = [(name, str(count), f"{recorded.get(bound_name(name), 0):.0f}") for name, count in calls.items()]
    print(format_table("Longest path of each system call", ("call", "instructions", "recorded"), rows), flush=True)
    return {bound_name(name): float(count) for name, count in calls.items()}


def run_cores(recorded: Mapping[str, float]) -> dict[str, float]:
    """The same operations on a build for one core."""
    print(different_text(ipc_costs(CORES), ipc_costs(1)), flush=True)
    return {}


@cache
def ipc_costs(cores: int) -> dict[str, Cost]:
    """Measured once."""
    return measure_primitives(BUILD_FOLDER / f"ipc-{cores}", cores=cores)


@cache
def trap_costs() -> dict[str, TrapCost]:
    """Measured once."""
    return measure_traps()


def run_growth(recorded: Mapping[str, float]) -> dict[str, float]:
    """The same operations in ever larger systems; 0 figures that grow are promised."""
    found = measure_all()
    print(growth_table(found), flush=True)
    for figure in (growing := find_growing(found)):
        print(f"GROWS  {figure}")
    return {"growth.worse": float(len(growing))}


def run_traps(recorded: Mapping[str, float]) -> dict[str, float]:
    """What a guest's traps cost."""
    costs = trap_costs()
    print(trap_table(costs), flush=True)
    return flatten("traps", costs)


def run_linux(recorded: Mapping[str, float]) -> dict[str, float]:
    """The same Linux on the bare machine and as a guest."""
    say("Linux on the bare machine")
    bare = measure_bare().ns
    say("Linux as a guest")
    guest = measure_guest().ns
    print(linux_table(bare, guest, recorded))
    print(f"reset -> the guest's first instruction: {guest['reset_to_guest'] / 1e6:.2f} ms\n")
    ratios = {f"linux.{name}.ratio": guest[name] / bare[name] for name in bare if name not in NOT_RATIOS}
    return {**ratios, **{f"linux.{name}.ns": guest[name] for name in NOT_RATIOS}}


def run_sizes(recorded: Mapping[str, float]) -> dict[str, float]:
    """The kernel's size and an image's; tests/test_promises.py holds them to their limits."""
    lines, assembly = kernel_code_lines(), kernel_assembly_lines()
    folder = BUILD_FOLDER / "sizes"
    manifest = build_steady(trap_system(folder), folder, by_proof=True).manifest
    image_bytes, text_bytes = image_bytes_without_files(manifest), int(manifest["kernel"]["text_bytes"])
    rows = [
        ("kernel, code lines", f"{lines:,}", "11,519 (MCS 13,226)", "73,424 (105,865 with headers)"),
        ("assembly lines in it", f"{assembly:,}", "295", "-"),
        ("kernel, text, bytes", f"{text_bytes:,}", "35,000", "-"),
        ("image with console and VMM, without guest files, bytes", f"{image_bytes:,}", "-", "-"),
    ]
    print(format_table("Sizes", ("size", "measured", "seL4 EL2", "Xen arm64"), rows))
    return {}


RUNNERS = {
    "kernel": run_kernel,
    "calls": run_calls,
    "bounds": run_bounds,
    "cores": run_cores,
    "growth": run_growth,
    "traps": run_traps,
    "linux": run_linux,
    "sizes": run_sizes,
}


def flatten(prefix: str, costs: Mapping[str, Cost] | Mapping[str, TrapCost]) -> dict[str, float]:
    """`prefix.operation.sort` for every number in the costs."""
    return {
        f"{prefix}.{name}.{field.name}": float(getattr(cost, field.name))
        for name, cost in costs.items()
        for field in fields(cost)
    }


STARTED = time.monotonic()


def say(text: str) -> None:
    """Progress, on standard error."""
    print(f"benches: {time.monotonic() - STARTED:5.1f} s  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

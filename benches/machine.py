"""Runs a system in the emulator under icount with the counting plugin, until it switches itself off."""

from __future__ import annotations

import os
from pathlib import Path

from benches.counting import CountingError, Report, plugin_arguments, read_report
from keelback.cli.prove import system_calls
from keelback.compiler import link
from keelback.prover.recording import has_record, make_record
from keelback.sdk import System
from keelback.sdk.build import SEED_BYTES, SEED_FILE, BuiltSystem, build_system
from keelback.sdk.runner import Emulation, Machine, emulator_command

REPORT_FILE = "counts.txt"
FIRST_CORE = 0
TRANSCRIPT_FILE = "console.txt"

# The board's clock starts at the same moment in every run and advances with the instructions.
STEADY_CLOCK = ("-rtc", "base=2026-01-01,clock=vm")
# A build's secret is random otherwise, and so would be what a guest's random generator starts from.
FIXED_SEED = bytes(range(SEED_BYTES))


def run_counted(
    system: System, folder: Path, *, limit_s: float, path: int | None = None, by_proof: bool = False
) -> tuple[Report, str]:
    """Build `system` into `folder` and run it. Returns the plugin's report and what the console showed.

    Where there are several cores, what the first one runs is counted. `path`: see counting.plugin_arguments.
    `by_proof`: as build_steady.
    """
    built = build_steady(system, folder, by_proof=by_proof)
    out = folder / REPORT_FILE
    out.unlink(missing_ok=True)
    core = FIRST_CORE if built.cores > 1 else None
    extra = (*STEADY_CLOCK, *plugin_arguments(built.manifest, out, core=core, path=path))
    transcript = run_to_end(counted_command(built, extra), folder / TRANSCRIPT_FILE, limit_s)
    if not out.is_file():
        raise CountingError(f"the emulator did not load the counting plugin; it said:\n{transcript.strip()}")
    return read_report(out), transcript


def build_steady(system: System, folder: Path, *, by_proof: bool = False) -> BuiltSystem:
    """Build a system so that it behaves the same in every run. `by_proof`: search the checks of its kernel that never
    fail, which takes a minute once for each kernel, and leave them out."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SEED_FILE).write_bytes(FIXED_SEED)
    built = build_system(system, folder)
    parameters = built.manifest["kernel"]["parameters"]
    if not by_proof or has_record(parameters):
        return built
    make_record(parameters, system_calls(), os.cpu_count() or 1, lambda _: None)
    return build_system(system, folder)


def counted_command(built: BuiltSystem, extra: tuple[str, ...]) -> list[str]:
    """QEMU's command for a built system, one instruction being one nanosecond."""
    emulation = Emulation(built.board, built.image, built.ram_end, cores=built.cores, counted=True, extra=extra)
    return emulator_command(emulation, interactive=False)


def run_to_end(command: list[str], transcript_file: Path, limit_s: float) -> str:
    """Run a machine until it switches itself off; keeps and returns what its console showed."""
    with Machine(command, limit_s=limit_s) as machine:
        try:
            return machine.wait_end(limit_s=limit_s)
        finally:
            machine.save_transcript(transcript_file)


def link_flat(objects: list[Path], elf: Path, base: int) -> bytes:
    """Link objects to run from `base` on, entered at `_start`; the memory they fill, as a boot loader loads it."""
    linked = link(objects, elf, base=base, entry="_start")
    flat = bytearray(max(segment.address + segment.memory_size for segment in linked.segments) - base)
    for segment in linked.segments:
        start = segment.address - base
        flat[start : start + len(segment.data)] = segment.data
    return bytes(flat)

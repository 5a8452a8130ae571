"""The counting plugin: builds it, makes its arguments from a system's manifest, reads its report.

What it counts and how it tells whose an instruction is, plugin/count.c says. Runs no machine.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

PLUGIN_FOLDER = Path(__file__).parent / "plugin"
BUILD_FOLDER = Path(__file__).resolve().parents[1] / "build" / "benches"
PLUGIN_FLAGS = ("-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-Wl,-z,lazy")

OWNERS = ("kernel", "component", "guest", "other")
OPERATIONS = ("instructions", "barriers", "tlb_operations", "register_writes", "register_reads")

MARK_BEGIN = 0x1100
MARK_END = 0x1200
MARK_POINT = 0x1300


class CountingError(Exception):
    """The plugin cannot be built, or its report is not what was expected."""


@dataclass(frozen=True)
class Counters:
    """What one owner executed; the operations are part of the instructions."""

    instructions: int
    barriers: int
    tlb_operations: int
    register_writes: int
    register_reads: int


@dataclass(frozen=True)
class Sample:
    """One execution of a span. `first` and `last`: kernel instructions of its first and last visit to the kernel."""

    visits: int
    first: int
    last: int
    kernel: Counters
    component: Counters
    guest: Counters
    other: Counters


@dataclass
class Report:
    """A run's samples by span, instructions since reset at each point and at each owner's first code, and totals."""

    samples: dict[int, list[Sample]] = field(default_factory=dict[int, list[Sample]])
    points: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    first: dict[str, int] = field(default_factory=dict[str, int])
    total: dict[str, Counters] = field(default_factory=dict[str, Counters])
    paths: list[list[int]] = field(default_factory=list[list[int]])
    """Addresses of what the kernel ran in each sample of the span whose paths were asked for."""

    def typical(self, span: int) -> Sample:
        """The sample in the middle by kernel, then component instructions. CountingError when there is none.

        The first samples of a span may differ (queues that were empty, a timer that fired); the middle one repeats.
        """
        found = self.samples.get(span)
        if not found:
            raise CountingError(f"span {span} was never measured")
        ordered = sorted(found, key=lambda sample: (sample.kernel.instructions, sample.component.instructions))
        return ordered[len(ordered) // 2]

    def spread(self, span: int) -> tuple[int, int, float]:
        """Least, most and median kernel instructions of a span."""
        counts = [sample.kernel.instructions for sample in self.samples.get(span, [])]
        if not counts:
            raise CountingError(f"span {span} was never measured")
        return min(counts), max(counts), median(counts)


def build_plugin(folder: Path = BUILD_FOLDER) -> Path:
    """The plugin as a shared library for this machine, built once per content of its sources. Raises CountingError."""
    sources = [PLUGIN_FOLDER / "count.c", PLUGIN_FOLDER / "qemu_plugin.h"]
    digest = hashlib.sha256(" ".join(PLUGIN_FLAGS).encode())
    for source in sources:
        digest.update(source.read_bytes())
    path = folder / f"count-{digest.hexdigest()[:16]}.so"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.so")
        command = [sys.executable, "-m", "ziglang", "cc", *PLUGIN_FLAGS, "-o", str(partial), str(sources[0])]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CountingError(f"the counting plugin does not compile:\n{done.stderr.strip()}")
        partial.replace(path)
    return path


def plugin_arguments(
    manifest: Mapping[str, Any], out: Path, *, core: int | None = None, path: int | None = None
) -> tuple[str, ...]:
    """QEMU's arguments to count in a system: the kernel's code, guests' RAM; the rest of what it uses is components.

    `core`: count what this core runs and nothing else; needed where there are several. `path`: the span whose
    instructions are reported one by one.
    """
    options = [str(build_plugin()), f"out={out}"]
    options += [] if core is None else [f"core={core}"]
    options += [] if path is None else [f"path={path}"]
    for window in manifest["kernel"]["windows"]:
        if window["name"] == "text":
            options.append(_range("kernel", window["address"], window["address"] + window["size_bytes"]))
    for extent in manifest["memory"]:
        if extent["kind"] == "guest_ram":
            options.append(_range("guest", extent["address"], extent["address"] + extent["size_bytes"]))
    options.append(_range("component", manifest["image"]["address"], manifest["image"]["ram_end"]))
    return ("-plugin", ",".join(options))


def _range(owner: str, start: int, end: int) -> str:
    return f"{owner}={start:#x}:{end:#x}"


def read_report(path: Path) -> Report:
    """Parse the plugin's report. Raises CountingError when it is not whole."""
    report = Report()
    for line in path.read_text().splitlines():
        kind, *words = line.split()
        if kind == "sample":
            span, visits, first, last, *counts = map(int, words)
            report.samples.setdefault(span, []).append(Sample(visits, first, last, *_counters(counts)))
        elif kind == "point":
            report.points.setdefault(int(words[0]), []).append(int(words[1]))
        elif kind == "first":
            report.first[words[0]] = int(words[1])
        elif kind == "path":
            report.paths.append([int(word) for word in words])
        elif kind == "total":
            report.total = dict(zip(OWNERS, _counters([int(word) for word in words]), strict=True))
    if not report.total:
        raise CountingError(f"{path} has no totals: the emulator did not end in an orderly way")
    return report


def _counters(counts: list[int]) -> list[Counters]:
    width = len(OPERATIONS)
    if len(counts) != len(OWNERS) * width:
        raise CountingError(f"a line of the report has {len(counts)} counters, not {len(OWNERS) * width}")
    return [Counters(*counts[start : start + width]) for start in range(0, len(counts), width)]

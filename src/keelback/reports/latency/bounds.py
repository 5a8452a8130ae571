"""The bounds: of each entry, and of the whole kernel. Finds the entries in the program and has each explored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from keelback.reports.latency.entries import Entry, all_entries
from keelback.reports.latency.errors import UnboundedCode
from keelback.reports.latency.machine_code import MachineCode
from keelback.reports.latency.paths import Explorer, Finished, Trail, longer
from keelback.reports.latency.paths import Path as CodePath

VECTORS = "kernel_vectors"
TRACED_VECTORS = "kernel_traced_vectors"
"""The second table, where calls leave records; not every kernel has it."""
CALL_LIMIT = 1000
"""No system call should be longer."""

ENDS = ("kernel_panic", "kernel_panic_entry")
"""Here a path ends uncounted: the kernel stops for good."""

ROUNDS = {
    "clear_page(": 4096 // 64,  # it begins on a page and ends at the next, 64 bytes at a time
}
"""Loops whose bound cannot be told from the machine code: a part of the source line that they are on, and how often
they are gone round at most."""


@dataclass(frozen=True)
class Bound:
    """No path of this entry is longer. `heaviest`: functions on the longest path, with their own instructions."""

    kind: str
    name: str
    instructions: int
    heaviest: tuple[tuple[str, int], ...]

    @property
    def is_long(self) -> bool:
        """Whether a system call misses what was aimed at."""
        return self.kind == "system call" and self.instructions > CALL_LIMIT


@dataclass(frozen=True)
class Latency:
    """All bounds of a kernel, in instructions of one core that does not wait for another.

    `masked`: longest time that interrupts are masked. `interrupt`: from there until an interrupt's own entry is done.
    `waits`: whether entries wait for a lock, at most `masked` for each time another core goes first.
    """

    bounds: tuple[Bound, ...]
    masked: int
    interrupt: int
    waits: bool


class Walk:
    """The ways through one kernel, explored an entry at a time. UnboundedCode for code without bound."""

    def __init__(self, elf: Path) -> None:
        self._code = MachineCode(elf)
        symbols = self._code.symbols
        if VECTORS not in symbols:
            raise UnboundedCode(f"{elf}: no symbol {VECTORS}")
        ends = frozenset(symbols[name] for name in ENDS if name in symbols)
        self._explorer = Explorer(self._code, ends, ROUNDS)
        self._tables = [symbols[name] for name in (VECTORS, TRACED_VECTORS) if name in symbols]

    def latency(self, chosen: Iterable[Entry]) -> Latency:
        """Bounds of these entries; `masked` and `interrupt` are those of the whole kernel if they are all."""
        found: dict[tuple[str, str], Bound] = {}
        woken, waits = None, False
        for entry, table in product(chosen, self._tables):
            finished = self._explorer.explore(table + entry.offset, entry.state())
            woken, waits = longer(woken, finished.woken), waits or bool(finished.locks)
            _keep_longest(found, _bound(self._code, entry, finished))
        if woken is not None:
            heaviest = _heaviest(self._code, woken.trail)
            _keep_longest(found, Bound("interrupt", "waking a core that waits", woken.length, heaviest))
        bounds = tuple(found.values())
        masked = max(bound.instructions for bound in bounds)
        interrupt = max((bound.instructions for bound in bounds if bound.kind == "interrupt"), default=0)
        return Latency(bounds, masked, masked + interrupt, waits)


def measure_latency(elf: Path) -> Latency:
    """Bounds of the kernel in a linked file. UnboundedCode for code without bound."""
    return Walk(elf).latency(all_entries())


def _bound(code: MachineCode, entry: Entry, finished: Finished) -> Bound:
    path = finished.entered or CodePath(0)
    return Bound(entry.kind, entry.name, path.length, _heaviest(code, path.trail))


def _keep_longest(found: dict[tuple[str, str], Bound], bound: Bound) -> None:
    key = (bound.kind, bound.name)
    if key not in found or found[key].instructions < bound.instructions:
        found[key] = bound


def _heaviest(code: MachineCode, trail: Trail) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    while trail is not None:
        address, count, trail = trail
        name = code.function(address)
        counts[name] = counts.get(name, 0) + count
    ranked: Iterable[tuple[str, int]] = sorted(counts.items(), key=lambda item: -item[1])
    return tuple(ranked)

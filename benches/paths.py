"""`python -m benches --path call`: what one operation runs in the kernel, each instruction with its source line.

For whoever wants to make it shorter. Holds nothing to a limit.
"""

from __future__ import annotations

import linecache
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import capstone
from elftools.dwarf.ranges import RangeEntry
from elftools.elf.elffile import ELFFile

from benches.counting import CountingError
from keelback.compiler.backend.lines import LineEntry, line_table

ASSEMBLY = "(assembly)"
KERNEL_FILE = "kernel.elf"


@dataclass(frozen=True)
class Scope:
    """A function's code, or the part of another function's that it was inlined into; `depth` counts inlining."""

    start: int
    end: int
    depth: int
    name: str


@dataclass(frozen=True)
class Step:
    """An instruction that ran: its text, the function whose source it is, and the line (0: none)."""

    address: int
    text: str
    function: str
    file: str
    line: int


def typical_path(paths: Sequence[Sequence[int]]) -> Sequence[int]:
    """The path in the middle by length. Raises CountingError when there is none."""
    if not paths:
        raise CountingError("the operation was never run")
    return sorted(paths, key=len)[len(paths) // 2]


def describe_path(addresses: Sequence[int], elf: Path) -> list[Step]:
    """Each instruction's text and origin, from a linked kernel with DWARF."""
    lines, scopes, text = line_table(elf), _scopes(elf), _disassembly(elf)
    steps: list[Step] = []
    for address in addresses:
        found = lines[max(0, bisect_right(lines, LineEntry(address, "\uffff", 0)) - 1)]
        inside = [scope for scope in scopes if scope.start <= address < scope.end]
        if inside:
            function = max(inside, key=lambda scope: scope.depth).name
            steps.append(Step(address, text.get(address, "?"), function, found.file, found.line))
        else:
            steps.append(Step(address, text.get(address, "?"), ASSEMBLY, "", 0))
    return steps


def path_text(steps: Sequence[Step]) -> str:
    """The steps in order, a heading wherever another function's begin, then how many are whose."""
    shown: list[str] = []
    before: Step | None = None
    for step in steps:
        if before is None or before.function != step.function:
            shown.append(f"{step.function}  {Path(step.file).name}".rstrip())
        source = ""
        if step.line and (before is None or (before.file, before.line) != (step.file, step.line)):
            source = f"{step.line:4d}  {linecache.getline(step.file, step.line).strip()}"
        shown.append(f"  {step.address:x}  {step.text:42.42} {source}".rstrip())
        before = step
    counted = Counter(step.function for step in steps)
    totals = [f"{count:5d}  {name}" for name, count in counted.most_common()]
    return "\n".join([*shown, "", f"{len(steps):5d}  instructions", *totals, ""])


def _disassembly(elf: Path) -> Mapping[int, str]:
    reader: Any = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    reader.skipdata = True
    found: dict[int, str] = {}
    with elf.open("rb") as file:
        for segment in ELFFile(file).iter_segments():
            if segment["p_type"] == "PT_LOAD" and segment["p_flags"] & 1:
                for address, _, name, operands in reader.disasm_lite(segment.data(), segment["p_vaddr"]):
                    found[address] = f"{name} {operands}".strip()
    return found


def _scopes(elf: Path) -> list[Scope]:
    with elf.open("rb") as file:
        dwarf: Any = ELFFile(file).get_dwarf_info()
        ranges = dwarf.range_lists()
        found: list[Scope] = []
        for unit in dwarf.iter_CUs():
            _collect(unit.get_top_DIE(), 0, ranges, found)
        return found


def _collect(entry: Any, depth: int, ranges: Any, found: list[Scope]) -> None:
    if entry.tag in {"DW_TAG_subprogram", "DW_TAG_inlined_subroutine"}:
        depth += 1
        name = _name(entry)
        found += [Scope(start, end, depth, name) for start, end in _extents(entry, ranges)]
    for child in entry.iter_children():
        _collect(child, depth, ranges, found)


def _name(entry: Any) -> str:
    if "DW_AT_abstract_origin" in entry.attributes:
        return _name(entry.get_DIE_from_attribute("DW_AT_abstract_origin"))
    named = entry.attributes.get("DW_AT_name")
    return "?" if named is None else str(named.value.decode())


def _extents(entry: Any, ranges: Any) -> list[tuple[int, int]]:
    """Where an entry's code lies: one stretch, or several (DWARF 5, 2.17)."""
    attributes = entry.attributes
    if "DW_AT_low_pc" in attributes and "DW_AT_high_pc" in attributes:
        start, high = attributes["DW_AT_low_pc"].value, attributes["DW_AT_high_pc"]
        return [(start, high.value if high.form == "DW_FORM_addr" else start + high.value)]
    if "DW_AT_ranges" not in attributes or ranges is None:
        return []
    low = entry.cu.get_top_DIE().attributes.get("DW_AT_low_pc")
    base = 0 if low is None else low.value
    stretches = ranges.get_range_list_at_offset(attributes["DW_AT_ranges"].value, cu=entry.cu)
    extents: list[tuple[int, int]] = []
    for stretch in stretches:
        if isinstance(stretch, RangeEntry):
            offset = 0 if stretch.is_absolute else base
            extents.append((offset + stretch.begin_offset, offset + stretch.end_offset))
    return extents

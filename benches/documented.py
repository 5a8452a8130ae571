"""The recorded figures as the tables in docs/reference/benchmarks.md. Measures nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from benches.anchors import GUEST_ANCHORS, KernelAnchor
from benches.operations import GUEST_TRAP, IN_GUEST, OPERATIONS, Operation
from benches.primitives import Cost
from benches.tables import TITLES, TRAP_ANCHORS
from benches.traps import SPANS as TRAP_SPANS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "benchmarks.md"
PART = re.compile(r"(<!-- recorded: begin[^\n]*-->\n)(.*?)(<!-- recorded: end -->)", re.DOTALL)

Row = Sequence[object]


def document(recorded: Mapping[str, float], page: Path = PAGE) -> None:
    """Put the recorded figures into the page."""
    page.write_text(PART.sub(lambda part: part[1] + figures(recorded) + part[3], page.read_text()))


def figures(recorded: Mapping[str, float]) -> str:
    """All tables, in Markdown."""
    return "\n".join([_kernel(recorded), _traps(recorded), _linux(recorded)])


def _table(title: str, head: Row, rows: Sequence[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join([f"### {title}", *("| " + " | ".join(map(str, line)) + " |" for line in lines), ""])


def _kernel(recorded: Mapping[str, float]) -> str:
    rows: list[Row] = []
    for name, operation in {**OPERATIONS, GUEST_TRAP: IN_GUEST}.items():
        if f"kernel.{name}.instructions" in recorded:
            rows.append(_kernel_row(operation, _cost(recorded, name), operation.anchor(name)))
    head = ("operation", "Keelback", "to reach", "seL4", "seL4 MCS", "barriers", "TLB", "register writes", "counted")
    return _table("Kernel operations, instructions executed at EL2", head, rows)


def _cost(recorded: Mapping[str, float], name: str) -> Cost:
    fields = ("instructions", "barriers", "tlb_operations", "register_writes")
    return Cost(*(int(recorded[f"kernel.{name}.{field}"]) for field in fields))


def _kernel_row(operation: Operation, cost: Cost, anchor: KernelAnchor) -> Row:
    aim = "-" if anchor.aim is None else anchor.aim
    sorts = (cost.barriers, cost.tlb_operations, cost.register_writes)
    return (operation.title, cost.instructions, aim, anchor.sel4, anchor.sel4_mcs, *sorts, operation.counted)


def _traps(recorded: Mapping[str, float]) -> str:
    rows: list[Row] = []
    for name in TRAP_SPANS:
        kernel, monitor = (int(recorded[f"traps.{name}.{part}"]) for part in ("kernel", "monitor"))
        xen, kvm, sel4 = TRAP_ANCHORS.get(name, ("-", "-", "-"))
        rows.append((TITLES[name], kernel + monitor, kernel, monitor, xen, kvm, sel4))
    head = ("trap", "Keelback", "of it kernel", "of it monitor", "Xen", "KVM", "seL4, without its monitor")
    return _table("A guest's traps, instructions until it goes on", head, rows)


def _linux(recorded: Mapping[str, float]) -> str:
    rows: list[Row] = []
    for name, title in TITLES.items():
        ratio = recorded.get(f"linux.{name}.ratio")
        if ratio is not None:
            anchor = GUEST_ANCHORS.get(name)
            others: Row = ("-", "-", "-") if anchor is None else (anchor.xen_dom0, anchor.xen_domu, anchor.kvm)
            rows.append((title, f"{ratio:.4f}", *others))
    head = ("workload", "Keelback", "Xen Dom0", "Xen DomU", "KVM")
    return _table("The same Debian Linux, relative to the bare machine", head, rows)

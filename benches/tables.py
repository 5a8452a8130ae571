"""The tables that `make bench` prints: measured figures beside those of other systems. Measures nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benches.anchors import GUEST_ANCHORS, HYPERCALL_NS, KERNEL_ANCHORS, GuestAnchor, KernelAnchor
from benches.operations import IN_GUEST, OPERATIONS
from benches.primitives import Cost
from benches.traps import TrapCost

TITLES = {
    "guest_device_read": "device register read",
    "guest_hypercall": "null hypercall (PSCI_VERSION)",
    "guest_self_interrupt": "interrupt to itself, sent and taken",
    "cpu_loop": "CPU loop",
    "getppid": "getppid",
    "fork_exec": "fork + exec + wait",
    "touch_page": "touch 64 MiB, per page",
    "touch_page_huge": "the same, huge pages allowed",
    "pipe": "pipe round trip",
    "nanosleep_excess": "nanosleep(1 ms), excess",
    "console_byte": "console, per byte",
    "device_read": "trapped device read",
    "reset_to_init": "reset -> /init",
}

# Xen, KVM, seL4 (the trap, the resume and the skip, without the monitor's own work).
TRAP_ANCHORS = {
    "guest_device_read": (
        f"{GUEST_ANCHORS['device_read'].xen_domu:g}",
        f"{GUEST_ANCHORS['device_read'].kvm:g}",
        KERNEL_ANCHORS["guest_trap"].sel4,
    ),
    "guest_hypercall": (f"{HYPERCALL_NS.xen_domu:g}", f"{HYPERCALL_NS.kvm:g}", "-"),
}


def format_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in plain text: first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        return "  ".join(cells).rstrip()

    return "\n".join([title, line(head), "  ".join("-" * width for width in widths), *map(line, rows), ""])


def kernel_table(costs: Mapping[str, Cost], recorded: Mapping[str, float]) -> str:
    """Kernel operations: instructions at EL2, one way."""
    head = ("operation", "measured", "recorded", "seL4 EL2", "seL4 MCS", "to reach", "barriers", "TLB", "sysreg writes")
    rows: list[tuple[str, ...]] = []
    for name, cost in costs.items():
        operation = OPERATIONS.get(name, IN_GUEST)
        rows.append(_kernel_row(operation.title, name, cost, recorded, operation.anchor(name)))
    return format_table("Kernel operations, instructions executed at EL2", head, rows)


def counted_text() -> str:
    """What each row of the kernel's table counts."""
    rows = [*OPERATIONS.values(), IN_GUEST]
    width = max(len(operation.title) for operation in rows)
    lines = [f"  {operation.title.ljust(width)}  {operation.counted}" for operation in rows]
    return "\n".join(["What is counted, instructions of the kernel only unless it says svc:", *lines, ""])


def different_text(costs: Mapping[str, Cost], others: Mapping[str, Cost]) -> str:
    """Which operations cost something else in another build; `costs` are those of the table."""
    found = [
        f"  {OPERATIONS[name].title}: {costs[name].instructions} and {cost.instructions}"
        for name, cost in others.items()
        if cost != costs[name]
    ]
    return "\n".join(["A build for one core differs:", *found, ""]) if found else "A build for one core: the same.\n"


def _kernel_row(
    title: str, name: str, cost: Cost, recorded: Mapping[str, float], anchor: KernelAnchor
) -> tuple[str, ...]:
    known = recorded.get(f"kernel.{name}.instructions")
    return (
        title,
        str(cost.instructions),
        "-" if known is None else f"{known:g}",
        anchor.sel4,
        anchor.sel4_mcs,
        "-" if anchor.aim is None else str(anchor.aim),
        str(cost.barriers),
        str(cost.tlb_operations),
        str(cost.register_writes),
    )


def trap_table(costs: Mapping[str, TrapCost]) -> str:
    """Guest traps: instructions until the guest goes on."""
    head = (
        "trap",
        "all",
        "-> VMM",
        "VMM",
        "kernel",
        "visits",
        "barriers",
        "TLB",
        "sysreg writes",
        "Xen",
        "KVM",
        "seL4",
    )
    rows: list[tuple[str, ...]] = []
    for name, cost in costs.items():
        counts = (cost.total, cost.into_monitor, cost.monitor, cost.kernel, cost.visits)
        sorts = (cost.barriers, cost.tlb_operations, cost.register_writes)
        others = TRAP_ANCHORS.get(name, ("-", "-", "-"))
        rows.append((TITLES[name], *map(str, counts), *map(str, sorts), *others))
    return format_table("A guest's traps, instructions until it goes on (seL4: trap + resume + skip)", head, rows)


def linux_table(bare: Mapping[str, float], guest: Mapping[str, float], recorded: Mapping[str, float]) -> str:
    """The same Linux on the bare machine and as a guest."""
    head = ("workload", "bare ns", "guest ns", "ratio", "recorded", "Xen Dom0", "Xen DomU", "KVM")
    rows: list[tuple[str, ...]] = []
    for name, title in TITLES.items():
        if name in bare and name in guest:
            anchor = GUEST_ANCHORS.get(name)
            known = recorded.get(f"linux.{name}.ratio")
            rows.append(
                (
                    title,
                    f"{bare[name]:,.1f}",
                    f"{guest[name]:,.1f}",
                    f"{guest[name] / bare[name]:.4f}",
                    "-" if known is None else f"{known:.4f}",
                    *_others(anchor, bare[name]),
                )
            )
    return format_table("The same Debian Linux, 512 MiB, one processor: guest relative to the bare machine", head, rows)


def _others(anchor: GuestAnchor | None, bare_ns: float) -> tuple[str, str, str]:
    if anchor is None:
        return ("-", "-", "-")
    figures = (anchor.xen_dom0, anchor.xen_domu, anchor.kvm)
    dom0, domu, kvm = (f"{figure / bare_ns if anchor.absolute else figure:g}" for figure in figures)
    return dom0, domu, kvm

"""The tables that `make bench` prints: measured figures beside those of other systems. Measures nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benches.anchors import GUEST_ANCHORS, HYPERCALL_NS, KERNEL_ANCHORS, GuestAnchor, KernelAnchor
from benches.primitives import Cost
from benches.traps import TrapCost

TITLES = {
    "null_call": "null system call",
    "call_refused": "call, refused (no capability)",
    "call": "call, 0 to 8 words",
    "reply_receive": "reply_receive, 0 to 8 words",
    "signal_no_waiter": "signal, nobody waits",
    "signal_waiter": "signal, a higher priority waits",
    "interrupt": "interrupt -> component",
    "interrupt_acknowledge": "acknowledge the interrupt",
    "fault": "page fault -> handler",
    "fault_reply": "handler's reply -> thread goes on",
    "capability_copy": "copy a capability",
    "capability_mint": "mint a capability",
    "capability_delete": "delete a capability",
    "revoke": "revoke",
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
        KERNEL_ANCHORS["guest_device_read"].sel4,
    ),
    "guest_hypercall": (f"{HYPERCALL_NS.xen_domu:g}", f"{HYPERCALL_NS.kvm:g}", "-"),
}

ROUND_TRIP = KernelAnchor("450 (4 words 498)", "511 (558)", 160)
SVC_COUNT = 2


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
        rows.append(_kernel_row(TITLES[name], name, cost, recorded, KERNEL_ANCHORS[name]))
        if name == "reply_receive":
            rows.append(_kernel_row("round trip with both svc", "", round_trip(costs), recorded, ROUND_TRIP))
    return format_table("Kernel operations, instructions executed at EL2", head, rows)


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


def round_trip(costs: Mapping[str, Cost]) -> Cost:
    """A call and its answer, with the two `svc` instructions of the components."""
    call, reply = costs["call"], costs["reply_receive"]
    return Cost(
        call.instructions + reply.instructions + SVC_COUNT,
        call.barriers + reply.barriers,
        call.tlb_operations + reply.tlb_operations,
        call.register_writes + reply.register_writes,
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

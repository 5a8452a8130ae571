"""The kernel operations that are measured: what each row of the table counts, beside seL4's figure. Measures nothing.

Names are what `--path` takes and what the recorded figures are called.
"""

from __future__ import annotations

from dataclasses import dataclass

from benches.anchors import KERNEL_ANCHORS, KernelAnchor

NO_ANCHOR = KernelAnchor("-")

GUEST_TRAP = "guest_trap"
GUEST_TRAP_SPAN = "guest_device_read"
"""The span of benches/traps.py that the row of a guest's trap is."""


@dataclass(frozen=True)
class Operation:
    """A row. `counted` says from where to where; `visits` is how often the kernel is entered.

    `svc_count`: instructions of components that the figure includes.
    """

    span: int
    title: str
    counted: str
    visits: int = 1
    svc_count: int = 0

    def anchor(self, name: str) -> KernelAnchor:
        """The figures of seL4 and the aim."""
        return KERNEL_ANCHORS.get(name, NO_ANCHOR)


CALL = "from the client's svc to the waiting server behind its own"
REPLY = "from the server's svc to the client behind its own; no other client waits"
ROUND = "a call and its answer, both ways through the kernel and both svc"
SIGNAL = "from the sender's svc to"
CREATED = "a pool's unborn entry becomes an object, with a capability in an empty slot"

OPERATIONS: dict[str, Operation] = {
    "null_call": Operation(1, "null system call", "in and out again"),
    "call_refused": Operation(2, "call, refused", "a slot without a capability; back to the caller with BAD_SLOT"),
    "call": Operation(3, "call, 0 words", CALL),
    "call_4": Operation(4, "call, 4 words", CALL),
    "call_8": Operation(5, "call, 8 words", CALL),
    "reply_receive": Operation(6, "reply_receive, 0 words", REPLY),
    "reply_receive_4": Operation(7, "reply_receive, 4 words", REPLY),
    "reply_receive_8": Operation(8, "reply_receive, 8 words", REPLY),
    "round_trip": Operation(9, "round trip, 0 words", ROUND, visits=2, svc_count=2),
    "round_trip_4": Operation(10, "round trip, 4 words", ROUND, visits=2, svc_count=2),
    "round_trip_8": Operation(11, "round trip, 8 words", ROUND, visits=2, svc_count=2),
    "call_pass": Operation(12, "call passing a capability", f"{CALL}, a copy in the slot that it said"),
    "signal_waiter": Operation(13, "signal, a higher priority waits", f"{SIGNAL} the waiter behind its own"),
    "signal_no_waiter": Operation(14, "signal, nobody waits", f"{SIGNAL} the sender again"),
    "interrupt": Operation(15, "interrupt -> component", "from the interrupted component to the one that waits for it"),
    "interrupt_acknowledge": Operation(16, "acknowledge the interrupt", "in and out again; the line may fire again"),
    "fault": Operation(17, "page fault -> handler", "from the load that finds nothing to the handler behind its svc"),
    "fault_reply": Operation(18, "handler's reply -> thread goes on", "from the handler's svc to the faulted thread"),
    "map": Operation(19, "map a page", "4 KiB, writable, into a table of the caller's address space"),
    "unmap": Operation(20, "unmap a page", "the same page, out of use on every core when the call returns"),
    "create_endpoint": Operation(21, "create an endpoint", CREATED),
    "create_notification": Operation(22, "create a notification", CREATED),
    "create_thread": Operation(23, "create a thread", CREATED),
    "create_table": Operation(24, "create a capability table", CREATED),
    "create_space": Operation(25, "create an address space", CREATED),
    "create_page_table": Operation(26, "create a page table", CREATED),
    "create_time": Operation(27, "create a scheduling context", CREATED),
    "create_vcpu": Operation(28, "create a vcpu", f"{CREATED}; its registers get their reset values"),
    "destroy_endpoint": Operation(29, "destroy an endpoint", "unborn again; every capability to it is dead"),
    "claim": Operation(30, "claim a frame", "a capability to an object that the pool owns, in an empty slot"),
    "capability_copy": Operation(31, "copy a capability", "into an empty slot of the own table"),
    "capability_mint": Operation(32, "mint a capability", "the same, with fewer rights and a badge"),
    "capability_move": Operation(33, "move a capability", "into an empty slot of the own table"),
    "capability_delete": Operation(34, "delete a capability", "from a slot of the own table"),
    "revoke": Operation(35, "revoke 1 capability", "all but the caller's own are dead behind it; 1 other lived"),
    "revoke_64": Operation(36, "revoke 64 capabilities", "the same; 64 others lived"),
    "revoke_10000": Operation(37, "revoke 10,000 capabilities", "the same; 10,000 others lived"),
}

IN_GUEST = Operation(
    0,
    "guest trap -> VMM -> guest, instruction skipped",
    "a load from an emulated device: both ways through the kernel, without the monitor's own instructions",
    visits=2,
)
"""Measured in another system than the others: benches/traps.py."""

SPANS = {name: operation.span for name, operation in OPERATIONS.items()}

CALLS: dict[str, str] = {
    "null_call": "NULL",
    "call_refused": "CALL",
    "call": "CALL",
    "call_4": "CALL",
    "call_8": "CALL",
    "reply_receive": "REPLY_RECEIVE",
    "reply_receive_4": "REPLY_RECEIVE",
    "reply_receive_8": "REPLY_RECEIVE",
    "call_pass": "CALL_PASS",
    "signal_waiter": "SIGNAL",
    "signal_no_waiter": "SIGNAL",
    "interrupt_acknowledge": "INTERRUPT_ACKNOWLEDGE",
    "fault_reply": "REPLY_RECEIVE",
    "map": "MAP",
    "unmap": "UNMAP",
    "create_endpoint": "OBJECT_CREATE",
    "create_notification": "OBJECT_CREATE",
    "create_thread": "OBJECT_CREATE",
    "create_table": "OBJECT_CREATE",
    "create_space": "OBJECT_CREATE",
    "create_page_table": "OBJECT_CREATE",
    "create_time": "OBJECT_CREATE",
    "create_vcpu": "OBJECT_CREATE",
    "destroy_endpoint": "OBJECT_DESTROY",
    "claim": "OBJECT_CLAIM",
    "capability_copy": "CAPABILITY_COPY",
    "capability_mint": "CAPABILITY_MINT",
    "capability_move": "CAPABILITY_MOVE",
    "capability_delete": "CAPABILITY_DELETE",
    "revoke": "REVOKE",
    "revoke_64": "REVOKE",
    "revoke_10000": "REVOKE",
}
"""The system call that an operation is, those of several entries left out."""

EXCEPTIONS: dict[str, str] = {
    "interrupt": "device (32-1019)",
    "fault": "data abort",
}
"""The entry, by its name in the latency report, that other operations are."""

GUEST_CALLS: dict[str, tuple[str, str]] = {
    "traps.guest_device_read.back": ("VCPU_RUN", "into a guest again, after a device read"),
    "traps.guest_hypercall.back": ("VCPU_RUN", "into a guest again, after a hypercall"),
}
"""By name of the recorded figure: the call that a part of a guest's trap is, and which part."""

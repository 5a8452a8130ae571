"""What other systems cost on the same emulated machine (QEMU 7.2, icount), measured the same way. Measures nothing.

Kernel operations: seL4 16.0.0 at EL2, release build, fast path on, without and with MCS scheduling, cortex-a53;
instructions in the kernel, one way. Guests: the same Debian kernel on Xen 4.17 and KVM (nVHE, kvmtool).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KernelAnchor:
    """seL4's instructions as printed, and how many this kernel is to reach in the end (None: no such aim)."""

    sel4: str
    sel4_mcs: str = "-"
    aim: int | None = None


KERNEL_ANCHORS: dict[str, KernelAnchor] = {
    "null_call": KernelAnchor("91", aim=45),
    "call_refused": KernelAnchor("264-352", "332-418", 60),
    "call": KernelAnchor("208", "223", 75),
    "call_4": KernelAnchor("232", "246", 75),
    "call_8": KernelAnchor("719 (10 words)", "949", 75),
    "reply_receive": KernelAnchor("240", "286", 85),
    "reply_receive_4": KernelAnchor("264", "310", 85),
    "reply_receive_8": KernelAnchor("695 (10 words)", "1111", 85),
    "round_trip": KernelAnchor("450", "511", 160),
    "round_trip_4": KernelAnchor("498", "558", 160),
    "round_trip_8": KernelAnchor("1416 (10 words)", "2062", 160),
    "call_pass": KernelAnchor("955", "1185", 160),
    "signal_no_waiter": KernelAnchor("335", "406", 70),
    "signal_waiter": KernelAnchor("505", "658", 150),
    "interrupt": KernelAnchor("347", "480", 170),
    "interrupt_acknowledge": KernelAnchor("364", "438", 70),
    "fault": KernelAnchor("498 (fast path 222)", "675", 130),
    "fault_reply": KernelAnchor("594 (fast path 245)", "1035", 130),
    "guest_trap": KernelAnchor("553 + 628 + 786", "730 + 1069 + 934", 240),
    "map": KernelAnchor("534", "631", 110),
    "unmap": KernelAnchor("490", "590", 110),
    "create_endpoint": KernelAnchor("660", "762", 120),
    "create_notification": KernelAnchor("-", "-", 120),
    "create_thread": KernelAnchor("661", "760", 120),
    "create_table": KernelAnchor("-", "-", 120),
    "create_space": KernelAnchor("-", "-", 120),
    "create_page_table": KernelAnchor("-", "-", 120),
    "create_time": KernelAnchor("-", "-", 120),
    "create_vcpu": KernelAnchor("-", "-", 120),
    "claim": KernelAnchor("1069 (create a frame)", "1170", 120),
    "capability_copy": KernelAnchor("635", "713", 90),
    "capability_mint": KernelAnchor("653", "731", 90),
    "capability_delete": KernelAnchor("585", "660", 90),
    "revoke": KernelAnchor("683", "763", 60),
    "revoke_64": KernelAnchor("12,594", "13,073", 60),
    "revoke_10000": KernelAnchor("-", "-", 60),
}


@dataclass(frozen=True)
class GuestAnchor:
    """A workload's cost on Xen (Dom0, DomU) and KVM, relative to the bare machine unless `absolute` (ns)."""

    xen_dom0: float
    xen_domu: float
    kvm: float
    absolute: bool = False


GUEST_ANCHORS: dict[str, GuestAnchor] = {
    "cpu_loop": GuestAnchor(1.0, 1.0, 1.0),
    "getppid": GuestAnchor(1.0007, 1.0004, 1.002),
    "fork_exec": GuestAnchor(1.0007, 0.9996, 1.0002),
    "touch_page": GuestAnchor(1.0006, 1.0005, 1.002),
    "pipe": GuestAnchor(1.0002, 0.9999, 1.002),
    "nanosleep_excess": GuestAnchor(1.96, 1.80, 2.52),
    "console_byte": GuestAnchor(3.2, 14.0, 113.0),
    "reset_to_init": GuestAnchor(1.21, 1.14, 2.60),
    "device_read": GuestAnchor(603, 603, 2370, absolute=True),
}

HYPERCALL_NS = GuestAnchor(423, 423, 1605, absolute=True)

"""Why the kernel is entered: each system call, each interrupt, each class of exception, and at which vector.

Vectors: Arm DDI 0487, D1.3.1.5 (only those from a lower exception level; from EL2 itself: panic). Classes: ESR_EL2
there, D24.2.45. Interrupt numbers: Arm Base System Architecture, DEN 0094, 3.6; GICv3, IHI 0069, 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from keelback.abi import syscalls
from keelback.reports.latency.machine_code import STACK_POINTER
from keelback.reports.latency.states import STACK_TOP, State
from keelback.reports.latency.values import Value, between, exactly

SYNCHRONOUS = 0x400
INTERRUPT = 0x480
FAST_INTERRUPT = 0x500
SYSTEM_ERROR = 0x580
NARROW = 0x200  # how much further the vectors of AArch32 are

SUPERVISOR_CALL_CLASS = 0x15
CLASS_SHIFT = 26
CLASS_COUNT = 64
LONG_INSTRUCTION = 1 << 25

CLASSES = {
    0x00: "undefined instruction",
    0x01: "wfi or wfe",
    0x07: "floating point",
    0x16: "hypervisor call",
    0x17: "firmware call",
    0x18: "system register",
    0x20: "instruction abort",
    0x22: "pc not aligned",
    0x24: "data abort",
    0x26: "sp not aligned",
    0x3C: "breakpoint instruction",
}

LINES = {
    "from another core (0-15)": (0, 15),
    "virtual GIC (25)": (25, 25),
    "kernel's timer (26)": (26, 26),
    "guest's timer (27)": (27, 27),
    "other private (16-24)": (16, 24),
    "other private (28-31)": (28, 31),
    "device (32-1019)": (32, 1019),
    "none (1020 and up)": (1020, 0xFF_FFFF),
}


@dataclass(frozen=True)
class Entry:
    """One way into the kernel. `kind`: "system call", "interrupt", "fault or guest exit" or "system error"."""

    kind: str
    name: str
    offset: int
    system: tuple[tuple[str, Value], ...] = ()

    def state(self) -> State:
        """What is known at the vector."""
        return State({STACK_POINTER: exactly(STACK_TOP)}, system=dict(self.system))


def call_names() -> dict[int, str]:
    """System calls by number, as keelback.abi.syscalls names them: those documented, below the first unknown number."""
    found: dict[int, str] = {}
    for name, number in vars(syscalls).items():
        if name.isupper() and name != "SYSTEM_CALL_COUNT" and isinstance(number, int):
            found.setdefault(number, name)  # action numbers (OFF, RESET) come after the calls
    return dict(sorted(found.items()))


def all_entries() -> Iterator[Entry]:
    """All of them."""
    names = call_names()
    for number, name in names.items():
        yield Entry("system call", name, SYNCHRONOUS, _call(number, number))
    yield Entry("system call", "unknown number", SYNCHRONOUS, _call(max(names) + 1, 0xFFFF))
    for name, (low, high) in LINES.items():
        yield Entry("interrupt", name, INTERRUPT, (("icc_iar1_el1", between(low, high)),))
    yield from _exceptions()
    yield Entry("system error", "system error", SYSTEM_ERROR)
    yield Entry("system error", "fast interrupt", FAST_INTERRUPT)
    for name, offset in (("interrupt", INTERRUPT), ("fast interrupt", FAST_INTERRUPT), ("system error", SYSTEM_ERROR)):
        yield Entry("AArch32", name, offset + NARROW)
    yield Entry("AArch32", "exception", SYNCHRONOUS + NARROW)


def _exceptions() -> Iterator[Entry]:
    for number, name in CLASSES.items():
        yield Entry("fault or guest exit", name, SYNCHRONOUS, _classes(number, number))
    named = sorted({*CLASSES, SUPERVISOR_CALL_CLASS, CLASS_COUNT})
    for before, after in pairwise(named):
        for low, high in aligned_blocks(before + 1, after - 1):
            yield Entry("fault or guest exit", "other class", SYNCHRONOUS, _classes(low, high))


def aligned_blocks(low: int, high: int) -> Iterator[tuple[int, int]]:
    """A range in pieces that differ in low bits only, so that what the kernel does with the high bits stays known."""
    while low <= high:
        size = low & -low or 1
        while low + size - 1 > high:
            size //= 2
        yield low, low + size - 1
        low += size


def _call(low: int, high: int) -> tuple[tuple[str, Value], ...]:
    """ESR_EL2 of `svc` with these numbers, an instruction of 32 bits."""
    base = SUPERVISOR_CALL_CLASS << CLASS_SHIFT | LONG_INSTRUCTION
    return (("esr_el2", between(base + low, base + high)),)


def _classes(low: int, high: int) -> tuple[tuple[str, Value], ...]:
    """ESR_EL2 of some classes."""
    return (("esr_el2", between(low << CLASS_SHIFT, ((high + 1) << CLASS_SHIFT) - 1)),)

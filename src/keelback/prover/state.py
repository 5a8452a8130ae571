"""The abstract state of the kernel: what a system call can see and change, without how the kernel stores it.

Queues are sequences, empty slots are absent, and a field that means nothing in some state has one fixed value there.
What the processor holds for whoever runs (translation, EL1 registers of a loaded vcpu) is not part of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple


class Activity(IntEnum):
    """What a thread does. The numbers are those of the kernel's `Thread.state`."""

    STOPPED = 0
    READY = 1
    CALLING = 2
    AWAITING = 3
    RECEIVING = 4
    WAITING = 5
    GUEST_IDLE = 6


class Access(IntEnum):
    """What a guest's last exit left open. The numbers are those of the kernel's `Vcpu.access`."""

    NONE = 0
    LOAD = 1
    REGISTER = 2
    HYPERCALL = 3


class Capability(NamedTuple):
    """A filled slot."""

    kind: int
    object: int
    generation: int
    rights: int
    badge: int


class Record(NamedTuple):
    """A record of the trace: four words."""

    time: int
    head: int
    second: int
    third: int


class Sizes(NamedTuple):
    """What the tables' sizes mean to callers."""

    slots: int
    cores: int
    trace_records: int
    list_registers: int


@dataclass
class Thread:
    """A thread. `registers` are x0..x30, sp, pc and pstate: THREAD_READ's numbering."""

    index: int
    registers: list[int]
    priority: int
    table: int
    notification: int
    fault_endpoint: int
    fault_badge: int
    thread_pointer: int
    activity: Activity
    endpoint: int  # where it calls or receives, else 0
    badge: int  # of the capability it calls with, else 0
    fault: tuple[int, ...] | None  # the fault it has not been resumed from
    client: int  # the thread it owes a reply, or 0
    server: int  # the thread that owes it a reply, or 0
    guest: int  # the vcpu it runs, or 0

    @property
    def is_held(self) -> bool:
        """It runs on only when somebody resumes it."""
        return self.activity == Activity.STOPPED or self.fault is not None


@dataclass
class Endpoint:
    """Where one thread receives, and who waits to be received, in order of arrival."""

    server: int
    callers: list[int]


@dataclass
class Notification:
    """Bits that one thread is told of."""

    thread: int
    pending: int


@dataclass
class Interrupt:
    """A device's line."""

    line: int
    notification: int
    bits: int
    fired: bool


class VirtualInterrupt(NamedTuple):
    """An interrupt that a guest has pending, active, or both."""

    priority: int
    pending: bool
    active: bool


@dataclass
class OpenAccess:
    """The access that a guest waits to have completed."""

    kind: Access
    register: int
    size: int  # log2 of its bytes
    signed: bool
    wide: bool


@dataclass
class Vcpu:
    """A virtual processor. `registers` are x0..x30, sp, pc and pstate: VCPU_READ's numbering."""

    monitor: int
    registers: list[int]
    el1: dict[str, int]
    interrupts: dict[int, VirtualInterrupt]
    interface: tuple[int, int, int]
    mpidr: int
    midr: int
    access: OpenAccess | None
    instruction_bytes: int
    timer_priority: int
    timer_enabled: bool
    timer_due: bool
    wants_room: bool


@dataclass
class Trace:
    """The newest records, the number of the next one, and the mask of kinds that are recorded."""

    mask: int
    next: int
    records: list[Record]


@dataclass
class State:
    """Everything."""

    sizes: Sizes
    current: int  # the thread that runs, or 0; it is in no queue
    ready: dict[int, list[int]]  # priority -> who waits to run, in order; no empty ones
    threads: dict[int, Thread]
    endpoints: dict[int, Endpoint]
    notifications: dict[int, Notification]
    interrupts: dict[int, Interrupt]
    vcpus: dict[int, Vcpu]
    capabilities: dict[int, dict[int, Capability]]  # table -> slot -> capability
    generations: dict[tuple[int, int], int]  # (kind, index) -> the generation that lives
    floating_point: dict[int, tuple[int, ...]]  # owner -> its registers, if any is not zero
    floating_point_owner: int  # whose are in the processor
    trace: Trace
    now: int = field(default=0)  # the board's counter

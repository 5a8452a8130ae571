"""The abstract state of the kernel: what a system call can see and change, without how the kernel stores it.

Queues are sequences, timers a map, mappings sets, empty slots are absent; counts are cardinalities, and a field that
means nothing in some state has one fixed value there. What the processor holds for whoever runs (translation, EL1
registers of a loaded vcpu) is not part of it.
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
    RECEIVING_UNTIL = 5
    WAITING = 6
    GUEST_IDLE = 7


RECEIVES = (Activity.RECEIVING, Activity.RECEIVING_UNTIL)
"""In RECEIVE, without a deadline and with one."""


class Access(IntEnum):
    """What a guest's last exit left open. The numbers are those of the kernel's `Vcpu.access`."""

    NONE = 0
    LOAD = 1
    REGISTER = 2
    HYPERCALL = 3


class Object(NamedTuple):
    """What every object has, and every entry for one: the pool that owns it, and whether it lives."""

    generation: int
    owner: int
    live: bool


class Capability(NamedTuple):
    """A filled slot. The generation of no grant is 0."""

    kind: int
    object: int
    generation: int
    rights: int
    badge: int
    grant: int = 0
    grant_generation: int = 0


class Record(NamedTuple):
    """A record of the trace: four words."""

    time: int
    head: int
    second: int
    third: int


class Charge(NamedTuple):
    """Whose time is used: a scheduling context in its present incarnation, 0 for no limit."""

    context: int
    incarnation: int


class Sleep(NamedTuple):
    """Until when a thread waits, in ticks, and the core whose timer wakes it."""

    core: int
    deadline: int


class Sizes(NamedTuple):
    """What the tables' sizes mean to callers."""

    cores: int
    partitions: int
    trace_records: int
    list_registers: int


@dataclass
class Thread:
    """A thread. `registers` are x0..x30, sp, pc and pstate: THREAD_READ's numbering."""

    index: int
    registers: list[int]
    core: int
    priority: int
    ceiling: int
    table: int
    space: int
    serves: int  # the endpoint whose server it is, or 0
    notification: int
    budget: int  # its own scheduling context, 0 for no limit
    vcpu: int
    fault_endpoint: tuple[int, int]  # and its generation; (0, 0) for none
    fault_badge: int
    accept: int  # slot for a capability that is passed to it, or 0
    thread_pointer: int
    activity: Activity
    endpoint: int  # where it calls, else 0
    badge: int  # of the capability it calls with, else 0
    passing: int  # slot of the capability it passes, else 0
    fault: tuple[int, ...] | None  # the fault it has not been resumed from
    client: int  # the thread it owes a reply, or 0
    server: int  # the thread that owes it a reply, or 0
    reply: int  # the reply object it waits in, or 0
    guest: int  # the vcpu it runs, or 0
    charge: Charge | None  # whose time it uses; none while that is up to what wakes it

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
    """A device's line, and the notification, of what generation, that it signals."""

    line: int
    notification: tuple[int, int]
    bits: int
    edge: bool
    fired: bool


@dataclass
class Time:
    """A scheduling context: `remaining` of `budget` ticks; full again `period - budget` after its last use."""

    budget: int
    period: int
    remaining: int
    last: int
    thread: int  # whose own it is, or 0
    incarnation: int
    partition: int
    fault_on_overrun: bool

    @property
    def refill(self) -> int:
        """When it is full again."""
        return self.last + self.period - self.budget & (1 << 64) - 1


class Window(NamedTuple):
    """A window of a cyclic schedule: who may run beside partition 0, for how long, and what comes then."""

    ticks: int
    partition: int
    next: int


class Mapping(NamedTuple):
    """An entry of a translation table that maps a frame, with flags as MAP has them."""

    frame: int
    flags: int


class Link(NamedTuple):
    """An entry that points to another table."""

    table: int


class Built(NamedTuple):
    """An entry that the image was built with."""

    word: int


Entry = Mapping | Link | Built


@dataclass
class Translation:
    """An address space's first table (level 1), or a page table."""

    level: int
    entries: dict[int, Entry]


class Size(IntEnum):
    """What a frame is. The numbers are those of the kernel's `Frame.size`."""

    SMALL = 0
    LARGE = 1
    DEVICE = 2


@dataclass
class Frame:
    """Memory that can be mapped, and how many of its pieces are to be cleared before it may change hands."""

    address: int
    size: Size
    dirty: int


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
    space: int
    registers: list[int]
    el1: dict[str, int]
    interrupts: dict[int, VirtualInterrupt]
    arriving: dict[int, int]  # interrupts from other cores, with their priorities, while it is loaded
    loaded_on: int  # number of the core that has its registers + 1, or 0
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

    @property
    def oldest(self) -> int:
        """The number of the oldest record that is kept."""
        return self.next - len(self.records)


@dataclass
class Core:
    """A processor core: the thread that runs, and since when whose time is used."""

    current: int  # or 0; it is in no queue
    window: int  # of its cyclic schedule, or 0
    window_end: int
    partition: int  # whose threads may run, beside those of partition 0
    asked: int  # what other cores want of it
    stopping: int  # the thread that they want stopped if it still runs, or 0
    component: int  # the thread whose thread pointer it has, or 0
    loaded: int  # the vcpu whose registers it has, or 0
    floating_point_owner: int  # whose floating-point registers it has, or 0
    charged: Charge
    charge_start: int
    trace: Trace


@dataclass
class State:
    """Everything. Steps say on which core (`here`) and when (`now`) they happen."""

    sizes: Sizes
    cores: dict[int, Core]
    ready: dict[tuple[int, int, int], list[int]]  # core, partition, priority -> who waits to run; no empty ones
    sleeping: dict[int, Sleep]  # thread -> until when
    objects: dict[tuple[int, int], Object]  # (kind, index), of all that can be named
    threads: dict[int, Thread]
    endpoints: dict[int, Endpoint]
    replies: dict[int, int]  # reply object -> its client, if it has one
    notifications: dict[int, Notification]
    interrupts: dict[int, Interrupt]
    times: dict[int, Time]
    windows: dict[int, Window]
    vcpus: dict[int, Vcpu]
    tables: dict[int, int]  # capability table -> how many slots it has
    capabilities: dict[int, dict[int, Capability]]  # table -> slot -> capability
    translations: dict[int, Translation]
    frames: dict[int, Frame]
    floating_point: dict[int, tuple[int, ...]]  # owner -> its registers, if any is not zero
    here: int = field(default=0, compare=False)
    now: int = field(default=0, compare=False)  # the board's counter

    @property
    def core(self) -> Core:
        """The core where things happen."""
        return self.cores[self.here]

    @property
    def current(self) -> int:
        """The thread that runs on it."""
        return self.core.current

    def mappings(self, frame: int) -> int:
        """How many entries map a frame."""
        entries = (entry for table in self.translations.values() for entry in table.entries.values())
        return sum(isinstance(entry, Mapping) and entry.frame == frame for entry in entries)

    def parent(self, table: int) -> tuple[int, int] | None:
        """The table, and its entry, that point to a table."""
        for index, translation in self.translations.items():
            for number, entry in translation.entries.items():
                if entry == Link(table):
                    return index, number
        return None

    def users(self, space: int) -> int:
        """How many threads and vcpus have an address space."""
        threads = sum(thread.space == space for thread in self.threads.values())
        return threads + sum(vcpu.space == space for vcpu in self.vcpus.values())

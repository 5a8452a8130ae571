"""From the kernel's tables to the abstract state: links become sequences, stale fields disappear.

Each part of the state is a family of functions (`incremental`) under the name of the state's field: of one object, None
where there is none, or of the whole. Assumes the invariants (`invariants`): a queue whose links go in circles has no
sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from keelback.abi import limits, mappings
from keelback.abi import objects as kinds
from keelback.prover.incremental import Family, Key, Watch, each, pairs
from keelback.prover.state import (
    RECEIVES,
    Access,
    Activity,
    Built,
    Capability,
    Charge,
    Core,
    Endpoint,
    Entry,
    Frame,
    Interrupt,
    Link,
    Mapping,
    Notification,
    Object,
    OpenAccess,
    Record,
    Size,
    Sizes,
    Sleep,
    State,
    Thread,
    Time,
    Trace,
    Translation,
    Vcpu,
    VirtualInterrupt,
    Window,
)
from keelback.prover.tables import Row, Tables, is_zero, named_values

PRIORITY_COUNT = limits.PRIORITY_COUNT
READY_WORDS = PRIORITY_COUNT // 64
CORE_TIMERS = 4 * 64
"""Timer queues of a core."""
RECORD_WORDS = 4

ENTRY_COUNT = mappings.ENTRY_COUNT
PAGE_LEVEL = 3
TABLE_BIT = 2
ACCESS_SHIFT = 6
NEVER_EXECUTE = 54

INTERRUPT_ID = 0xFFFF_FFFF
LIST_PRIORITY = 48
LIST_PENDING = 1 << 62
LIST_ACTIVE = 1 << 63

SYNDROME_LONG = 1 << 25
"""IL: the trapped instruction has 4 bytes."""
FULL_SIZE = 3

ACTIVITIES = {int(activity): activity for activity in Activity}
IDLE_ACTIVITIES = (Activity.STOPPED, *RECEIVES, Activity.WAITING)
"""What wakes a thread that does this decides whose time it uses then."""


def members(tables: Tables, queue: int) -> Iterator[int]:
    """The threads in a queue, from its head on."""
    index = tables.queues[queue].head
    for _ in tables.threads:  # no more than there are, were the links broken
        if not index:
            return
        yield index
        index = tables.threads[index].next


def ready_queues(tables: Tables) -> int:
    """How many queues are ready queues: the others follow."""
    return PRIORITY_COUNT * len(tables.cores) * (len(tables.cores[0].ready) // READY_WORDS)


def timer_queues(tables: Tables) -> int:
    """The first queue that is a timer's; callers' queues are before them."""
    return ready_queues(tables) + len(tables.endpoints)


def charge(number: int) -> Charge:
    """Whose time is used."""
    return Charge(number & (1 << 32) - 1, number >> 32)


@each("cores", first=0)
def cores(tables: Tables, number: int) -> Core:
    """What a processor core does."""
    row = tables.cores[number]
    return Core(
        current=row.current,
        window=row.window,
        window_end=row.window_end,
        partition=row.partition,
        asked=row.asked,
        stopping=row.stopping,
        component=row.component,
        loaded=row.loaded,
        floating_point_owner=row.fp_owner,
        charged=charge(row.charged),
        charge_start=row.charge_start,
        trace=trace(tables, number),
    )


def trace(tables: Tables, number: int) -> Trace:
    """A core's records that are kept, oldest first."""
    core, size = tables.cores[number], len(tables.trace_records) // len(tables.cores)
    ring = tables.trace_records[number * size : (number + 1) * size]
    last = core.trace_next * RECORD_WORDS
    starts = range(max(0, last - size), last, RECORD_WORDS)
    records = [Record(*ring[start % size : start % size + RECORD_WORDS]) for start in starts]
    return Trace(core.trace_mask, core.trace_next, records)


def ready_keys(tables: Tables) -> Iterator[tuple[int, int, int]]:
    """Core, partition and priority of all ready queues."""
    partitions = range(len(tables.cores[0].ready) // READY_WORDS)
    return product(range(len(tables.cores)), partitions, range(1, PRIORITY_COUNT))


@pairs(ready_keys)
def ready(tables: Tables, core: int, partition: int, priority: int) -> list[int] | None:
    """Who waits to run, if anybody does."""
    return list(members(tables, (partition * len(tables.cores) + core) * PRIORITY_COUNT + priority)) or None


@each("threads")
def sleeping(tables: Tables, index: int) -> Sleep | None:
    """Until when a thread waits, if it does."""
    row, first = tables.threads[index], timer_queues(tables)
    return Sleep((row.queue - first) // CORE_TIMERS, row.deadline) if row.queue >= first else None


def registers(row: Row) -> list[int]:
    """x0..x30, sp, pc, pstate."""
    context = row.context
    return [*context.registers, context.stack_pointer, context.program_counter, context.process_state]


@each("threads")
def threads(tables: Tables, index: int) -> Thread:
    """A thread, without what means nothing in its present state."""
    row = tables.threads[index]
    activity = ACTIVITIES[row.state]
    is_calling = activity == Activity.CALLING
    live = row.header.live
    return Thread(
        index=index,
        registers=registers(row),
        core=row.rank // PRIORITY_COUNT if live else 0,
        priority=row.rank % PRIORITY_COUNT if live else 0,
        ceiling=row.ceiling if live else 0,
        table=row.table,
        space=row.space,
        serves=row.serves,
        notification=row.notification,
        budget=row.budget,
        vcpu=row.vcpu,
        fault_endpoint=(row.fault_endpoint, row.fault_generation) if row.fault_endpoint else (0, 0),
        fault_badge=row.fault_badge if row.fault_endpoint else 0,
        accept=row.accept,
        thread_pointer=row.thread_pointer,
        activity=activity,
        endpoint=row.endpoint if is_calling else 0,
        badge=row.badge if is_calling and not row.faulting else 0,
        passing=row.passing if is_calling else 0,
        fault=row.fault_words if row.faulting else None,
        client=row.client,
        server=row.server if activity == Activity.AWAITING and not row.reply else 0,
        reply=row.reply if activity == Activity.AWAITING else 0,
        guest=row.guest,
        charge=None if activity in IDLE_ACTIVITIES else charge(row.charged),
    )


@each("endpoints")
def endpoints(tables: Tables, index: int) -> Endpoint:
    """An endpoint with the queue of its callers."""
    return Endpoint(tables.endpoints[index].server, list(members(tables, ready_queues(tables) + index)))


@each("replies")
def replies(tables: Tables, index: int) -> int | None:
    """The client that a reply object holds."""
    return tables.replies[index].client or None


@each("notifications")
def notifications(tables: Tables, index: int) -> Notification:
    """A notification."""
    row = tables.notifications[index]
    return Notification(row.thread, row.pending)


@each("interrupts")
def interrupts(tables: Tables, index: int) -> Interrupt:
    """A device's line."""
    row = tables.interrupts[index]
    signals = (row.notification, row.notification_generation) if row.notification else (0, 0)
    return Interrupt(row.line, signals, row.bits, row.edge, row.fired)


@each("times")
def times(tables: Tables, index: int) -> Time:
    """A scheduling context."""
    row = tables.times[index]
    amounts = (row.budget, row.period, row.remaining, row.last)
    return Time(*amounts, row.thread, row.incarnation, row.partition, row.fault_on_overrun)


@each("windows")
def windows(tables: Tables, index: int) -> Window:
    """A window of a cyclic schedule."""
    row = tables.windows[index]
    return Window(row.ticks, row.partition, row.next)


@each("frames")
def frames(tables: Tables, index: int) -> Frame:
    """Memory that can be mapped."""
    row = tables.frames[index]
    return Frame(row.address, Size(row.size), row.dirty)


@each("translations")
def translations(tables: Tables, index: int) -> Translation:
    """A translation table, and what its entries mean."""
    level = tables.translations[index].level if tables.translations[index].header.live else 0
    first = index * ENTRY_COUNT
    words = tables.entries[first : first + ENTRY_COUNT]
    targets = tables.targets[first : first + ENTRY_COUNT]
    used = ((number, word) for number, word in enumerate(words) if word)
    return Translation(level, {number: entry(level, word, targets[number]) for number, word in used})


def entry(level: int, word: int, target: int) -> Entry:
    """What an entry that is not zero means (Arm DDI 0487, D8.3.1, D8.4.2, D8.5.5)."""
    if not target:
        return Built(word)
    if level != PAGE_LEVEL and word & TABLE_BIT:
        return Link(target)
    flags = word >> ACCESS_SHIFT & (mappings.READ | mappings.WRITE)
    return Mapping(target, flags if word >> NEVER_EXECUTE & 1 else flags | mappings.EXECUTE)


@each("vcpus")
def vcpus(tables: Tables, index: int) -> Vcpu:
    """A virtual processor. While it is loaded, part of this is in the processor."""
    row = tables.vcpus[index]
    return Vcpu(
        monitor=row.thread,
        space=row.space,
        registers=registers(row),
        el1=dict(named_values(row.el1)),
        interrupts=dict(virtual_interrupt(value) for value in row.list_registers if value >> 62),
        arriving={value & INTERRUPT_ID: value >> LIST_PRIORITY & 0xFF for value in row.arriving if value},
        loaded_on=row.loaded_on,
        interface=(row.interface_control, row.active_group0, row.active_group1),
        mpidr=row.mpidr,
        midr=row.midr,
        access=open_access(Access(row.access), row.syndrome),
        instruction_bytes=instruction_bytes(row.syndrome),
        timer_priority=row.timer_priority,
        timer_enabled=row.timer_enabled,
        timer_due=row.timer_due,
        wants_room=row.wants_room,
    )


def open_access(kind: Access, syndrome: int) -> OpenAccess | None:
    """What WRITE_RESULT would complete (Arm DDI 0487, ISS encodings for a data abort and for a trapped mrs)."""
    if kind == Access.NONE:
        return None
    if kind == Access.HYPERCALL:
        return OpenAccess(kind, 0, FULL_SIZE, signed=False, wide=True)
    if kind == Access.REGISTER:
        return OpenAccess(kind, syndrome >> 5 & 31, FULL_SIZE, signed=False, wide=True)
    signed, wide = bool(syndrome >> 21 & 1), bool(syndrome >> 15 & 1)
    return OpenAccess(kind, syndrome >> 16 & 31, syndrome >> 22 & 3, signed, wide)


def instruction_bytes(syndrome: int) -> int:
    """The length of the trapped instruction."""
    return 4 if syndrome & SYNDROME_LONG else 2


def virtual_interrupt(value: int) -> tuple[int, VirtualInterrupt]:
    """A list register that is in use (GIC IHI 0069, 12.4.11)."""
    priority = value >> LIST_PRIORITY & 0xFF
    return value & INTERRUPT_ID, VirtualInterrupt(priority, bool(value & LIST_PENDING), bool(value & LIST_ACTIVE))


@each("tables")
def tables(all_tables: Tables, index: int) -> int:
    """How many slots a capability table has."""
    return int(all_tables.tables[index].count)


@each("tables")
def capabilities(tables: Tables, table: int) -> dict[int, Capability]:
    """The filled slots of a table."""
    row = tables.tables[table]
    filled = enumerate(tables.slots[row.first : row.first + row.count])
    return {number: capability(slot) for number, slot in filled if slot.kind}


def capability(slot: Row) -> Capability:
    """A filled slot."""
    grant = (slot.grant, slot.grant_generation) if slot.grant else (0, 0)
    return Capability(slot.kind, slot.object, slot.generation, slot.rights, slot.badge, *grant)


TABLE_OF_KIND = {
    kinds.POOL: "pools",
    kinds.CAPABILITY_TABLE: "tables",
    kinds.FRAME: "frames",
    kinds.PAGE_TABLE: "translations",
    kinds.ADDRESS_SPACE: "translations",
    kinds.THREAD: "threads",
    kinds.ENDPOINT: "endpoints",
    kinds.NOTIFICATION: "notifications",
    kinds.INTERRUPT: "interrupts",
    kinds.VCPU: "vcpus",
    kinds.TIME: "times",
    kinds.REPLY: "replies",
    kinds.GRANT: "grants",
    kinds.CORE: "core_objects",
}
SINGLETONS = {kinds.TRACE: "trace_object", kinds.PLATFORM: "platform_object"}


def indices(tables: Tables, kind: int) -> range:
    """The indices that objects of a kind have. The first translation tables are address spaces."""
    if kind in SINGLETONS:
        return range(1, 2)
    if kind not in TABLE_OF_KIND:
        return range(0)
    first = tables.space_count if kind == kinds.PAGE_TABLE else 1
    return range(
        first, tables.space_count if kind == kinds.ADDRESS_SPACE else len(getattr(tables, TABLE_OF_KIND[kind]))
    )


def names(tables: Tables) -> Iterator[tuple[int, int]]:
    """Kind and index of everything that can be named."""
    for kind in (*TABLE_OF_KIND, *SINGLETONS):
        yield from ((kind, index) for index in indices(tables, kind))


def header_of(tables: Tables, kind: int, index: int) -> Row:
    """The header of what can be named."""
    row = getattr(tables, SINGLETONS[kind]) if kind in SINGLETONS else getattr(tables, TABLE_OF_KIND[kind])[index]
    return row.header


@pairs(names)
def objects(tables: Tables, kind: int, index: int) -> Object:
    """What every object has."""
    header = header_of(tables, kind, index)
    return Object(header.generation, header.owner, header.live)


@each("fp_states", first=0)
def floating_point(tables: Tables, owner: int) -> tuple[int, ...] | None:
    """An owner's registers, if any is not zero."""
    row = tables.fp_states[owner]
    return None if is_zero(row) else (*row.registers, row.control, row.status)


PARTS: dict[str, Family[Any]] = {
    part.name: part
    for part in (
        *(cores, ready, sleeping, objects, threads, endpoints, replies, notifications, interrupts, times, windows),
        *(vcpus, tables, capabilities, translations, frames, floating_point),
    )
}
"""Field of the state -> the family it is made of."""


def key_of(arguments: Key) -> Any:
    """The key in a state's dictionary of what a family says for these arguments."""
    return arguments[0] if len(arguments) == 1 else arguments


def abstract_state(tables: Tables, sizes: Sizes) -> State:
    """The abstract state of the tables as they are."""
    fields: dict[str, Any] = {}
    for name, part in PARTS.items():
        values = {key_of(key): value for key, value in part.all(tables) if value is not None}
        fields[name] = values[()] if part.is_single else values
    return State(sizes=sizes, **fields)


class StateWatch:
    """The abstract state, brought up to date when the tables change (`Watch.refresh`). To be read only."""

    def __init__(self, watch: Watch, sizes: Sizes) -> None:
        fields: dict[str, Any] = {name: None if part.is_single else {} for name, part in PARTS.items()}
        self.state = State(sizes=sizes, **fields)
        for name, part in PARTS.items():
            watch.add(part, self._setter(name) if part.is_single else self._changer(getattr(self.state, name)))

    def _setter(self, name: str) -> Callable[[Key, Any], None]:
        return lambda _, value: setattr(self.state, name, value)

    def _changer(self, values: dict[Any, Any]) -> Callable[[Key, Any], None]:
        def change(arguments: Key, value: Any) -> None:
            key = key_of(arguments)
            if value is None:
                values.pop(key, None)
            else:
                values[key] = value

        return change

"""From the kernel's tables to the abstract state: links become sequences, stale fields disappear.

Assumes the invariants (`invariants`): a queue whose links go in circles has no sequence.
"""

from __future__ import annotations

from collections.abc import Iterator

from keelback.abi import limits, objects
from keelback.prover.state import (
    Access,
    Activity,
    Capability,
    Endpoint,
    Interrupt,
    Notification,
    OpenAccess,
    Record,
    Sizes,
    State,
    Thread,
    Trace,
    Vcpu,
    VirtualInterrupt,
)
from keelback.prover.tables import Kept, Row, Tables, words

PRIORITY_COUNT = limits.PRIORITY_COUNT
RECORD_WORDS = 4

INTERRUPT_ID = 0xFFFF_FFFF
LIST_PRIORITY = 48
LIST_PENDING = 1 << 62
LIST_ACTIVE = 1 << 63

SYNDROME_LONG = 1 << 25
"""IL: the trapped instruction has 4 bytes."""
FULL_SIZE = 3

EL1_NAMES = (
    *("sctlr", "tcr", "cpacr", "cntkctl", "tpidr_el0", "tpidrro_el0", "ttbr0", "ttbr1", "mair", "amair", "vbar", "esr"),
    *("far", "afsr0", "afsr1", "elr", "spsr", "sp", "tpidr", "par", "contextidr", "csselr", "cntv_ctl", "cntv_cval"),
)

ACTIVITIES = {int(activity): activity for activity in Activity}


def abstract_state(tables: Tables, sizes: Sizes) -> State:
    """The abstract state of the tables. To be read only: parts that did not change are shared with the last one."""
    return State(
        sizes=sizes,
        current=tables.core.current,
        ready={
            priority: list(members(tables, priority))
            for priority in range(1, PRIORITY_COUNT)
            if tables.queues[priority].head
        },
        threads={index: thread(index, row) for index, row in objects_of(tables.threads)},
        endpoints={index: endpoint(tables, index, row) for index, row in objects_of(tables.endpoints)},
        notifications={i: Notification(row.thread, row.pending) for i, row in objects_of(tables.notifications)},
        interrupts={
            index: Interrupt(row.line, row.notification, row.bits, row.fired)
            for index, row in objects_of(tables.interrupts)
        },
        vcpus=vcpus(tables.vcpus, ()),
        capabilities=capabilities(tables.slots, (tables.slot_count,)),
        generations=generations(tables),
        floating_point={index: data for index, data in enumerate(tables.floating_point) if any(data)},
        floating_point_owner=tables.core.fp_owner,
        trace=trace(tables, sizes),
    )


def objects_of(rows: list[Row]) -> Iterator[tuple[int, Row]]:
    """Rows that are objects, with their index: all but the first."""
    rest = enumerate(rows)
    next(rest)
    return rest


def members(tables: Tables, queue: int) -> Iterator[int]:
    """The threads in a queue, from its head on."""
    index = tables.queues[queue].head
    while index:
        yield index
        index = tables.threads[index].next


def thread(index: int, row: Row) -> Thread:
    """A thread, without what means nothing in its present state."""
    activity = ACTIVITIES[row.state]
    is_calling = activity == Activity.CALLING
    return Thread(
        index=index,
        registers=list(words(row.context)),
        priority=row.priority,
        table=row.table,
        notification=row.notification,
        fault_endpoint=row.fault_endpoint,
        fault_badge=row.fault_badge,
        thread_pointer=row.thread_pointer,
        activity=activity,
        endpoint=row.endpoint if is_calling or activity == Activity.RECEIVING else 0,
        badge=row.badge if is_calling and not row.faulting else 0,
        fault=words(row.fault_words) if row.faulting else None,
        client=row.client,
        server=row.server if activity == Activity.AWAITING else 0,
        guest=row.guest,
    )


def endpoint(tables: Tables, index: int, row: Row) -> Endpoint:
    """An endpoint with the queue of its callers; endpoints' queues follow those of the priorities."""
    return Endpoint(row.server, list(members(tables, PRIORITY_COUNT + index)))


def vcpu(row: Row) -> Vcpu:
    """A virtual processor that is not loaded."""
    return Vcpu(
        monitor=row.thread,
        registers=list(words(row.context)),
        el1=dict(zip(EL1_NAMES, words(row.el1), strict=True)),
        interrupts=dict(virtual_interrupt(value) for value in words(row.list_registers) if value >> 62),
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


@Kept
def capabilities(slots: list[Row], sizes: tuple[int, ...]) -> dict[int, dict[int, Capability]]:
    """The filled slots of each table of sizes[0] slots; slot 0 is none."""
    count = sizes[0]
    return {
        table: {
            number: Capability(row.kind, row.object, row.generation, row.rights, row.badge)
            for number, row in enumerate(slots[table * count : (table + 1) * count])
            if number and row.kind
        }
        for table in range(1, len(slots) // count)
    }


@Kept
def vcpus(rows: list[Row], _: tuple[int, ...]) -> dict[int, Vcpu]:
    """The virtual processors."""
    return {index: vcpu(row) for index, row in objects_of(rows)}


def generations(tables: Tables) -> dict[tuple[int, int], int]:
    """The present generation of every object that can be named."""
    kinds = {
        objects.THREAD: tables.threads,
        objects.ENDPOINT: tables.endpoints,
        objects.NOTIFICATION: tables.notifications,
        objects.INTERRUPT: tables.interrupts,
        objects.VCPU: tables.vcpus,
    }
    found = {(kind, index): row.generation for kind, rows in kinds.items() for index, row in objects_of(rows)}
    return found | dict(zip(((objects.TRACE, 1), (objects.PLATFORM, 1)), tables.singletons, strict=True))


def trace(tables: Tables, sizes: Sizes) -> Trace:
    """The records kept, oldest first."""
    following = tables.core.trace_next
    numbers = range(max(0, following - sizes.trace_records), following)
    starts = (number % sizes.trace_records * RECORD_WORDS for number in numbers)
    records = [Record(*tables.trace_records[start : start + RECORD_WORDS]) for start in starts]
    return Trace(tables.core.trace_mask, following, records)

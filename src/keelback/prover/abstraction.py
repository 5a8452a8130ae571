"""From the kernel's tables to the abstract state: links become sequences, stale fields disappear.

Each part of the state is a family of functions (`incremental`) under the name of the state's field: of one object, None
where there is none, or of the whole. Assumes the invariants (`invariants`): a queue whose links go in circles has no
sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from keelback.abi import limits, objects
from keelback.prover.incremental import Family, Key, Watch, among, each, once, pairs
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
from keelback.prover.tables import Row, Tables, is_zero, named_values

PRIORITY_COUNT = limits.PRIORITY_COUNT
RECORD_WORDS = 4

INTERRUPT_ID = 0xFFFF_FFFF
LIST_PRIORITY = 48
LIST_PENDING = 1 << 62
LIST_ACTIVE = 1 << 63

SYNDROME_LONG = 1 << 25
"""IL: the trapped instruction has 4 bytes."""
FULL_SIZE = 3

ACTIVITIES = {int(activity): activity for activity in Activity}


def members(tables: Tables, queue: int) -> Iterator[int]:
    """The threads in a queue, from its head on."""
    index = tables.queues[queue].head
    for _ in tables.threads:  # no more than there are, were the links broken
        if not index:
            return
        yield index
        index = tables.threads[index].next


@once
def current(tables: Tables) -> int:
    """Who runs."""
    return int(tables.cores[0].current)


@among(lambda tables: range(1, PRIORITY_COUNT))
def ready(tables: Tables, priority: int) -> list[int] | None:
    """Who waits to run, if anybody does."""
    return list(members(tables, priority)) or None


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
    return Thread(
        index=index,
        registers=registers(row),
        priority=row.priority,
        table=row.table,
        notification=row.notification,
        fault_endpoint=row.fault_endpoint,
        fault_badge=row.fault_badge,
        thread_pointer=row.thread_pointer,
        activity=activity,
        endpoint=row.endpoint if is_calling or activity == Activity.RECEIVING else 0,
        badge=row.badge if is_calling and not row.faulting else 0,
        fault=row.fault_words if row.faulting else None,
        client=row.client,
        server=row.server if activity == Activity.AWAITING else 0,
        guest=row.guest,
    )


@each("endpoints")
def endpoints(tables: Tables, index: int) -> Endpoint:
    """An endpoint with the queue of its callers; endpoints' queues follow those of the priorities."""
    return Endpoint(tables.endpoints[index].server, list(members(tables, PRIORITY_COUNT + index)))


@each("notifications")
def notifications(tables: Tables, index: int) -> Notification:
    """A notification."""
    row = tables.notifications[index]
    return Notification(row.thread, row.pending)


@each("interrupts")
def interrupts(tables: Tables, index: int) -> Interrupt:
    """A device's line."""
    row = tables.interrupts[index]
    return Interrupt(row.line, row.notification, row.bits, row.fired)


@each("vcpus")
def vcpus(tables: Tables, index: int) -> Vcpu:
    """A virtual processor that is not loaded."""
    row = tables.vcpus[index]
    return Vcpu(
        monitor=row.thread,
        registers=registers(row),
        el1=dict(named_values(row.el1)),
        interrupts=dict(virtual_interrupt(value) for value in row.list_registers if value >> 62),
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


@each("threads")
def capabilities(tables: Tables, table: int) -> dict[int, Capability]:
    """The filled slots of a table; slot 0 is none. There are as many tables as threads."""
    count = len(tables.slots) // len(tables.threads)
    numbered = enumerate(tables.slots[table * count : (table + 1) * count])
    return {
        number: Capability(row.kind, row.object, row.generation, row.rights, row.badge)
        for number, row in numbered
        if number and row.kind
    }


TABLE_OF_KIND = {
    objects.THREAD: "threads",
    objects.ENDPOINT: "endpoints",
    objects.NOTIFICATION: "notifications",
    objects.INTERRUPT: "interrupts",
    objects.VCPU: "vcpus",
}


def names(tables: Tables) -> Iterator[tuple[int, int]]:
    """Kind and index of everything that can be named."""
    for kind, table in TABLE_OF_KIND.items():
        yield from ((kind, index) for index in range(1, len(getattr(tables, table))))
    yield from ((objects.TRACE, 1), (objects.PLATFORM, 1))


@pairs(names)
def generations(tables: Tables, kind: int, index: int) -> int:
    """The present generation of an object."""
    if kind in TABLE_OF_KIND:
        return int(getattr(tables, TABLE_OF_KIND[kind])[index].generation)
    return int((tables.trace_singleton if kind == objects.TRACE else tables.platform_singleton).generation)


@each("fp_states", first=0)
def floating_point(tables: Tables, owner: int) -> tuple[int, ...] | None:
    """An owner's registers, if any is not zero."""
    row = tables.fp_states[owner]
    return None if is_zero(row) else (*row.registers, row.control, row.status)


@once
def floating_point_owner(tables: Tables) -> int:
    """Whose registers are in the processor."""
    return int(tables.cores[0].fp_owner)


@once
def trace(tables: Tables) -> Trace:
    """The records kept, oldest first."""
    core, size = tables.cores[0], len(tables.trace_records) // RECORD_WORDS
    numbers = range(max(0, core.trace_next - size), core.trace_next)
    starts = (number % size * RECORD_WORDS for number in numbers)
    records = [Record(*tables.trace_records[start : start + RECORD_WORDS]) for start in starts]
    return Trace(core.trace_mask, core.trace_next, records)


PARTS: dict[str, Family[Any]] = {
    part.name: part
    for part in (
        *(current, ready, threads, endpoints, notifications, interrupts, vcpus, capabilities, generations),
        *(floating_point, floating_point_owner, trace),
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

"""A small system in the kernel's tables, made anew for each test, and what must hold of the tables at any time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keelback.abi import errors, limits, objects, rights, syscalls
from keelback.kernel import state
from keelback.kernel.dispatch import dispatch
from keelback.kernel.objects import interrupt as interrupt_object
from keelback.kernel.scheduler import commit_end_slice, commit_start_all
from keelback.lang import Array, array, to_bytes, u8, u16, u32, u64
from keelback.lang.registers import system_registers

# The threads of the small system: their index is also that of their endpoint, notification and capability table.
CLIENT = 1
SERVER = 2
PEER = 3
MONITOR = 4
PRIORITIES = {CLIENT: 10, SERVER: 20, PEER: 10, MONITOR: 5}
VCPU = 1
LINE = 33
INTERRUPT = 1

# Slots of every thread beyond its own endpoint (1) and notification (2).
SERVER_ENDPOINT = 3
SERVER_NOTIFICATION = 4
INTERRUPT_SLOT = 5
VCPU_SLOT = 6
THREAD_SLOTS = {CLIENT: 7, SERVER: 8, PEER: 9, MONITOR: 10}
TRACE_SLOT = 11
PLATFORM_SLOT = 12
CLIENT_ENDPOINT = 13
WEAK_ENDPOINT = 14
"""Without rights."""
EMPTY = 20
BADGE = 0x40
SLOTS = 64
"""Length of each thread's capability table."""

SLOTS_EACH = 64
"""Slots of each capability table."""
SPACE = 1

USED_QUEUES = [*PRIORITIES.values(), *(state.ENDPOINT_QUEUES + index for index in PRIORITIES)]

TABLES: dict[str, Any] = {
    name: getattr(state, name)
    for name in (
        *("cores", "core_objects", "queues", "pools", "threads", "times", "windows", "endpoints", "replies"),
        *("notifications", "interrupts", "vcpus", "grants", "tables", "slots", "translations", "frames"),
        *("trace_object", "platform_object", "fp_states"),
    )
} | {"line_owners": interrupt_object.line_owners}


def clear(thing: Any) -> None:
    """Give a table or a struct its default contents."""
    if isinstance(thing, Array):
        thing.assign_all(array(thing.element, len(thing)))
    else:
        thing.copy_from(type(thing)())


def slot_of(table: int, number: int) -> state.Slot:
    """A slot of a capability table."""
    return state.slots[(table - 1) * SLOTS_EACH + number]


def make_live(thing: Any) -> None:
    """An object exists, and belongs to pool 1."""
    thing.header.live, thing.header.owner = True, u32(1)


def make_slot(table: int, number: int, kind: int, index: int, given: int = rights.ALL, badge: int = 0) -> None:
    """Put a capability into a slot."""
    slot = state.slots[table * SLOTS + number]
    state.tables[table].used = state.tables[table].used + 1
    slot.kind, slot.rights = u8(kind), u8(given)
    slot.object, slot.badge, slot.generation = u32(index), u64(badge), u32(0)


def make_thread(index: int) -> None:
    """A ready thread with its endpoint, its notification and a capability to everything."""
    thread = state.threads[index]
    thread.rank, thread.ceiling, thread.state = u32(PRIORITIES[index]), u8(255), u32(state.READY)
    thread.table = thread.space = thread.notification = thread.serves = u32(index)
    thread.slots_first, thread.slots_count = u32(index * SLOTS), u32(SLOTS)
    table = state.tables[index]
    table.first, table.count, table.threads = u32(index * SLOTS), u32(SLOTS), u32(1)
    state.translations[index].users, state.translations[index].level = u32(1), u8(1)
    for thing in (thread, table, state.translations[index], state.endpoints[index], state.notifications[index]):
        thing.header.live = True
    thread.stage2 = u64(index << 48 | 0x4100_0000)
    thread.context.program_counter = u64(0x20_0000 + index * 0x100)
    state.endpoints[index].server = u32(index)
    state.notifications[index].thread = u32(index)
    make_slot(index, 1, objects.ENDPOINT, index)
    make_slot(index, 2, objects.NOTIFICATION, index)
    make_slot(index, SERVER_ENDPOINT, objects.ENDPOINT, SERVER, badge=BADGE + index)
    make_slot(index, SERVER_NOTIFICATION, objects.NOTIFICATION, SERVER, badge=1 << index)
    make_slot(index, INTERRUPT_SLOT, objects.INTERRUPT, INTERRUPT)
    make_slot(index, VCPU_SLOT, objects.VCPU, VCPU)
    for other, number in THREAD_SLOTS.items():
        make_slot(index, number, objects.THREAD, other)
    make_slot(index, TRACE_SLOT, objects.TRACE, state.THE_ONLY)
    make_slot(index, PLATFORM_SLOT, objects.PLATFORM, state.THE_ONLY)
    make_slot(index, CLIENT_ENDPOINT, objects.ENDPOINT, CLIENT)
    make_slot(index, WEAK_ENDPOINT, objects.ENDPOINT, SERVER, given=0)


def core_list() -> list[state.Core]:
    """All cores."""
    return [state.cores[number] for number in range(limits.CORE_COUNT)]


def make_system() -> None:
    """Four threads, started; the server runs first, having the highest priority. MONITOR handles CLIENT's faults."""
    for table in TABLES.values():
        clear(table)
    system_registers.clear()
    for index in PRIORITIES:
        make_thread(index)
    make_live(state.pools[1])
    make_live(state.trace_object)
    make_live(state.platform_object)
    make_live(state.translations[SPACE])
    state.translations[SPACE].level = u8(1)
    for number, core in enumerate(core_list()):
        core.number, core.best_rank = u32(number), u32(number * 256)
    state.threads[CLIENT].fault_endpoint = u32(MONITOR)
    state.threads[CLIENT].fault_badge = u64(0x77)
    state.interrupts[INTERRUPT].bits = u64(1 << 40)
    state.interrupts[INTERRUPT].line = u32(LINE)
    state.interrupts[INTERRUPT].notification = u32(SERVER)
    interrupt_object.line_owners[LINE] = u16(INTERRUPT)
    state.interrupts[INTERRUPT].header.live = True
    state.trace_object.header.live = state.platform_object.header.live = True
    state.vcpus[VCPU].header.live = True
    state.vcpus[VCPU].thread = u32(CLIENT)
    state.threads[CLIENT].vcpu = u32(VCPU)
    state.vcpus[VCPU].stage2 = u64(9 << 48 | 0x4200_0000)
    commit_start_all()


def registers(thread: int) -> list[int]:
    """x0..x30 of a thread."""
    return [int(state.threads[thread].context.registers[number]) for number in range(31)]


def current() -> int:
    """The thread that runs."""
    return int(state.cores[0].current)


def call(number: int, slot: int = 0, *words: int) -> int:
    """Let the present thread make a system call; the status in its x8 afterwards."""
    caller = current()
    saved = state.threads[caller].context.registers
    for index, word in enumerate(words):
        saved[index] = u64(word)
    saved[8] = u64(slot)
    dispatch(u64(number))
    check_invariants()
    return int(saved[8])


def refused(number: int, slot: int = 0, *words: int) -> int:
    """As `call`, and the tables must be as before but for x8, x9 and x10 of the caller."""
    caller = current()
    saved = state.threads[caller].context.registers
    for index, word in enumerate(words):
        saved[index] = u64(word)
    before = snapshot(caller)
    status = call(number, slot)
    assert status != errors.OK
    assert snapshot(caller) == before
    return status


def snapshot(caller: int) -> dict[str, bytes]:
    """All tables, x8..x10 of one thread left out, and the trace's position too."""
    saved = state.threads[caller].context.registers
    kept = [saved[number] for number in (8, 9, 10)]
    position = state.cores[0].trace_next
    for number in (8, 9, 10):
        saved[number] = u64(0)
    state.cores[0].trace_next = u64(0)
    taken = {name: to_bytes(table) for name, table in TABLES.items()}
    for number, value in zip((8, 9, 10), kept, strict=True):
        saved[number] = value
    state.cores[0].trace_next = position
    return taken


def run_until(thread: int) -> None:
    """Let threads of higher priority receive on their endpoints until `thread` runs."""
    for _ in range(len(PRIORITIES) + 1):
        if current() == thread:
            return
        if state.threads[current()].rank == state.threads[thread].rank:
            commit_end_slice(state.cores[0])
        else:
            call(syscalls.RECEIVE, 1)
    raise AssertionError(f"thread {thread} does not come to run, but {current()}")


def members(queue: int) -> Iterator[int]:
    """The threads in a queue, in order; checks the links on the way."""
    previous, index = 0, int(state.queues[queue].head)
    while index:
        thread = state.threads[index]
        assert thread.queue == queue and thread.previous == previous
        yield index
        previous, index = index, int(thread.next)
    assert state.queues[queue].tail == previous


def check_invariants() -> None:
    """What holds between any two system calls."""
    queued = {index: queue for queue in USED_QUEUES for index in members(queue)}
    for index in PRIORITIES:
        check_thread(index, queued.get(index, 0))
    check_scheduler()
    for number in PRIORITIES:
        bound = state.threads[state.notifications[number].thread]
        if bound.notification == number and state.RECEIVING <= bound.state <= state.WAITING:
            assert state.notifications[number].pending == 0
    for table in PRIORITIES:
        for number in range(EMPTY + 10):
            check_slot(state.slots[table * SLOTS + number])


def check_thread(index: int, queue: int) -> None:
    """One thread: its state, the queue it is in, and its partners."""
    thread = state.threads[index]
    assert thread.queue == queue
    if thread.state == state.READY:
        assert queue == (0 if index == current() else int(thread.rank)), f"thread {index} is lost"
    elif thread.state == state.CALLING:
        assert queue == state.ENDPOINT_QUEUES + int(thread.endpoint)
    else:
        assert queue == 0
    if thread.state == state.AWAITING:
        assert thread.server != 0 and state.threads[thread.server].client == index
    if thread.client != 0:
        assert state.threads[thread.client].state == state.AWAITING
        assert state.threads[thread.client].server == index
    if thread.guest != 0:
        assert thread.state in (state.READY, state.GUEST_IDLE)
        assert state.vcpus[thread.guest].thread == index


def check_scheduler() -> None:
    """The bitmap agrees with the queues, and nobody ready is better than who runs."""
    core = state.cores[0]
    used = sum(1 << priority for priority in set(PRIORITIES.values()))
    assert sum(int(core.ready[word]) << word * 64 for word in range(4)) & ~used == 0
    for priority in PRIORITIES.values():
        is_ready = state.queues[priority].head != 0
        assert core.ready[priority // 64].bit(priority % 64) == is_ready
        assert not is_ready or priority <= state.threads[core.current].rank


def check_slot(slot: state.Slot) -> None:
    """A capability's generation is never ahead of its object's; an empty slot is empty."""
    tables: dict[int, Any] = {
        objects.THREAD: state.threads,
        objects.ENDPOINT: state.endpoints,
        objects.NOTIFICATION: state.notifications,
        objects.INTERRUPT: state.interrupts,
        objects.VCPU: state.vcpus,
    }
    if slot.kind == objects.NONE:
        assert to_bytes(slot) == bytes(32)
    elif int(slot.kind) in tables:
        assert slot.generation <= tables[int(slot.kind)][slot.object].header.generation
    else:
        assert slot.object == state.THE_ONLY

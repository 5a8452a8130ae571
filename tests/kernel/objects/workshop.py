"""A system in the kernel's tables for the calls on memory and on bindings: one thread makes them all, directly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keelback.abi import errors, limits, objects
from keelback.kernel import state
from keelback.kernel.arch.aarch64.gic import gicd
from keelback.kernel.objects.header import header_of
from keelback.lang import PhysAddr, to_bytes, u8, u16, u32, u64
from keelback.lang.registers import system_registers
from tests.kernel.objects import ownership
from tests.kernel.objects.ownership import CALLER, CHILD, ROOT, clear, own

STOPPED = 2
CHILDS_THREAD = 3
RUNNING = 4
FIRST_TABLE = limits.SPACE_COUNT
"""The first page table."""

WATCHED = (
    *("pools", "tables", "slots", "endpoints", "notifications", "interrupts", "threads", "times"),
    *("translations", "frames", "vcpus", "cores", "queues"),
)

Object = tuple[int, int]
"""Kind and index."""

SPACE: Object = (objects.ADDRESS_SPACE, 1)
CHILDS_SPACE = (objects.ADDRESS_SPACE, 2)
OTHER_SPACE = (objects.ADDRESS_SPACE, 3)
LEVEL2 = (objects.PAGE_TABLE, FIRST_TABLE)
LEVEL3 = (objects.PAGE_TABLE, FIRST_TABLE + 1)
CHILDS_LEVEL3 = (objects.PAGE_TABLE, FIRST_TABLE + 2)
OTHER_LEVEL2 = (objects.PAGE_TABLE, FIRST_TABLE + 3)
SMALL = (objects.FRAME, 1)
LARGE = (objects.FRAME, 2)
DEVICE = (objects.FRAME, 3)
CHILDS_FRAME = (objects.FRAME, 4)
THREAD = (objects.THREAD, STOPPED)
CHILDS_THREAD_OBJECT = (objects.THREAD, CHILDS_THREAD)
RUNNING_THREAD = (objects.THREAD, RUNNING)
SELF = (objects.THREAD, CALLER)
TABLE = (objects.CAPABILITY_TABLE, 2)
CHILDS_TABLE = (objects.CAPABILITY_TABLE, 3)
ENDPOINT = (objects.ENDPOINT, 1)
OTHER_ENDPOINT = (objects.ENDPOINT, 2)
NOTIFICATION = (objects.NOTIFICATION, 1)
OTHER_NOTIFICATION = (objects.NOTIFICATION, 2)
TIME = (objects.TIME, 1)
OTHER_TIME = (objects.TIME, 2)
CHILDS_TIME = (objects.TIME, 3)
INTERRUPT = (objects.INTERRUPT, 1)
VCPU = (objects.VCPU, 1)
OTHER_VCPU = (objects.VCPU, 2)
CORE = (objects.CORE, 1)
GRANT = (objects.GRANT, 1)

ROOTS = (
    *(SPACE, OTHER_SPACE, LEVEL2, LEVEL3, OTHER_LEVEL2, SMALL, LARGE, DEVICE, THREAD, RUNNING_THREAD, SELF, TABLE),
    *(ENDPOINT, OTHER_ENDPOINT, NOTIFICATION, OTHER_NOTIFICATION, TIME, OTHER_TIME, INTERRUPT, VCPU, OTHER_VCPU, CORE),
    GRANT,
)
CHILDS = (CHILDS_SPACE, CHILDS_LEVEL3, CHILDS_FRAME, CHILDS_THREAD_OBJECT, CHILDS_TABLE, CHILDS_TIME)
SLOTS: dict[Object, int] = {thing: number for number, thing in enumerate((*ROOTS, *CHILDS), start=1)}
"""The caller's capabilities, with every right."""
SPARE = len(SLOTS) + 1
"""A slot for a capability of the test's own."""
EMPTY = len(SLOTS) + 2
SLOT_COUNT = len(SLOTS) + 4

LEVELS = {SPACE: 1, CHILDS_SPACE: 1, OTHER_SPACE: 1, LEVEL2: 2, LEVEL3: 3, CHILDS_LEVEL3: 3, OTHER_LEVEL2: 2}
POSITIONS = [512 * index + entry for _, index in LEVELS for entry in (*range(16), 511)]
"""Where the tests use `entries` and `targets`."""
LINE = 40
CEILING = 100
PRIORITY = 50


def make_system() -> None:
    """The tables anew."""
    for name in (*WATCHED, "grants", "core_objects"):
        clear(getattr(state, name))
    for position in POSITIONS:
        state.entries[position], state.targets[position] = u64(0), u32(0)
    system_registers.clear()
    gicd.bus.clear()
    own(objects.POOL, ROOT, ROOT)
    own(objects.POOL, CHILD, ROOT)
    for thing in ROOTS:
        own(*thing, ROOT)
    for thing in CHILDS:
        own(*thing, CHILD)
    make_memory()
    make_threads()
    for thing, number in SLOTS.items():
        ownership.put(number, *thing)
    state.interrupts[INTERRUPT[1]].line = u32(LINE)


def make_memory() -> None:
    for (_, index), level in LEVELS.items():
        state.translations[index].level = u8(level)
    for (_, index), size, address in (
        (SMALL, state.FRAME_SMALL, 0x4012_3000),
        (LARGE, state.FRAME_LARGE, 0x4040_0000),
        (DEVICE, state.FRAME_DEVICE, 0x0900_0000),
        (CHILDS_FRAME, state.FRAME_SMALL, 0x4012_4000),
    ):
        state.frames[index].size, state.frames[index].address = u8(size), PhysAddr(address)


def make_threads() -> None:
    for index, first, count in ((1, 0, SLOT_COUNT), (2, SLOT_COUNT, 8), (3, SLOT_COUNT + 8, 8)):
        state.tables[index].first, state.tables[index].count = u32(first), u32(count)
    state.tables[1].threads = u32(1)
    caller = state.threads[CALLER]
    caller.slots_count, caller.table = u32(SLOT_COUNT), u32(1)
    caller.state = state.threads[RUNNING].state = u32(state.READY)
    caller.rank, caller.ceiling = u32(PRIORITY), u8(CEILING)
    state.cores[0].current = u32(CALLER)


def call(function: Callable[[state.Thread], u64], first: Object | int, *words: Object | int) -> int:
    """The status of a call with x8 and x0...; objects stand for the slots that name them. A refused call must have
    changed nothing."""
    registers = state.threads[CALLER].context.registers
    registers[8] = u64(number_of(first))
    for number, word in enumerate(words):
        registers[number] = u64(number_of(word))
    before = snapshot()
    status = int(function(state.threads[CALLER]))
    if status != errors.OK:
        assert snapshot() == before
    check_counts()
    return status


def number_of(thing: Object | int) -> int:
    return thing if isinstance(thing, int) else SLOTS[thing]


Call = Callable[[state.Thread], u64]


def configure(function: Callable[[u32, state.Thread], u64]) -> Callable[[state.Thread], u64]:
    """A call of `objects.configure` as the others are."""
    return lambda thread: function(u32(CALLER), thread)


def values(*numbers: u8 | u32 | u64 | bool) -> tuple[int, ...]:
    """The numbers as plain ones."""
    return tuple(int(number) for number in numbers)


def result(number: int) -> int:
    """x0..x7 of the caller."""
    return int(state.threads[CALLER].context.registers[number])


def weak(thing: Object, given: int = 0) -> int:
    """The slot of a capability to an object with these rights only."""
    ownership.put(SPARE, *thing, given=given)
    return SPARE


def granted(thing: Object, *, is_alive: bool = True) -> int:
    """The slot of a capability that came through a grant."""
    slot = ownership.put(SPARE, *thing)
    slot.grant, slot.grant_generation = u16(GRANT[1]), u32(0 if is_alive else 7)
    return SPARE


def dead(thing: Object) -> int:
    """The slot of a capability that was revoked."""
    header_of(u8(thing[0]), u32(thing[1])).generation += u32(1)
    return SLOTS[thing]


def snapshot() -> dict[str, bytes]:
    """All that such a call might change."""
    tables = {name: to_bytes(getattr(state, name)) for name in WATCHED}
    words = [(int(state.entries[position]), int(state.targets[position])) for position in POSITIONS]
    return tables | {"entries": bytes(str(words), "ascii")}


def is_empty(table: Object) -> bool:
    """Whether a translation table has no entry."""
    return not any(state.entries[position] != 0 for position in POSITIONS if position // 512 == table[1])


def check_counts() -> None:
    """What is counted is counted right."""
    mapped = {index: 0 for index in range(1, 5)}
    linked = {}
    for position in POSITIONS:
        target, table = int(state.targets[position]), position // 512
        assert (target != 0) <= (state.entries[position] != 0)
        if target and state.translations[table].level < 3 and state.entries[position].bit(1):
            linked[target] = (table, position % 512)
        elif target:
            mapped[target] += 1
    for _, index in LEVELS:
        table = state.translations[index]
        assert table.used == sum(state.entries[p] != 0 for p in POSITIONS if p // 512 == index)
        assert (int(table.parent), int(table.parent_entry)) == linked.get(index, (0, 0))
        assert table.users == sum(user.space == index for user in (*rows(state.threads), *rows(state.vcpus)))
    for index, count in mapped.items():
        assert state.frames[index].mapped == count
    for index in range(1, len(state.tables)):
        assert state.tables[index].threads == sum(thread.table == index for thread in rows(state.threads))
    check_pairs()


def rows(table: Any) -> list[Any]:
    """All rows of a table."""
    return [table[index] for index in range(len(table))]


def check_pairs() -> None:
    """Who is bound is bound on both sides."""
    pairs: tuple[tuple[Any, str, Any, str], ...] = (
        (state.threads, "serves", state.endpoints, "server"),
        (state.threads, "notification", state.notifications, "thread"),
        (state.threads, "budget", state.times, "thread"),
        (state.threads, "vcpu", state.vcpus, "thread"),
    )
    for left, to_right, right, to_left in pairs:
        for here, there, forth, back in ((left, right, to_right, to_left), (right, left, to_left, to_right)):
            for index in range(1, len(here)):
                other = getattr(here[index], forth)
                assert other == 0 or getattr(there[other], back) == index
            assert getattr(here[0], forth) == 0

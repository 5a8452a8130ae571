"""Evaluated on the bytes of every image before it is written: the base case of what the kernel then preserves.

Here is what the kernel's tables say of each other; `memory_invariants` has what is said of memory. One function per
statement; each yields what contradicts it. A build with any contradiction is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from keelback.abi import objects, rights
from keelback.sdk.image import memory_invariants
from keelback.sdk.image.boot_image import OBJECT_TABLES, SINGLE_OBJECTS, BootImage
from keelback.sdk.image.boot_state import PRIORITY_COUNT, THREAD_READY
from keelback.sdk.image.plan import ROOT_POOL

Contradictions = Iterator[str]

LEFT_TO_THE_UNBORN = ("process_state", "owner", "first", "count", "level", "line")


class BrokenInvariant(Exception):
    """The image contradicts an invariant: a mistake of the builder, never of the description."""


def first_object_is_nobody(image: BootImage) -> Contradictions:
    """Entry 0 of every object table is all zero."""
    for table in dict.fromkeys(OBJECT_TABLES.values()):
        entry = image.tables[table][0]
        if any(_numbers(entry, skip=("process_state",))):
            yield f"{table}[0] is not nobody"


def _numbers(value: Any, skip: tuple[str, ...]) -> Iterator[int]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name not in skip:
                yield from _numbers(part, skip)
    elif isinstance(value, list):
        for part in value:
            yield from _numbers(part, skip)
    else:
        yield int(value)


def owners_are_pools(image: BootImage) -> Contradictions:
    """Every object's owner is a pool that lives, pools form a tree, and each knows how many objects it owns."""
    pools = image.tables["pools"]
    owned: Counter[int] = Counter()
    for table in dict.fromkeys(OBJECT_TABLES.values()):
        for index, row in enumerate(image.tables[table]):
            owner = row["header"]["owner"]
            owned[owner] += 1
            if owner and not (owner < len(pools) and pools[owner]["header"]["live"]):
                yield f"{table}[{index}] belongs to pool {owner}, which does not exist"
            elif row["header"]["live"] and not owner:
                yield f"{table}[{index}] lives and belongs to nobody"
    owned.update(image.tables[name]["header"]["owner"] for name in SINGLE_OBJECTS.values())
    owned[ROOT_POOL] -= 1
    for index, pool in image.entries("pools"):
        if pool["owned"] != owned[index]:
            yield f"pools[{index}] owns {owned[index]} objects, not {pool['owned']}"
        if pool["header"]["owner"] >= index and index != ROOT_POOL:
            yield f"pools[{index}] is not below the root"


def bindings_are_reciprocal(image: BootImage) -> Contradictions:
    """What a thread is bound to names the thread, and the other way round."""
    bindings = (
        ("notification", "notifications", "thread"),
        ("serves", "endpoints", "server"),
        ("budget", "times", "thread"),
        ("vcpu", "vcpus", "thread"),
    )
    for name, table, back in bindings:
        for index, thread in enumerate(image.tables["threads"]):
            if thread[name] and image.tables[table][thread[name]][back] != index:
                yield f"threads[{index}] and {table}[{thread[name]}] disagree"
        for index, row in enumerate(image.tables[table]):
            if row[back] and image.tables["threads"][row[back]][name] != index:
                yield f"{table}[{index}] and threads[{row[back]}] disagree"


def threads_have_a_core_and_a_priority(image: BootImage) -> Contradictions:
    """A thread that lives has one of the cores, a priority that is at most its ceiling, and is in no queue."""
    for index, thread in image.entries("threads"):
        core, priority = divmod(thread["rank"], PRIORITY_COUNT)
        if core >= len(image.tables["cores"]) or not 1 <= priority <= thread["ceiling"]:
            yield f"threads[{index}] has rank {thread['rank']:#x} and ceiling {thread['ceiling']}"
        if thread["queue"]:
            yield f"threads[{index}] is in a queue"
        if thread["charged"] != thread["budget"]:
            yield f"threads[{index}] uses time that is not its own"


def cores_know_themselves(image: BootImage) -> Contradictions:
    """Each core has its number, nothing ready, and the first window of its own schedule."""
    for index, core in enumerate(image.tables["cores"]):
        if core["number"] != index or core["best_rank"] != index * PRIORITY_COUNT:
            yield f"cores[{index}] has number {core['number']}, best rank {core['best_rank']:#x}"
        if core["window"] != image.plan.first_windows.get(index, 0):
            yield f"cores[{index}] starts with window {core['window']}"


def windows_are_rings(image: BootImage) -> Contradictions:
    """Windows last some time, are of partitions that exist, and come back to their first."""
    windows, partitions = image.tables["windows"], len(image.plan.partitions)
    reached: Counter[int] = Counter(window["next"] for window in windows[1:])
    for index, window in enumerate(windows[1:], 1):
        if not window["ticks"] or not 0 < window["partition"] <= partitions or reached[index] != 1:
            yield f"windows[{index}] is empty, of no partition, or not followed and preceded by one window"


def budgets_fit_their_periods(image: BootImage) -> Contradictions:
    """0 < budget <= period, all of it left, in a partition that exists."""
    for index, time in image.entries("times"):
        if not 0 < time["budget"] <= time["period"] or time["remaining"] != time["budget"]:
            yield f"times[{index}] gives {time['budget']} ticks in {time['period']}"
        if time["partition"] > len(image.plan.partitions):
            yield f"times[{index}] is in partition {time['partition']}"


def capability_tables_are_disjoint(image: BootImage) -> Contradictions:
    """Tables are separate pieces of `slots`, count what they hold and who uses them, and keep slot 0 empty."""
    users = Counter(thread["table"] for _, thread in image.entries("threads"))
    end = 0
    rows: list[Any] = image.tables["tables"]
    for index in sorted(range(len(rows)), key=[row["first"] for row in rows].__getitem__):
        table = rows[index]
        slots = image.slots_of(index)
        if index and (table["first"] < end or len(slots) != table["count"]):
            yield f"tables[{index}] overlaps another one"
        end = max(end, table["first"] + table["count"])
        if table["used"] != sum(slot["kind"] != objects.NONE for slot in slots) or table["threads"] != users[index]:
            yield f"tables[{index}] counts its slots or its threads wrongly"
        if slots and slots[0]["kind"] != objects.NONE:
            yield f"tables[{index}] has something in slot 0"
    for index, thread in image.entries("threads"):
        table = image.tables["tables"][thread["table"]]
        if thread["table"] == 0 or (thread["slots_first"], thread["slots_count"]) != (table["first"], table["count"]):
            yield f"threads[{index}] and its capability table disagree"


def capabilities_name_living_objects(image: BootImage) -> Contradictions:
    """Every filled slot names an object that exists, in its present generation, and came through no grant."""
    for index, slot in enumerate(image.tables["slots"]):
        kind, number = slot["kind"], slot["object"]
        if kind == objects.NONE:
            continue
        if kind in SINGLE_OBJECTS:
            header = image.tables[SINGLE_OBJECTS[kind]]["header"] if number == 1 else None
        else:
            rows = image.tables[OBJECT_TABLES[kind]]
            header = rows[number]["header"] if 0 < number < len(rows) else None
        if header is None or not header["live"] or header["generation"] != slot["generation"] or slot["grant"]:
            yield f"slots[{index}] names no living object"


def tables_hold_what_was_planned(image: BootImage) -> Contradictions:
    """Each component's table holds exactly its capabilities of the plan, which the manifest tells and claims of
    isolation are judged by; no other table holds any."""
    planned: dict[int, dict[int, tuple[int, int, int, int]]] = {
        component.index: {c.slot: (c.kind, c.index, c.rights, c.badge) for c in component.capabilities}
        for component in image.plan.components
    }
    for index in range(1, len(image.tables["tables"])):
        found = {
            number: (slot["kind"], slot["object"], slot["rights"], slot["badge"])
            for number, slot in enumerate(image.slots_of(index))
            if slot["kind"] != objects.NONE
        }
        if found != planned.get(index, {}):
            yield f"tables[{index}] does not hold what was planned"


def calls_go_to_higher_priorities(image: BootImage) -> Contradictions:
    """Who can call an endpoint, itself apart, has a lower priority than its server."""
    threads = image.tables["threads"]
    for index, thread in image.entries("threads"):
        for slot in image.slots_of(thread["table"]):
            if slot["kind"] != objects.ENDPOINT or not slot["rights"] & rights.WRITE:
                continue
            server = image.tables["endpoints"][slot["object"]]["server"]
            if server != index and _priority(threads[server]) <= _priority(thread):
                yield f"threads[{index}] can call threads[{server}], which has no higher priority"


def _priority(thread: Any) -> int:
    return int(thread["rank"]) % PRIORITY_COUNT


def faults_go_to_somebody_else(image: BootImage) -> Contradictions:
    """A fault handler's endpoint exists, and its server is another thread."""
    for index, thread in image.entries("threads"):
        endpoint = thread["fault_endpoint"]
        if endpoint and image.tables["endpoints"][endpoint]["server"] in (0, index):
            yield f"threads[{index}] has no one who handles its faults"


def interrupts_are_distinct(image: BootImage) -> Contradictions:
    """Each interrupt line has one object, and signals one bit of one notification if the object lives."""
    lines = [interrupt["line"] for interrupt in image.tables["interrupts"][1:]]
    if len(set(lines)) != len(lines):
        yield "two interrupt objects have one line"
    for index, interrupt in image.entries("interrupts"):
        if interrupt["bits"].bit_count() != 1 or interrupt["notification"] == 0:
            yield f"interrupts[{index}] signals nobody"


def each_vcpu_has_its_monitor(image: BootImage) -> Contradictions:
    """A vcpu's thread holds a capability to it."""
    for index, vcpu in image.entries("vcpus"):
        held = image.slots_of(image.tables["threads"][vcpu["thread"]]["table"])
        if not any(slot["kind"] == objects.VCPU and slot["object"] == index for slot in held):
            yield f"vcpus[{index}] has no monitor"


def unborn_objects_are_clean(image: BootImage) -> Contradictions:
    """An entry in which an object can be created later has nothing but its owner, its slots, or its level."""
    for table in dict.fromkeys(OBJECT_TABLES.values()):
        for index, row in enumerate(image.tables[table]):
            if not row["header"]["live"] and any(_numbers(row, skip=LEFT_TO_THE_UNBORN)):
                yield f"{table}[{index}] does not live, but is not clean"


def started_threads_are_ready(image: BootImage) -> Contradictions:
    """Exactly the components' threads start."""
    started = {index for index, thread in enumerate(image.tables["threads"]) if thread["state"] == THREAD_READY}
    if started != {component.index for component in image.plan.components}:
        yield f"threads {sorted(started)} start"


INVARIANTS: tuple[Callable[[BootImage], Contradictions], ...] = (
    first_object_is_nobody,
    owners_are_pools,
    bindings_are_reciprocal,
    threads_have_a_core_and_a_priority,
    cores_know_themselves,
    windows_are_rings,
    budgets_fit_their_periods,
    capability_tables_are_disjoint,
    capabilities_name_living_objects,
    tables_hold_what_was_planned,
    calls_go_to_higher_priorities,
    faults_go_to_somebody_else,
    interrupts_are_distinct,
    each_vcpu_has_its_monitor,
    unborn_objects_are_clean,
    started_threads_are_ready,
    *memory_invariants.INVARIANTS,
)


def check_invariants(image: BootImage) -> None:
    """Raise BrokenInvariant with every contradiction, unless there is none."""
    found = [f"{rule.__name__}: {text}" for rule in INVARIANTS for text in rule(image)]
    if found:
        raise BrokenInvariant("\n".join(found))

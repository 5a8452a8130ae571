"""Small systems to start from: every number makes another one, and all of them are such as the image builder may make.

Thread n has capability table n and notification n, and serves endpoint n; beyond that everything is chance. Nothing is
mapped at run time yet, and no object is passed on: that is what calls do.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, TypeAlias

from keelback.abi import mappings, objects, rights
from keelback.lang import Layout
from keelback.prover.fuzz.kernel import BootValues, Kernel
from keelback.prover.state import Access, Activity

Values: TypeAlias = dict[str, Any]
"""Fields of a row; the rest has its default."""

FIRST_LINE = 32
LAST_GENERATION = (1 << 32) - 2
PRIORITIES = (1, 7, 7, 63, 64, 127, 128, 255)
OWN = (objects.ENDPOINT, objects.NOTIFICATION, objects.TRACE, objects.PLATFORM, objects.CAPABILITY_TABLE)
"""What slots 1 and on hold: where each thread has its own, that."""
OTHERS = (
    *(objects.POOL, objects.CORE, objects.REPLY, objects.TIME, objects.GRANT, objects.PAGE_TABLE, objects.PAGE_TABLE),
    *(objects.ADDRESS_SPACE, objects.FRAME, objects.FRAME, objects.VCPU, objects.INTERRUPT),
)
"""What the slots behind them hold, so that everybody has something of everything."""
KINDS = (
    *(objects.THREAD, objects.ENDPOINT, objects.NOTIFICATION) * 3,
    *(objects.INTERRUPT, objects.VCPU, objects.VCPU, objects.TIME, objects.REPLY, objects.GRANT, objects.CORE),
    *(objects.FRAME, objects.PAGE_TABLE, objects.ADDRESS_SPACE, objects.CAPABILITY_TABLE, objects.POOL) * 2,
)
MASKS = (0, 0b11010100, 0x1FF, 1 << 2, (1 << 64) - 1)
TABLE_OF_KIND = {
    objects.POOL: "pools",
    objects.CAPABILITY_TABLE: "tables",
    objects.FRAME: "frames",
    objects.PAGE_TABLE: "translations",
    objects.ADDRESS_SPACE: "translations",
    objects.THREAD: "threads",
    objects.ENDPOINT: "endpoints",
    objects.NOTIFICATION: "notifications",
    objects.INTERRUPT: "interrupts",
    objects.VCPU: "vcpus",
    objects.TIME: "times",
    objects.REPLY: "replies",
    objects.GRANT: "grants",
    objects.CORE: "core_objects",
}
ALWAYS_LIVE = (objects.FRAME, objects.CORE)


class Boot:
    """One system in the making."""

    def __init__(self, layouts: Mapping[str, Layout], parameters: Mapping[str, int], seed: int) -> None:
        self._layouts = layouts
        self._parameters = parameters
        self._chance = random.Random(seed)
        self._values: defaultdict[str, dict[Any, Any]] = defaultdict(dict)
        self._thread_count = self._chance.randint(2, self._count("threads") - 1)
        self._make_pools()
        self._make_headers()
        self._make_cores()
        self._make_memory()
        for index in self._live(objects.THREAD):
            self._values["threads"][index].update(self._new_thread(index))
        for index in self._of(objects.INTERRUPT):
            self._values["interrupts"][index]["line"] = FIRST_LINE + index
            self._values["line_owners"][FIRST_LINE + index] = index
        for index in self._live(objects.INTERRUPT):
            self._values["interrupts"][index].update(self._new_interrupt())
        for index in self._live(objects.VCPU):
            self._values["vcpus"][index].update(self._new_vcpu(index))
        for owner in range(1, self._count("fp_states"), 2):
            self._values["fp_states"][owner] = {"control": owner, "registers": {owner: 1 << 63}}
        self._make_bindings()
        self._make_slots()

    @property
    def values(self) -> BootValues:
        """What the tables hold first."""
        return dict(self._values)

    def _count(self, table: str) -> int:
        return self._layouts[table].count

    def _of(self, kind: int) -> range:
        """The indices of a kind of object."""
        first = self._parameters["space_count"] if kind == objects.PAGE_TABLE else 1
        end = self._parameters["space_count"] if kind == objects.ADDRESS_SPACE else self._count(TABLE_OF_KIND[kind])
        return range(first, end)

    def _row(self, kind: int, index: int) -> Values:
        row: Values = self._values[TABLE_OF_KIND[kind]].setdefault(index, {})
        return row

    def _header(self, kind: int, index: int) -> Values:
        header: Values = self._row(kind, index)["header"]
        return header

    def _live(self, kind: int) -> list[int]:
        return [index for index in self._of(kind) if self._header(kind, index)["live"]]

    def _generation(self) -> int:
        return self._chance.choice((0, 0, 0, 1, 5, LAST_GENERATION - 1, LAST_GENERATION))

    def _make_pools(self) -> None:
        """A tree whose root is pool 1; a pool may be an empty entry."""
        for index in self._of(objects.POOL):
            live = index == 1 or self._chance.random() < 0.8
            self._row(objects.POOL, index).update(
                header={"live": live, "owner": 1, "generation": self._generation()}, owned=0
            )
            self._owned(1 if index == 1 else self._pool(index - 1), objects.POOL, index)

    def _pool(self, last: int) -> int:
        """A pool that lives, numbered 1 to `last`; mostly the root."""
        living = [index for index in range(1, last + 1) if self._header(objects.POOL, index)["live"]]
        return 1 if self._chance.random() < 0.5 else self._chance.choice(living)

    def _owned(self, pool: int, kind: int, index: int) -> None:
        self._header(kind, index)["owner"] = pool
        if (kind, index) != (objects.POOL, pool):
            self._row(objects.POOL, pool)["owned"] += 1

    def _make_headers(self) -> None:
        """Whether each object lives, and who owns it. Threads up to some number live, with their tables."""
        last = self._count("pools") - 1
        for kind in TABLE_OF_KIND:
            for index in self._of(kind) if kind != objects.POOL else ():
                live = kind in ALWAYS_LIVE or self._chance.random() < 0.85
                if kind in (objects.THREAD, objects.CAPABILITY_TABLE):
                    live = index <= self._thread_count
                self._row(kind, index)["header"] = {"live": live, "generation": self._generation()}
                self._owned(self._pool(last), kind, index)
        self._values["trace_object"]["header"] = {"live": True, "generation": self._generation()}
        self._values["platform_object"]["header"] = {"live": True}

    def _make_cores(self) -> None:
        partitions, windows = self._parameters["partition_count"], list(range(1, self._count("windows")))
        for number in range(self._count("cores")):
            self._values["cores"][number] = {
                "number": number,
                "best_rank": number << 8,
                "online": True,
                "trace_mask": self._chance.choice(MASKS),
            }
            mine = [windows.pop() for _ in range(self._chance.choice((0, 2))) if windows]
            for window, following in zip(mine, mine[1:] + mine[:1], strict=True):
                partition = self._chance.randrange(partitions)
                self._values["windows"][window] = {
                    "ticks": self._chance.choice((5000, 1 << 15)), "partition": partition, "next": following
                }  # fmt: skip
                self._values["cores"][number]["window"] = following
        for index in self._live(objects.TIME):
            budget = self._chance.choice((1 << 10, 3000))
            self._row(objects.TIME, index).update(
                budget=budget,
                period=budget * self._chance.choice((1, 2, 5)),
                remaining=budget,
                partition=self._chance.randrange(partitions),
                fault_on_overrun=self._chance.random() < 0.3,
                incarnation=self._chance.choice((0, 3)),
            )

    def _make_memory(self) -> None:
        slots = self._count("slots") // (self._count("tables") - 1)
        for index in self._of(objects.CAPABILITY_TABLE):
            count = slots - self._chance.choice((0, 0, 3))
            self._row(objects.CAPABILITY_TABLE, index).update(first=(index - 1) * slots, count=count, used=0, threads=0)
        for kind, levels in ((objects.ADDRESS_SPACE, (1,)), (objects.PAGE_TABLE, (2, 3, 3))):
            for index in self._of(kind):
                live = self._header(kind, index)["live"]
                level = self._chance.choice(levels) if live or kind == objects.ADDRESS_SPACE else 0
                self._row(kind, index).update(level=level, used=0, users=0)
                if live:
                    self._make_built_entries(kind, index)
        for index in self._of(objects.FRAME):
            size = self._chance.choice((0, 0, 0, 1, 2))
            dirty = {0: (0, 1), 1: (0, 2, 512), 2: (0,)}[size]
            address = 0x5000_0000 + (index << 21)
            self._row(objects.FRAME, index).update(size=size, address=address, dirty=self._chance.choice(dirty))

    def _make_built_entries(self, kind: int, index: int) -> None:
        """Mappings that the image builder made, which no frame stands for."""
        for entry in self._chance.sample(range(mappings.ENTRY_COUNT), self._chance.choice((0, 0, 2))):
            self._values["entries"][index * mappings.ENTRY_COUNT + entry] = 0x4000_07FD + (entry << 21)
            self._row(kind, index)["used"] += 1

    def _new_thread(self, index: int) -> Values:
        chance = self._chance
        priority = chance.choice(PRIORITIES)
        spaces = self._live(objects.ADDRESS_SPACE)
        is_configured = bool(spaces) and chance.random() < 0.9
        made: Values = {
            "context": {"registers": {0: index}, "stack_pointer": 0x8000 * index, "program_counter": 0x20_0000},
            "thread_pointer": chance.choice((0, index)),
            "fault_badge": 0xFA00 + index,
        }
        if is_configured:
            table = self._row(objects.CAPABILITY_TABLE, index)
            made |= {"space": chance.choice(spaces), "table": index, "state": int(Activity.READY)}
            made |= {"slots_first": table["first"], "slots_count": table["count"]}
            made |= {"rank": chance.randrange(self._count("cores")) << 8 | priority}
            made |= {"ceiling": chance.choice((priority, 255)), "accept": chance.choice((0, 0, 20, 21))}
            table["threads"] += 1
            self._row(objects.ADDRESS_SPACE, made["space"])["users"] += 1
            if chance.random() < 0.3:
                made["state"] = int(Activity.STOPPED)
        handlers = [0, *self._live(objects.ENDPOINT)]
        handler = chance.choice(handlers)
        if handler:
            generation = self._header(objects.ENDPOINT, handler)["generation"]
            made |= {"fault_endpoint": handler, "fault_generation": generation - chance.choice((0, 0, generation > 0))}
        return made

    def _new_interrupt(self) -> Values:
        notification = self._chance.choice([0, *self._live(objects.NOTIFICATION)])
        generation = self._header(objects.NOTIFICATION, notification)["generation"] if notification else 0
        return {
            "bits": 1 << self._chance.randrange(64) if notification else 0,
            "notification": notification,
            "notification_generation": generation,
        }

    def _new_vcpu(self, index: int) -> Values:
        chance = self._chance
        vcpu = self._layouts["vcpus"].element
        assert vcpu is not None
        return {
            "context": {"registers": {30: index}, "program_counter": (1 << 64) - chance.choice((2, 0x1000))},
            "el1": {
                **{name: chance.getrandbits(64) for name in vcpu.at("el1").layout.fields},
                "cntv_ctl": chance.choice((0, 1, 1, 3)),
                "cntv_cval": chance.choice((0, 5000 * index, 1 << 40)),
            },
            "list_registers": {number: number | chance.randrange(4) << 62 for number in chance.sample(range(4), 2)},
            "interface_control": chance.getrandbits(32),
            "active_group0": chance.getrandbits(32),
            "active_group1": chance.getrandbits(32),
            "mpidr": 1 << 31 | index,
            "access": int(chance.choice(list(Access))),
            "syndrome": chance.getrandbits(32),
        }

    def _make_bindings(self) -> None:
        """Servers, notifications, time and vcpus of threads, on both sides."""
        chance = self._chance
        for index in self._live(objects.THREAD):
            row = self._row(objects.THREAD, index)
            for kind, field in ((objects.ENDPOINT, "serves"), (objects.NOTIFICATION, "notification")):
                if index in self._live(kind):
                    row[field] = index
                    self._row(kind, index)["server" if kind == objects.ENDPOINT else "thread"] = index
            if index in self._live(objects.TIME) and chance.random() < 0.6:
                row["budget"] = index
                row["charged"] = index | self._row(objects.TIME, index)["incarnation"] << 32
                self._row(objects.TIME, index)["thread"] = index
        monitors = self._live(objects.THREAD)
        chance.shuffle(monitors)
        spaces = self._live(objects.ADDRESS_SPACE)
        for vcpu, monitor in zip(self._live(objects.VCPU), monitors, strict=False):
            if spaces and chance.random() < 0.8:
                self._row(objects.THREAD, monitor)["vcpu"] = vcpu
                self._row(objects.VCPU, vcpu).update(thread=monitor, space=chance.choice(spaces))
                self._row(objects.ADDRESS_SPACE, self._row(objects.VCPU, vcpu)["space"])["users"] += 1

    def _make_slots(self) -> None:
        for table in self._live(objects.CAPABILITY_TABLE):
            row = self._row(objects.CAPABILITY_TABLE, table)
            for number in range(1, row["count"]):
                slot = self._new_slot(table, number) if self._chance.random() < 0.8 else None
                if slot is not None:
                    self._values["slots"][row["first"] + number] = slot
                    row["used"] += 1

    def _new_slot(self, table: int, number: int) -> Values | None:
        chance = self._chance
        is_own = number <= len(OWN)
        kind = OWN[number - 1] if is_own else chance.choice(KINDS)
        if len(OWN) < number <= len(OWN) + len(OTHERS):
            kind = OTHERS[number - len(OWN) - 1]
        if kind in (objects.TRACE, objects.PLATFORM):
            name = "trace_object" if kind == objects.TRACE else "platform_object"
            living: int = self._values[name]["header"].get("generation", 0)
            return {"kind": kind, "object": 1, "rights": self._rights(), "generation": living}
        candidates = self._live(kind)
        if not candidates:
            return None
        index = table if is_own and table in candidates else chance.choice(candidates)
        monitored = self._values["threads"].get(table, {}).get("vcpu", 0)
        if kind == objects.VCPU and monitored and chance.random() < 0.7:
            index = monitored
        living = self._header(kind, index)["generation"]
        made = {
            "kind": kind,
            "object": index,
            "generation": living if chance.random() < 0.9 else chance.randint(0, living),
            "rights": self._rights(),
            "badge": chance.choice((0, 1, 2, 1 << number % 64, (1 << 64) - 1)),
        }
        grants = self._live(objects.GRANT)
        if grants and chance.random() < 0.1:
            made["grant"] = chance.choice(grants)
            made["grant_generation"] = self._header(objects.GRANT, made["grant"])["generation"]
        return made

    def _rights(self) -> int:
        return rights.ALL if self._chance.random() < 0.7 else self._chance.randrange(rights.ALL + 1)


def make_boot(kernel: Kernel, seed: int) -> BootValues:
    """System number `seed`."""
    return Boot(kernel.layouts, kernel.parameters, seed).values


def start(kernel: Kernel, boot: BootValues) -> None:
    """Load a system and let its threads start, as at the end of booting."""
    kernel.load(boot)
    for table in ("threads", "vcpus"):
        for index, row in boot.get(table, {}).items():
            if row.get("space"):
                stage2 = kernel.invoke("arch.aarch64.translations.stage2_of", row["space"])
                kernel.poke(table, index, "stage2", stage2)
    kernel.invoke("scheduler.commit_start_all")
    for core in range(kernel.sizes.cores):
        kernel.enter(core, 0)
        kernel.invoke("driver.first_window")
        kernel.invoke("driver.charge")

"""Small systems to start from: every number makes another one, and all of them are such as the image builder may make.

Thread n has capability table n and notification n, and serves endpoint n; beyond that everything is chance.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, TypeAlias

from keelback.abi import objects, rights
from keelback.lang import Layout
from keelback.prover.fuzz.kernel import Kernel
from keelback.prover.state import Access, Activity

Values: TypeAlias = dict[str, Any]
"""Fields of a row; the rest has its default."""
BootValues: TypeAlias = dict[str, dict[int, Any]]
"""Table -> index -> the row's fields, or its number; other rows, and other tables, have their defaults."""

FIRST_LINE = 32
LAST_GENERATION = (1 << 32) - 1
PRIORITIES = (1, 7, 7, 63, 64, 127, 128, 255)
KINDS = (*(objects.THREAD, objects.ENDPOINT, objects.NOTIFICATION) * 3, objects.INTERRUPT, objects.VCPU, objects.VCPU)
MASKS = (0, 0b11010100, 0x1FF, 1 << 2, (1 << 64) - 1)
TABLE_OF_KIND = {
    objects.THREAD: "threads",
    objects.ENDPOINT: "endpoints",
    objects.NOTIFICATION: "notifications",
    objects.INTERRUPT: "interrupts",
    objects.VCPU: "vcpus",
}


class Boot:
    """One system in the making."""

    def __init__(self, layouts: Mapping[str, Layout], slot_count: int, seed: int) -> None:
        self._layouts = layouts
        self._slot_count = slot_count
        self._chance = random.Random(seed)
        self._values: BootValues = defaultdict(dict)
        self._thread_count = self._chance.randint(2, self._count("threads") - 1)
        self._make_objects()
        self._make_slots()

    @property
    def values(self) -> BootValues:
        """What the tables hold first."""
        return dict(self._values)

    def _count(self, table: str) -> int:
        return self._layouts[table].count

    def _thread(self) -> int:
        return self._chance.randint(1, self._thread_count)

    def _generation(self) -> int:
        return self._chance.choice((0, 0, 0, 1, 5, LAST_GENERATION - 1, LAST_GENERATION))

    def _make_objects(self) -> None:
        for index in range(1, self._thread_count + 1):
            self._values["threads"][index] = self._new_thread(index)
        for index in range(1, self._count("endpoints")):
            server = index if index <= self._thread_count else self._chance.choice((0, self._thread()))
            self._values["endpoints"][index] = {"server": server, "generation": self._generation()}
        for index in range(1, self._count("notifications")):
            bound = index if index <= self._thread_count else 0
            self._values["notifications"][index] = {"thread": bound, "generation": self._generation()}
        for index in range(1, self._count("interrupts")):
            self._values["interrupts"][index] = self._new_interrupt(index)
            self._values["line_owners"][FIRST_LINE + index] = index
        for index in range(1, self._count("vcpus")):
            self._values["vcpus"][index] = self._new_vcpu(index)
        self._values["cores"][0] = {"trace_mask": self._chance.choice(MASKS)}
        for owner in range(1, self._count("fp_states"), 2):
            self._values["fp_states"][owner] = {"control": owner, "registers": {owner: 1 << 63}}

    def _new_thread(self, index: int) -> Values:
        chance = self._chance
        return {
            "context": {"registers": {0: index}, "stack_pointer": 0x8000 * index, "program_counter": 0x20_0000},
            "thread_pointer": chance.choice((0, index)),
            "table": index,
            "notification": index,
            "priority": chance.choice(PRIORITIES),
            "state": int(chance.choice((Activity.READY, Activity.READY, Activity.STOPPED))),
            "fault_endpoint": chance.randrange(self._count("endpoints")),
            "fault_badge": 0xFA00 + index,
            "generation": self._generation(),
        }

    def _new_interrupt(self, index: int) -> Values:
        return {
            "bits": 1 << self._chance.randrange(64),
            "line": FIRST_LINE + index,
            "notification": self._thread(),
            "generation": self._generation(),
        }

    def _new_vcpu(self, index: int) -> Values:
        chance = self._chance
        vcpu = self._layouts["vcpus"].element
        assert vcpu is not None
        el1 = vcpu.at("el1").layout.fields
        return {
            "context": {"registers": {30: index}, "program_counter": (1 << 64) - chance.choice((2, 0x1000))},
            "el1": {
                **{name: chance.getrandbits(64) for name in el1},
                "cntv_ctl": chance.choice((0, 1, 1, 3)),
                "cntv_cval": chance.choice((0, 0, index)),
            },
            "list_registers": {number: number | chance.randrange(4) << 62 for number in chance.sample(range(4), 2)},
            "interface_control": chance.getrandbits(32),
            "active_group0": chance.getrandbits(32),
            "active_group1": chance.getrandbits(32),
            "mpidr": 1 << 31 | index,
            "thread": self._thread(),
            "generation": self._generation(),
            "access": int(chance.choice(list(Access))),
            "syndrome": chance.getrandbits(32),
        }

    def _make_slots(self) -> None:
        for table in range(1, self._thread_count + 1):
            for number in range(1, self._slot_count):
                if self._chance.random() < 0.75:
                    self._values["slots"][table * self._slot_count + number] = self._new_slot(table, number)

    def _new_slot(self, table: int, number: int) -> Values:
        chance = self._chance
        own = {1: objects.ENDPOINT, 2: objects.NOTIFICATION, 3: objects.TRACE, 4: objects.PLATFORM}
        kind = own.get(number) or chance.choice(KINDS)
        if kind in (objects.TRACE, objects.PLATFORM):
            return {"kind": kind, "object": 1, "rights": self._rights(), "badge": 0}
        last = self._thread_count if kind == objects.THREAD else self._count(TABLE_OF_KIND[kind]) - 1
        index = table if number in own else chance.randint(1, last)
        monitored = [vcpu for vcpu, row in self._values["vcpus"].items() if row["thread"] == table]
        if kind == objects.VCPU and monitored and chance.random() < 0.8:
            index = chance.choice(monitored)
        living: int = self._values[TABLE_OF_KIND[kind]].get(index, {}).get("generation", 0)
        return {
            "kind": kind,
            "object": index,
            "generation": living if chance.random() < 0.9 else chance.randint(0, living),
            "rights": self._rights(),
            "badge": chance.choice((0, 1, 2, 1 << number, (1 << 64) - 1)),
        }

    def _rights(self) -> int:
        return rights.ALL if self._chance.random() < 0.7 else self._chance.randrange(rights.ALL + 1)


def make_boot(kernel: Kernel, seed: int) -> BootValues:
    """System number `seed`."""
    return Boot(kernel.layouts, kernel.sizes.slots, seed).values


def start(kernel: Kernel, boot: BootValues) -> None:
    """Load a system and let its threads start, as at the end of booting."""
    kernel.load(boot)
    kernel.invoke("scheduler.commit_start_all")

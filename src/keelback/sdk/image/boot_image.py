"""What a build is judged by: the kernel's tables, read back from the finished image, and the address spaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from keelback.abi import objects
from keelback.lang.layout import Layout as MemoryLayout
from keelback.lang.packing import unpack
from keelback.sdk.image.boot_state import state_symbol
from keelback.sdk.image.layout import Layout
from keelback.sdk.image.page_tables import Leaf, walk
from keelback.sdk.image.plan import Mapping as ExtentMapping
from keelback.sdk.image.plan import Plan

OBJECT_TABLES = {
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
SINGLE_OBJECTS = {objects.TRACE: "trace_object", objects.PLATFORM: "platform_object"}
TABLES = ("boot", "cores", "windows", "slots", *dict.fromkeys(OBJECT_TABLES.values()), *SINGLE_OBJECTS.values())


@dataclass(frozen=True)
class BootImage:
    """The kernel's tables as unpacked from the image, where all lies, and what was planned."""

    plan: Plan
    layout: Layout
    tables: Mapping[str, Any]
    leaves: dict[int, list[Leaf]] = field(default_factory=dict)

    def entries(self, table: str) -> Iterator[tuple[int, Any]]:
        """Objects of a table that live: entry 0 never is one."""
        for index, row in enumerate(self.tables[table]):
            if index and row["header"]["live"]:
                yield index, row

    def slots_of(self, table: int) -> list[Any]:
        """The capabilities of a capability table."""
        row = self.tables["tables"][table]
        found: list[Any] = self.tables["slots"][row["first"] : row["first"] + row["count"]]
        return found

    def leaves_of(self, space: int) -> list[Leaf]:
        """What an address space maps, as the hardware would find it."""
        if space not in self.leaves:
            self.leaves[space] = list(walk(self.layout.zone, self.layout.root_of(space)))
        return self.leaves[space]

    def spaces(self) -> Iterator[tuple[str, int, list[ExtentMapping]]]:
        """Address spaces that something runs in: whose, its number, and what the plan maps there."""
        for component in self.plan.components:
            yield component.name, component.index, component.mappings
        for guest in self.plan.guests:
            yield f"guest {guest.machine.name}", self.plan.guest_space(guest), guest.mappings


def read_tables(layouts: Mapping[str, MemoryLayout], read: Callable[[str, int], bytes]) -> dict[str, Any]:
    """Unpack the kernel's tables; `read` gives the bytes of a symbol."""
    found: dict[str, Any] = {}
    for table in TABLES:
        symbol = state_symbol(table)
        found[table] = unpack(layouts[symbol], read(symbol, layouts[symbol].size))
    return found

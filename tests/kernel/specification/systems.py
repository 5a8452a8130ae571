"""Systems written by hand, for tests that have to know what is in them."""

from __future__ import annotations

from typing import Any

from keelback.abi import objects, rights
from keelback.prover.fuzz.boot import BootValues
from keelback.prover.fuzz.kernel import PARAMETERS
from keelback.prover.state import Activity

SLOT_COUNT = PARAMETERS["slot_count"]

Row = dict[str, Any]


def capability(kind: int, index: int, given: int = rights.ALL, generation: int = 0, badge: int = 0) -> Row:
    """A filled slot."""
    return {"kind": kind, "object": index, "rights": given, "generation": generation, "badge": badge}


def make_system(priorities: list[int], slots: dict[tuple[int, int], Row], **tables: dict[int, Row]) -> BootValues:
    """Ready threads 1.. of these priorities, each with endpoint (slot 1) and notification (slot 2) of its own.

    `slots` are further ones by (thread, slot); `tables` are whole tables, whose rows add to those made here.
    """
    numbered = list(enumerate(priorities, start=1))
    boot: BootValues = {
        "threads": {i: {"priority": p, "table": i, "notification": i, "state": Activity.READY} for i, p in numbered},
        "endpoints": {i: {"server": i} for i, _ in numbered},
        "notifications": {i: {"thread": i} for i, _ in numbered},
        "slots": {},
    }
    for index, _ in numbered:
        boot["slots"][index * SLOT_COUNT + 1] = capability(objects.ENDPOINT, index)
        boot["slots"][index * SLOT_COUNT + 2] = capability(objects.NOTIFICATION, index)
    for (table, number), row in slots.items():
        boot["slots"][table * SLOT_COUNT + number] = row
    for table_name, rows in tables.items():
        for index, row in rows.items():
            boot.setdefault(table_name, {}).setdefault(index, {}).update(row)
    return boot

"""Capabilities: they name objects that exist, in no generation that is yet to come; empty slots are all zero."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.abi import objects, rights
from keelback.prover.tables import Tables


def capabilities_name_objects(tables: Tables) -> Iterator[str]:
    """Kind, index, rights and generation of every filled slot are possible."""
    kinds = {
        objects.THREAD: [row.generation for row in tables.threads],
        objects.ENDPOINT: [row.generation for row in tables.endpoints],
        objects.NOTIFICATION: [row.generation for row in tables.notifications],
        objects.INTERRUPT: [row.generation for row in tables.interrupts],
        objects.VCPU: [row.generation for row in tables.vcpus],
        objects.TRACE: [0, tables.singletons[0]],
        objects.PLATFORM: [0, tables.singletons[1]],
    }
    for number, slot in enumerate(tables.slots):
        if slot.kind == objects.NONE:
            if any(slot):
                yield f"slots[{number}] is empty and not zero"
            continue
        generations = kinds.get(slot.kind, [])
        if not 0 < slot.object < len(generations):
            yield f"slots[{number}] names no object"
        elif slot.generation > generations[slot.object]:
            yield f"slots[{number}] is of a generation to come"
        if slot.rights & ~rights.ALL:
            yield f"slots[{number}] has rights that do not exist"


def first_slots_are_empty(tables: Tables) -> Iterator[str]:
    """Slot 0 of a table, and table 0, hold nothing."""
    for number in (*range(tables.slot_count), *range(0, len(tables.slots), tables.slot_count)):
        if tables.slots[number].kind:
            yield f"slots[{number}] can never be named, and is filled"

"""Capabilities: they name objects that exist, in no generation that is yet to come; empty slots are all zero."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.abi import objects, rights
from keelback.prover.abstraction import TABLE_OF_KIND
from keelback.prover.incremental import each
from keelback.prover.tables import Row, Tables, is_zero


@each("slots", first=0)
def capabilities_name_objects(tables: Tables, number: int) -> Iterator[str]:
    """Kind, index, rights and generation of every filled slot are possible."""
    slot = tables.slots[number]
    if slot.kind == objects.NONE:
        if not is_zero(slot):
            yield f"slots[{number}] is empty and not zero"
        return
    named = find_object(tables, slot.kind, slot.object)
    if named is None:
        yield f"slots[{number}] names no object"
    elif slot.generation > named.generation:
        yield f"slots[{number}] is of a generation to come"
    if slot.rights & ~rights.ALL:
        yield f"slots[{number}] has rights that do not exist"


def find_object(tables: Tables, kind: int, index: int) -> Row | None:
    """The row of an object, if there is one of this kind and index."""
    singletons = {objects.TRACE: tables.trace_singleton, objects.PLATFORM: tables.platform_singleton}
    if kind in singletons:
        return singletons[kind] if index == 1 else None
    rows = getattr(tables, TABLE_OF_KIND[kind]) if kind in TABLE_OF_KIND else []
    return rows[index] if 0 < index < len(rows) else None


@each("slots", first=0)
def first_slots_are_empty(tables: Tables, number: int) -> Iterator[str]:
    """Slot 0 of a table, and table 0, hold nothing."""
    count = len(tables.slots) // len(tables.threads)
    if (number < count or number % count == 0) and tables.slots[number].kind:
        yield f"slots[{number}] can never be named, and is filled"

"""Capabilities: they name objects that exist, in no generation that is yet to come; empty slots are all zero."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from keelback.abi import objects, rights
from keelback.prover.tables import Kept, Row, Tables

KINDS = (objects.THREAD, objects.ENDPOINT, objects.NOTIFICATION, objects.INTERRUPT, objects.VCPU)


def capabilities_name_objects(tables: Tables) -> Iterator[str]:
    """Kind, index, rights and generation of every filled slot are possible."""
    objects_of_kind = (tables.threads, tables.endpoints, tables.notifications, tables.interrupts, tables.vcpus)
    generations = [row.generation for rows in objects_of_kind for row in rows]
    counts = [len(rows) for rows in objects_of_kind]
    yield from wrong_slots(tables.slots, (*counts, *generations, *tables.singletons))


@Kept
def wrong_slots(slots: list[Row], numbers: tuple[int, ...]) -> list[str]:
    """What is wrong with slots, given how many objects of each kind there are, and all their generations."""
    rest, kinds = iter(numbers[len(KINDS) :]), {}
    for kind, count in zip(KINDS, numbers, strict=False):
        kinds[kind] = list(islice(rest, count))
    kinds |= {kind: [0, next(rest)] for kind in (objects.TRACE, objects.PLATFORM)}
    return [text for number, slot in enumerate(slots) for text in wrong_slot(number, slot, kinds)]


def wrong_slot(number: int, slot: Row, generations: dict[int, list[int]]) -> Iterator[str]:
    """What is wrong with one slot."""
    if slot.kind == objects.NONE:
        if any(slot):
            yield f"slots[{number}] is empty and not zero"
        return
    present = generations.get(slot.kind, [])
    if not 0 < slot.object < len(present):
        yield f"slots[{number}] names no object"
    elif slot.generation > present[slot.object]:
        yield f"slots[{number}] is of a generation to come"
    if slot.rights & ~rights.ALL:
        yield f"slots[{number}] has rights that do not exist"


def first_slots_are_empty(tables: Tables) -> Iterator[str]:
    """Slot 0 of a table, and table 0, hold nothing."""
    for number in (*range(tables.slot_count), *range(0, len(tables.slots), tables.slot_count)):
        if tables.slots[number].kind:
            yield f"slots[{number}] can never be named, and is filled"

"""Capabilities: they name objects that exist, in no generation that is yet to come; tables lie apart, and know how many
of their slots are filled."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.abi import objects, rights
from keelback.prover.abstraction import header_of, indices, names
from keelback.prover.incremental import each, pairs
from keelback.prover.tables import Row, Tables, is_zero


@each("slots", first=0)
def capabilities_name_objects(tables: Tables, number: int) -> Iterator[str]:
    """Kind, index, rights and generation of every filled slot are possible."""
    slot = tables.slots[number]
    if slot.kind == objects.NONE:
        if not is_zero(slot):
            yield f"slots[{number}] is empty and not zero"
        return
    named = find_header(tables, slot.kind, slot.object)
    if named is None:
        yield f"slots[{number}] names no object"
    elif slot.generation > named.generation:
        yield f"slots[{number}] is of a generation to come"
    if slot.rights & ~rights.ALL:
        yield f"slots[{number}] has rights that do not exist"


@each("slots", first=0)
def grants_are_known(tables: Tables, number: int) -> Iterator[str]:
    """A capability came through no grant, or one that exists, in no generation that is yet to come."""
    slot = tables.slots[number]
    if slot.grant >= len(tables.grants):
        yield f"slots[{number}] came through no grant that exists"
    elif slot.grant and slot.grant_generation > tables.grants[slot.grant].header.generation:
        yield f"slots[{number}] came through a grant of a generation to come"


def find_header(tables: Tables, kind: int, index: int) -> Row | None:
    """The header of an object, if there is one of this kind and index."""
    return header_of(tables, kind, index) if index in indices(tables, kind) else None


@each("slots", first=0)
def dead_objects_have_no_capabilities(tables: Tables, number: int) -> Iterator[str]:
    """A capability to what does not live is dead itself."""
    slot = tables.slots[number]
    named = find_header(tables, slot.kind, slot.object)
    if named is not None and not named.live and slot.generation == named.generation:
        yield f"slots[{number}] names an object that does not live, and is alive"


LAST_GENERATION = (1 << 32) - 1


@pairs(names)
def live_objects_have_generations_left(tables: Tables, kind: int, index: int) -> Iterator[str]:
    """What lives is not in its last generation, so that it can end."""
    header = header_of(tables, kind, index)
    if header.live and header.generation == LAST_GENERATION:
        yield f"object {index} of kind {kind} lives in the last generation"


@each("interrupts")
def lines_are_shared(tables: Tables, index: int) -> Iterator[str]:
    """An interrupt is of a shared line (GIC IHI 0069, 2.2.1)."""
    if not 32 <= tables.interrupts[index].line < 1020:
        yield f"interrupts[{index}] is of line {tables.interrupts[index].line}"


@each("tables")
def first_slots_are_empty(tables: Tables, index: int) -> Iterator[str]:
    """Slot 0 of a table holds nothing, and a table knows how many slots do."""
    table = tables.tables[index]
    kinds = [slot.kind for slot in tables.slots[table.first : table.first + table.count]]
    if kinds and kinds[0]:
        yield f"slots[{table.first}] can never be named, and is filled"
    if table.used != sum(kind != objects.NONE for kind in kinds):
        yield f"tables[{index}] says that {table.used} of its slots are filled"


@each("tables")
def tables_lie_apart(tables: Tables, index: int) -> Iterator[str]:
    """A capability table lies in `slots`, behind the table before it."""
    table = tables.tables[index]
    if table.first + table.count > len(tables.slots):
        yield f"tables[{index}] ends behind the last slot"
    for other in range(1, index):
        row = tables.tables[other]
        if row.first < table.first + table.count and table.first < row.first + row.count:
            yield f"tables[{index}] and tables[{other}] have slots in common"


@each("threads")
def threads_use_their_tables(tables: Tables, index: int) -> Iterator[str]:
    """A thread looks for its slots where its table has them; it has a table if and only if it has an address space."""
    thread = tables.threads[index]
    table = tables.tables[thread.table]
    place = (table.first, table.count) if thread.table else (0, 0)
    if (thread.slots_first, thread.slots_count) != place:
        yield f"threads[{index}] looks for its capabilities elsewhere"
    if bool(thread.table) != bool(thread.space):
        yield f"threads[{index}] has one of table and address space alone"

"""Memory: entries and what they are for agree, counts are cardinalities, and a frame that lies open is known to."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.abi import mappings
from keelback.prover.abstraction import PAGE_LEVEL, TABLE_BIT, entry
from keelback.prover.incremental import each, once
from keelback.prover.state import Link, Mapping, Size
from keelback.prover.tables import Tables

ENTRY_COUNT = mappings.ENTRY_COUNT
ADDRESS = (1 << 48) - (1 << 12)
"""Bits of an entry that hold an address (Arm DDI 0487, D8.3.1)."""
LEVELS = {Size.SMALL: 3, Size.LARGE: 2, Size.DEVICE: 3}
PIECES = {Size.SMALL: 1, Size.LARGE: 512, Size.DEVICE: 0}


@each("translations", first=0)
def entries_have_targets(tables: Tables, index: int) -> Iterator[str]:
    """An entry points where its target lies, a target has an entry, and a table knows how many entries it has. Nobody
    (0) has no targets."""
    row, first = tables.translations[index], index * ENTRY_COUNT
    words = tables.entries[first : first + ENTRY_COUNT]
    targets = tables.targets[first : first + ENTRY_COUNT]
    if row.used != sum(word != 0 for word in words):
        yield f"translations[{index}] says that {row.used} of its entries are used"
    if index == 0 and any(targets):
        yield "nobody's table has a target"
    for number, target in enumerate(targets):
        if target and not words[number]:
            yield f"entry {number} of translations[{index}] has a target and is zero"
        elif target:
            yield from wrong_entry(tables, index, number, words[number], target)


def wrong_entry(tables: Tables, index: int, number: int, word: int, target: int) -> Iterator[str]:
    """What is wrong with an entry that maps a frame or points to a table."""
    name, level = f"entry {number} of translations[{index}]", tables.translations[index].level
    meaning = entry(level, word, target)
    if isinstance(meaning, Mapping):
        frame = tables.frames[target]
        if word & ADDRESS != frame.address or not meaning.flags & mappings.READ:
            yield f"{name} does not map frames[{target}]"
        if level != LEVELS[Size(frame.size)]:
            yield f"{name} maps a frame of another size"
        if meaning.flags & mappings.WRITE and frame.dirty != PIECES[Size(frame.size)]:
            yield f"{name} lets frames[{target}] be written, which counts as clear"
        if frame.size == Size.DEVICE and meaning.flags & mappings.EXECUTE:
            yield f"{name} lets device registers be executed"
    elif isinstance(meaning, Link):
        child = tables.translations[target]
        if (child.parent, child.parent_entry) != (index, number):
            yield f"{name} points to translations[{target}], which does not know it"
        if child.level != level + 1 or not child.header.live:
            yield f"{name} points to a table of another level, or to none"


@each("translations", first=0)
def parents_point_to_their_tables(tables: Tables, index: int) -> Iterator[str]:
    """The table that is said to point to a table does."""
    row = tables.translations[index]
    place = row.parent * ENTRY_COUNT + row.parent_entry
    if row.parent and tables.targets[place] != index:
        yield f"translations[{index}] is said to be in translations[{row.parent}], and is not"
    if row.parent and not tables.entries[place]:
        yield f"translations[{index}] is said to be in an empty entry"
    elif row.parent and not (tables.entries[place] & TABLE_BIT and tables.translations[row.parent].level < PAGE_LEVEL):
        yield f"translations[{index}] is said to be in an entry that maps a frame"


@each("translations")
def dead_tables_are_empty(tables: Tables, index: int) -> Iterator[str]:
    """What lives has the level of its kind; what does not is in no use."""
    row = tables.translations[index]
    levels = (1,) if index < tables.space_count else (2, PAGE_LEVEL)
    if row.header.live and row.level not in levels:
        yield f"translations[{index}] is of level {row.level}"
    if not row.header.live and (row.used or row.users or row.parent):
        yield f"translations[{index}] does not live and is in use"


@once
def frames_know_how_often_they_are_mapped(tables: Tables) -> Iterator[str]:
    """The count of each frame is how many entries map it."""
    counts = [0] * len(tables.frames)
    for index in range(1, len(tables.translations)):
        level, first = tables.translations[index].level, index * ENTRY_COUNT
        for number, target in enumerate(tables.targets[first : first + ENTRY_COUNT]):
            if target and isinstance(entry(level, tables.entries[first + number], target), Mapping):
                counts[target] += 1
    for index, count in enumerate(counts):
        if tables.frames[index].mapped != count:
            yield f"frames[{index}] is mapped {count} times and says {tables.frames[index].mapped}"


@each("frames")
def frames_are_whole(tables: Tables, index: int) -> Iterator[str]:
    """A frame begins at a multiple of its size, and no more is to be cleared than it has."""
    frame = tables.frames[index]
    size = mappings.LARGE_BYTES if frame.size == Size.LARGE else mappings.SMALL_BYTES
    if frame.address % size:
        yield f"frames[{index}] begins inside another"
    if frame.address > (1 << 48) - mappings.LARGE_BYTES:
        yield f"frames[{index}] lies beyond what entries can name"
    if frame.dirty > PIECES[Size(frame.size)]:
        yield f"frames[{index}] has fewer pieces than are to be cleared"


@once
def spaces_know_their_users(tables: Tables) -> Iterator[str]:
    """The count of each address space, and of each capability table, is how many use it."""
    users, threads = [0] * len(tables.translations), [0] * len(tables.tables)
    for thread in tables.threads[1:]:
        users[thread.space] += thread.space != 0
        threads[thread.table] += thread.table != 0
    for vcpu in tables.vcpus[1:]:
        users[vcpu.space] += vcpu.space != 0
    for index, count in enumerate(users):
        if tables.translations[index].users != count:
            yield f"translations[{index}] has {count} users and says {tables.translations[index].users}"
    for index, count in enumerate(threads):
        if tables.tables[index].threads != count:
            yield f"tables[{index}] has {count} threads and says {tables.tables[index].threads}"


BINDINGS = (
    ("threads", "serves", "endpoints", "server"),
    ("threads", "notification", "notifications", "thread"),
    ("threads", "budget", "times", "thread"),
    ("threads", "vcpu", "vcpus", "thread"),
    ("replies", "client", "threads", "reply"),
)
"""Field of a table's rows, and the field of another table's that names it back."""


@once
def bindings_agree(tables: Tables) -> Iterator[str]:
    """What is bound to something is named back by it, both ways."""
    for table, name, other, back in BINDINGS:
        for left, forth, right, returning in ((table, name, other, back), (other, back, table, name)):
            rows, others = getattr(tables, left), getattr(tables, right)
            for index in range(1, len(rows)):
                target = getattr(rows[index], forth)
                if target and getattr(others[target], returning) != index:
                    yield f"{left}[{index}].{forth} is {target}, and {right}[{target}] does not know"

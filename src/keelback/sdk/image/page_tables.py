"""Translation tables as data: the kernel's own (EL2 stage 1) and every address space's (stage 2).

All use the 4 KiB granule and 39-bit input addresses, so a tree starts with one table at level 1 (Arm DDI 0487, D8.2).
Large aligned pieces become 2 MiB blocks, never
larger: so the number of tables follows from sizes alone. Decides nothing about what is mapped where.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from keelback.sdk.system.model import Access
from keelback.sdk.system.units import BLOCK_BYTES, PAGE_BYTES

ENTRY_COUNT = 512
INPUT_BITS = 39
LEVEL_SHIFTS = {1: 30, 2: 21, 3: 12}

_VALID = 1
_TABLE_OR_PAGE = 2
_ADDRESS_MASK = 0x0000_FFFF_FFFF_F000
_INNER_SHAREABLE = 3 << 8
_ACCESSED = 1 << 10
_EXECUTE_NEVER = 1 << 54

_STAGE2_NORMAL = 0xF << 2
_STAGE2_DEVICE = 0x1 << 2
_STAGE2_READ = 1 << 6
_STAGE2_WRITE = 2 << 6

_EL2_DEVICE = 1 << 2
_EL2_RES1 = 1 << 6
_EL2_READ_ONLY = 1 << 7


def stage2_attributes(access: Access, *, device: bool = False) -> int:
    """Attribute bits of a stage-2 leaf (DDI 0487, D8.3.2, D8.4.2, D8.5.5)."""
    attributes = (_STAGE2_DEVICE if device else _STAGE2_NORMAL) | _INNER_SHAREABLE | _ACCESSED | _STAGE2_READ
    if "w" in access:
        attributes |= _STAGE2_WRITE
    return attributes if "x" in access else attributes | _EXECUTE_NEVER


def el2_attributes(access: Access, *, device: bool = False) -> int:
    """Attribute bits of an EL2 stage-1 leaf; MAIR_EL2 index 0 is normal memory, 1 is Device-nGnRE."""
    attributes = (_EL2_DEVICE if device else 0) | _INNER_SHAREABLE | _ACCESSED | _EL2_RES1
    if "w" not in access:
        attributes |= _EL2_READ_ONLY
    return attributes if "x" in access else attributes | _EXECUTE_NEVER


class OverlapError(ValueError):
    """Two mappings claim one input address."""


class TableZone:
    """The memory all translation tables lie in: consecutive pages from the physical address `base`."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.tables: list[list[int]] = []
        self.levels: list[int] = []
        """Level of each table, 0 where it is not in use."""

    def add_table(self, level: int = 1) -> int:
        """Physical address of a new empty table."""
        self.tables.append([0] * ENTRY_COUNT)
        self.levels.append(level)
        return self.base + (len(self.tables) - 1) * PAGE_BYTES

    def fill_up(self, count: int) -> None:
        """Add empty tables that are not in use, until there are `count`."""
        assert len(self.tables) <= count, f"{len(self.tables)} tables, where there is room for {count}"
        while len(self.tables) < count:
            self.add_table(0)

    def add_subtable(self, table: int, index: int) -> int:
        """Physical address of a new empty table that entry `index` of `table` points to."""
        assert self.table_at(table)[index] == 0, "the entry is taken"
        child = self.add_table(self.levels[(table - self.base) // PAGE_BYTES] + 1)
        self.table_at(table)[index] = child | _VALID | _TABLE_OR_PAGE
        return child

    def has_table(self, address: int) -> bool:
        """Whether a table of the zone begins at this address."""
        return address % PAGE_BYTES == 0 and self.base <= address < self.base + self.size_bytes

    def table_at(self, address: int) -> list[int]:
        """The entries of the table at a physical address."""
        return self.tables[(address - self.base) // PAGE_BYTES]

    @property
    def size_bytes(self) -> int:
        """Bytes of all tables so far."""
        return len(self.tables) * PAGE_BYTES

    def to_bytes(self) -> bytes:
        """The zone's contents."""
        return b"".join(struct.pack(f"<{ENTRY_COUNT}Q", *table) for table in self.tables)

    def map(self, root: int, virtual: int, physical: int, size_bytes: int, attributes: int) -> None:
        """Map whole pages in the tree at `root`; OverlapError if some of them already are."""
        assert (virtual | physical | size_bytes) % PAGE_BYTES == 0, "only whole pages can be mapped"
        assert virtual + size_bytes <= 1 << INPUT_BITS, "outside the input address range"
        while size_bytes:
            level = _leaf_level(virtual, physical, size_bytes)
            self._set_leaf(root, virtual, level, physical | attributes)
            step = 1 << LEVEL_SHIFTS[level]
            virtual, physical, size_bytes = virtual + step, physical + step, size_bytes - step

    def _set_leaf(self, root: int, virtual: int, leaf_level: int, descriptor: int) -> None:
        table = root
        for level in range(1, leaf_level):
            table = self._next_table(table, _index(virtual, level), virtual)
        entries, index = self.table_at(table), _index(virtual, leaf_level)
        if entries[index]:
            raise OverlapError(f"{virtual:#x} is mapped twice")
        entries[index] = descriptor | _VALID | (_TABLE_OR_PAGE if leaf_level == 3 else 0)

    def _next_table(self, table: int, index: int, virtual: int) -> int:
        entry = self.table_at(table)[index]
        if entry == 0:
            return self.add_subtable(table, index)
        if not entry & _TABLE_OR_PAGE:
            raise OverlapError(f"{virtual:#x} is mapped twice")
        return entry & _ADDRESS_MASK


def _leaf_level(virtual: int, physical: int, size_bytes: int) -> int:
    is_block = (virtual | physical) % BLOCK_BYTES == 0 and size_bytes >= BLOCK_BYTES
    return 2 if is_block else 3


def _index(virtual: int, level: int) -> int:
    return (virtual >> LEVEL_SHIFTS[level]) % ENTRY_COUNT


def links(table: list[int], level: int) -> Iterator[int]:
    """Physical addresses of the tables that a table of this level points to."""
    for entry in table:
        if entry & _VALID and level < 3 and entry & _TABLE_OR_PAGE:
            yield entry & _ADDRESS_MASK


@dataclass(frozen=True)
class Leaf:
    """One mapped piece, as the hardware would find it."""

    virtual: int
    physical: int
    size_bytes: int
    attributes: int


def walk(zone: TableZone, root: int, level: int = 1, virtual: int = 0) -> Iterator[Leaf]:
    """All leaves of a tree in order of virtual address: what the hardware's table walk would find."""
    for index, entry in enumerate(zone.table_at(root)):
        if not entry & _VALID:
            continue
        address = virtual + (index << LEVEL_SHIFTS[level])
        if level < 3 and entry & _TABLE_OR_PAGE:
            yield from walk(zone, entry & _ADDRESS_MASK, level + 1, address)
        else:
            attributes = entry & ~_ADDRESS_MASK & ~3
            yield Leaf(address, entry & _ADDRESS_MASK, 1 << LEVEL_SHIFTS[level], attributes)

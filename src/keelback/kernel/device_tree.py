"""The board's device tree, read once at boot for one fact: how far the RAM reaches that the kernel is in.

Format: Devicetree Specification 0.4, chapter 5. Only `/memory` nodes are looked at.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Memory, Struct, byte_at, byte_count, struct, u8, u64, upto

MAGIC: Final = 0xD00D_FEED
STRUCTURE_OFFSET: Final = 8
STRINGS_OFFSET: Final = 12
BEGIN_NODE: Final = 1
END_NODE: Final = 2
PROPERTY: Final = 3
END: Final = 9

TOKEN_LIMIT: Final = 65536
NAME_LIMIT: Final = 256
RANGE_LIMIT: Final = 32


@struct
class Walk(Struct):
    """Where the walk through the tree is."""

    offset: u64 = u64(0)  # next token
    strings: u64 = u64(0)
    depth: u64 = u64(0)  # 1 in the root node
    address_cells: u64 = u64(2)  # of the root's children
    size_cells: u64 = u64(1)
    in_memory: bool = False  # in a child of the root named memory
    ram_start: u64 = u64(0)  # the range with `wanted`, once found
    ram_end: u64 = u64(0)
    wanted: u64 = u64(0)


walk: Final = Walk()


def load_big(tree: Memory, offset: u64) -> u64:
    """A 32-bit big-endian cell."""
    return u64(tree.load_u32(offset).swap_bytes())


def matches(tree: Memory, offset: u64, text: str) -> bool:
    """Whether `text` stands at `offset`."""
    for index in upto(byte_count(text)):
        if tree.load_u8(offset + index) != byte_at(text, index):
            return False
    return True


def find_ram(tree: Memory, start: u64, wanted: u64) -> tuple[u64, u64]:
    """Start and end of the RAM range that contains the address `wanted`; zeros if there is none, or no device tree at
    `start`."""
    if load_big(tree, start) != MAGIC:
        return u64(0), u64(0)
    walk.offset = start + load_big(tree, start + STRUCTURE_OFFSET)
    walk.strings = start + load_big(tree, start + STRINGS_OFFSET)
    walk.wanted = wanted
    for _ in upto(TOKEN_LIMIT):
        token = load_big(tree, walk.offset)
        walk.offset = walk.offset + 4
        if token == BEGIN_NODE:
            begin_node(tree)
        elif token == END_NODE:
            walk.depth = walk.depth.wrapping_sub(1)
            walk.in_memory = False
        elif token == PROPERTY:
            take_property(tree)
        elif token == END:
            break
    return walk.ram_start, walk.ram_end


def begin_node(tree: Memory) -> None:
    """Enter a node, and step over its name."""
    walk.depth = walk.depth.wrapping_add(1)
    name = walk.offset
    after = tree.load_u8(name + 6) if matches(tree, name, "memory") else u8(1)
    walk.in_memory = walk.depth == 2 and (after == 0 or after == 64)
    length = u64(0)
    for index in upto(NAME_LIMIT):
        if tree.load_u8(name + index) == 0:
            length = index
            break
    walk.offset = name + (length + 4) // 4 * 4


def take_property(tree: Memory) -> None:
    """Look at a property, and step over it."""
    length = load_big(tree, walk.offset)
    name = walk.strings + load_big(tree, walk.offset + 4)
    value = walk.offset + 8
    if walk.depth == 1 and matches(tree, name, "#address-cells"):
        walk.address_cells = load_big(tree, value)
    elif walk.depth == 1 and matches(tree, name, "#size-cells"):
        walk.size_cells = load_big(tree, value)
    elif walk.in_memory and length != 0 and matches(tree, name, "reg") and tree.load_u8(name + 3) == 0:
        take_ranges(tree, value, length)
    walk.offset = value + (length + 3) // 4 * 4


def take_ranges(tree: Memory, value: u64, length: u64) -> None:
    """Look for the wanted address in the ranges of a memory node."""
    range_bytes = ((walk.address_cells & 3) + (walk.size_cells & 3)) * 4
    if range_bytes == 0:
        return
    for index in upto(RANGE_LIMIT):
        at = value + index * range_bytes
        if at + range_bytes > value + length:
            break
        base = load_cells(tree, at, walk.address_cells & 3)
        size = load_cells(tree, at + (walk.address_cells & 3) * 4, walk.size_cells & 3)
        if base <= walk.wanted and walk.wanted - base < size:
            walk.ram_start = base
            walk.ram_end = base.wrapping_add(size)


def load_cells(tree: Memory, offset: u64, count: u64) -> u64:
    """A number of up to two cells."""
    value = u64(0)
    for index in upto(count):
        value = value << 32 | load_big(tree, offset + index * 4)
    return value

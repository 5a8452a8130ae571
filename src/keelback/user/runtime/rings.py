"""Byte rings in memory shared by one writer and one reader, neither of which trusts the other.

A ring is a `Memory`; each side keeps a private `RingWriter` or `RingReader` with its own index, so the other side can
never move it. The other side's index is read once, checked against the capacity, and a wrong one counts as "nothing
to read" or "no room". What a hostile peer can spoil is the bytes of this ring, never anything else.

Layout (docs/reference/runtime.md): head u32 @0, tail u32 @4, wanted u32 @8, reserved u32 @12, bytes @16. One byte
stays free.

Does not signal anybody: the caller knows which notification belongs to the ring.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Memory, Struct, struct, u8, u32, u64
from keelback.user.runtime.barriers import order_loads, order_memory, order_stores

HEAD_OFFSET: Final = 0
TAIL_OFFSET: Final = 4
WANTED_OFFSET: Final = 8
HEADER_BYTES: Final = 16


@struct
class RingWriter(Struct):
    """The writing side: private indexes, each below the capacity."""

    head: u64 = u64(0)  # next byte to write; published by `publish`
    tail: u64 = u64(0)  # the reader's index as last seen and found valid


@struct
class RingReader(Struct):
    """The reading side: private indexes, each below the capacity."""

    tail: u64 = u64(0)  # next byte to read; given back by `release`
    head: u64 = u64(0)  # the writer's index as last seen and found valid


def capacity_bytes(ring: Memory) -> u64:
    """Places in the ring; at most this less one hold data."""
    return ring.size_bytes - HEADER_BYTES


def next_index(ring: Memory, index: u64) -> u64:
    """The place after `index`, round the end."""
    following = index + 1
    return u64(0) if following >= capacity_bytes(ring) else following


def distance(ring: Memory, first: u64, last: u64) -> u64:
    """Places from `first` up to `last`, both valid indexes."""
    if last >= first:
        return last - first
    return capacity_bytes(ring) - first + last


def load_index(ring: Memory, offset: u64, otherwise: u64) -> u64:
    """An index from shared memory, or `otherwise` when it is no index at all."""
    index = u64(ring.load_u32(offset))
    return index if index < capacity_bytes(ring) else otherwise


def attach_writer(writer: RingWriter, ring: Memory) -> None:
    """Continue where an earlier life of this writer stopped; call once before use."""
    writer.head = load_index(ring, u64(HEAD_OFFSET), otherwise=u64(0))
    publish(writer, ring)
    room_count(writer, ring)


def room_count(writer: RingWriter, ring: Memory) -> u64:
    """Bytes that can be put now. Reads the reader's index once; none if that is invalid."""
    full = next_index(ring, writer.head)
    writer.tail = load_index(ring, u64(TAIL_OFFSET), otherwise=full)
    order_memory()
    return distance(ring, full, writer.tail)


def put_byte(writer: RingWriter, ring: Memory, value: u8) -> bool:
    """Add one byte, unseen until `publish`. False when the ring is full."""
    following = next_index(ring, writer.head)
    if following == writer.tail and room_count(writer, ring) == 0:
        return False
    ring.store_u8(writer.head + HEADER_BYTES, value)
    writer.head = following
    return True


def publish(writer: RingWriter, ring: Memory) -> None:
    """Let the reader see all bytes put so far. Then signal the reader."""
    order_stores()
    ring.store_u32(u64(HEAD_OFFSET), u32(writer.head))


def want_room(writer: RingWriter, ring: Memory, needed_count: u64) -> bool:
    """Ask the reader for a signal once it has made room; True when `needed_count` fit already, so no need to wait."""
    ring.store_u32(u64(WANTED_OFFSET), u32(1))
    order_memory()
    return room_count(writer, ring) >= needed_count


def attach_reader(reader: RingReader, ring: Memory) -> None:
    """Continue where an earlier life of this reader stopped; call once before use."""
    reader.tail = load_index(ring, u64(TAIL_OFFSET), otherwise=u64(0))
    reader.head = reader.tail


def waiting_count(reader: RingReader, ring: Memory) -> u64:
    """Bytes ready now. Reads the writer's index once; none if that is invalid."""
    reader.head = load_index(ring, u64(HEAD_OFFSET), otherwise=reader.tail)
    order_loads()
    return distance(ring, reader.tail, reader.head)


def take_byte(reader: RingReader, ring: Memory) -> tuple[u8, bool]:
    """(next byte, True) of those the last `waiting_count` found, or (0, False) after the last of them."""
    if reader.tail == reader.head:
        return u8(0), False
    value = ring.load_u8(reader.tail + HEADER_BYTES)
    reader.tail = next_index(ring, reader.tail)
    return value, True


def release(reader: RingReader, ring: Memory) -> bool:
    """Give the bytes taken so far back as room; True when the writer asked for a signal about it."""
    order_memory()
    ring.store_u32(u64(TAIL_OFFSET), u32(reader.tail))
    order_memory()
    if ring.load_u32(u64(WANTED_OFFSET)) == 0:
        return False
    ring.store_u32(u64(WANTED_OFFSET), u32(0))
    return True

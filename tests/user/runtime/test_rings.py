"""Rings: order, room, restarts, and another side that lies about its index."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keelback.lang import Memory, u8, u32, u64
from keelback.user.runtime import rings
from tests.user.host import Ring

ADDRESS = 0x5000_0000
SIZE_BYTES = 32
CAPACITY = SIZE_BYTES - 16
HEAD, TAIL, WANTED = u64(0), u64(4), u64(8)


@pytest.fixture
def ring() -> Memory:
    return fresh_ring()


def fresh_ring() -> Memory:
    memory = Memory(ADDRESS, SIZE_BYTES)
    memory.fill(u64(0), u64(SIZE_BYTES), u8(0xEE))
    memory.fill(u64(0), u64(16), u8(0))
    return memory


def writer_of(ring: Memory) -> rings.RingWriter:
    writer = rings.RingWriter()
    rings.attach_writer(writer, ring)
    return writer


def reader_of(ring: Memory) -> rings.RingReader:
    reader = rings.RingReader()
    rings.attach_reader(reader, ring)
    return reader


def put(writer: rings.RingWriter, ring: Memory, data: bytes) -> int:
    count = 0
    for value in data:
        count += rings.put_byte(writer, ring, u8(value))
    rings.publish(writer, ring)
    return count


def take_all(reader: rings.RingReader, ring: Memory) -> bytes:
    taken = bytearray()
    rings.waiting_count(reader, ring)
    present = True
    while present:
        value, present = rings.take_byte(reader, ring)
        if present:
            taken.append(int(value))
    rings.release(reader, ring)
    return bytes(taken)


def test_nothing_is_seen_before_publish(ring: Memory) -> None:
    writer, reader = writer_of(ring), reader_of(ring)
    rings.put_byte(writer, ring, u8(1))
    assert rings.waiting_count(reader, ring) == 0
    rings.publish(writer, ring)
    assert rings.waiting_count(reader, ring) == 1


def test_one_place_stays_free(ring: Memory) -> None:
    writer = writer_of(ring)
    assert rings.room_count(writer, ring) == CAPACITY - 1
    assert put(writer, ring, bytes(range(CAPACITY))) == CAPACITY - 1
    assert rings.room_count(writer, ring) == 0
    assert take_all(reader_of(ring), ring) == bytes(range(CAPACITY - 1))


def test_a_reader_sees_only_what_it_asked_about(ring: Memory) -> None:
    writer, reader = writer_of(ring), reader_of(ring)
    put(writer, ring, b"ab")
    rings.waiting_count(reader, ring)
    put(writer, ring, b"c")
    taken = [rings.take_byte(reader, ring) for _ in range(3)]
    assert taken == [(u8(ord("a")), True), (u8(ord("b")), True), (u8(0), False)]


def test_room_comes_back_only_with_release(ring: Memory) -> None:
    writer, reader = writer_of(ring), reader_of(ring)
    put(writer, ring, bytes(CAPACITY - 1))
    rings.waiting_count(reader, ring)
    rings.take_byte(reader, ring)
    assert not rings.put_byte(writer, ring, u8(1))
    rings.release(reader, ring)
    assert rings.put_byte(writer, ring, u8(1))


def test_a_writer_that_waits_is_to_be_signalled_once(ring: Memory) -> None:
    writer, reader = writer_of(ring), reader_of(ring)
    put(writer, ring, bytes(CAPACITY - 1))
    assert not rings.want_room(writer, ring, u64(1))
    rings.waiting_count(reader, ring)
    rings.take_byte(reader, ring)
    assert rings.release(reader, ring)
    assert not rings.release(reader, ring)
    assert rings.want_room(writer, ring, u64(1))


def test_both_sides_can_start_again_in_the_middle(ring: Memory) -> None:
    put(writer_of(ring), ring, b"abcde")
    reader = reader_of(ring)
    rings.waiting_count(reader, ring)
    rings.take_byte(reader, ring)
    rings.release(reader, ring)
    put(writer_of(ring), ring, b"fg")
    assert take_all(reader_of(ring), ring) == b"bcdefg"


def test_a_writer_that_starts_again_keeps_what_is_unread(ring: Memory) -> None:
    put(writer_of(ring), ring, bytes(CAPACITY - 1))
    assert not rings.put_byte(writer_of(ring), ring, u8(1))


@pytest.mark.parametrize("index", [CAPACITY, CAPACITY + 1, SIZE_BYTES, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_an_index_outside_means_nothing_to_read_and_no_room(ring: Memory, index: int) -> None:
    writer, reader = writer_of(ring), reader_of(ring)
    put(writer, ring, b"abc")
    ring.store_u32(HEAD, u32(index))
    ring.store_u32(TAIL, u32(index))
    assert rings.waiting_count(reader, ring) == 0
    assert rings.take_byte(reader, ring) == (u8(0), False)
    assert rings.room_count(writer, ring) == 0
    assert not rings.put_byte(writer, ring, u8(1))
    assert writer_of(ring).head == 0
    assert reader_of(ring).tail == 0


class LyingMemory(Memory):
    """Every look at an index finds another value."""

    lies: deque[int] = deque()

    def load_u32(self, offset: u64) -> u32:
        self.lies.rotate()
        return u32(self.lies[0])


@given(st.lists(st.integers(0, 2**32 - 1) | st.integers(0, CAPACITY), min_size=1), st.binary(max_size=40))
def test_no_lie_makes_a_side_leave_the_ring(lies: list[int], data: bytes) -> None:
    ring = LyingMemory(ADDRESS, SIZE_BYTES)
    ring.lies = deque(lies)
    writer, reader = writer_of(ring), reader_of(ring)
    for value in data:
        rings.put_byte(writer, ring, u8(value))
        rings.publish(writer, ring)
        rings.want_room(writer, ring, u64(3))
        waiting = rings.waiting_count(reader, ring)
        assert waiting < CAPACITY
        rings.take_byte(reader, ring)
        rings.release(reader, ring)
        assert max(writer.head, writer.tail, reader.head, reader.tail) < CAPACITY


@given(st.lists(st.binary(max_size=20) | st.integers(0, 20), max_size=40))
def test_bytes_come_out_as_they_went_in(steps: list[bytes | int]) -> None:
    """A step is bytes to put, or a number of bytes to take; compared with a plain queue."""
    ring = fresh_ring()
    writer, reader = writer_of(ring), reader_of(ring)
    expected: deque[int] = deque()
    for step in steps:
        if isinstance(step, bytes):
            fitting = step[: CAPACITY - 1 - len(expected)]
            assert put(writer, ring, step) == len(fitting)
            expected.extend(fitting)
        else:
            assert rings.waiting_count(reader, ring) == len(expected)
            for _ in range(min(step, len(expected))):
                assert rings.take_byte(reader, ring) == (u8(expected.popleft()), True)
            rings.release(reader, ring)


@given(st.lists(st.binary(max_size=15), max_size=20))
def test_the_layout_is_the_documented_one(pieces: list[bytes]) -> None:
    other = Ring(ADDRESS, SIZE_BYTES)
    ring = Memory(ADDRESS, SIZE_BYTES)
    writer, reader = writer_of(ring), reader_of(ring)
    for piece in pieces:
        put(writer, ring, piece)
        assert other.drain() == piece
    reader.tail = writer.head
    for piece in pieces:
        other.feed(piece)
        assert take_all(reader, ring) == piece

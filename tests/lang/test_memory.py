"""Memory windows against a plain bytearray, bounds, sharing, and addresses."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keelback.lang import (
    Memory,
    TrapKind,
    address_of,
    array,
    bytes_of,
    constants,
    expect_trap,
    struct,
    u8,
    u16,
    u32,
    u64,
)
from keelback.lang.memory import FAKE_ADDRESSES_START, forget_memory, read_bytes, write_bytes

BASE = 0x4000_0FF0  # the first page ends 16 bytes in, so the window straddles pages
SIZE = 64


@pytest.fixture(autouse=True)
def _empty_memory() -> Generator[None]:
    forget_memory()
    yield
    forget_memory()


LOADS: dict[int, Any] = {
    1: (Memory.load_u8, Memory.store_u8, u8),
    2: (Memory.load_u16, Memory.store_u16, u16),
    4: (Memory.load_u32, Memory.store_u32, u32),
    8: (Memory.load_u64, Memory.store_u64, u64),
}


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 2, 4, 8]), st.integers(0, SIZE + 4), st.integers(0, u64.MAX)),
        min_size=1,
        max_size=20,
    )
)
def test_loads_and_stores_match_a_bytearray(steps: list[tuple[int, int, int]]) -> None:
    forget_memory()
    ram = Memory(BASE, SIZE)
    model = bytearray(SIZE)
    for width, offset, number in steps:
        load, store, kind = LOADS[width]
        value = kind.truncate(number)
        if offset + width > SIZE:
            with expect_trap(TrapKind.MEMORY):
                store(ram, u64(offset), value)
            with expect_trap(TrapKind.MEMORY):
                load(ram, u64(offset))
            continue
        store(ram, u64(offset), value)
        model[offset : offset + width] = int(value).to_bytes(width, "little")
        loaded = load(ram, u64(offset))
        assert type(loaded) is kind
        assert loaded == value
    assert read_bytes(BASE, SIZE) == bytes(model)


@given(st.integers(0, SIZE), st.integers(0, SIZE), st.integers(0, SIZE))
def test_copy_is_memmove(target: int, source: int, count: int) -> None:
    model = bytearray(range(SIZE))
    write_bytes(BASE, bytes(model))
    ram = Memory(BASE, SIZE)
    if max(target, source) + count > SIZE:
        with expect_trap(TrapKind.MEMORY):
            ram.copy(u64(target), ram, u64(source), u64(count))
    else:
        ram.copy(u64(target), ram, u64(source), u64(count))
        model[target : target + count] = model[source : source + count]
    assert read_bytes(BASE, SIZE) == bytes(model)


def test_copy_between_windows() -> None:
    source, target = Memory(0x1000, 8), Memory(0x8000, 4)
    source.store_u64(u64(0), u64(0x0807060504030201))
    target.copy(u64(1), source, u64(5), u64(3))
    assert read_bytes(0x8000, 4) == b"\x00\x06\x07\x08"
    with expect_trap(TrapKind.MEMORY):
        target.copy(u64(2), source, u64(0), u64(3))


def test_fill() -> None:
    ram = Memory(BASE, SIZE)
    ram.fill(u64(8), u64(20), u8(0xAB))
    assert read_bytes(BASE, SIZE) == bytes(8) + b"\xab" * 20 + bytes(36)
    with expect_trap(TrapKind.MEMORY):
        ram.fill(u64(60), u64(5), u8(1))
    ram.fill(u64(SIZE), u64(0), u8(1))  # nothing, at the very end


def test_an_offset_that_would_wrap_traps() -> None:
    with expect_trap(TrapKind.MEMORY):
        Memory(0, SIZE).load_u64(u64(u64.MAX - 3))
    with expect_trap(TrapKind.MEMORY):
        Memory(BASE, SIZE).copy(u64(0), Memory(BASE, SIZE), u64(1), u64(u64.MAX))


def test_windows_that_overlap_share_bytes() -> None:
    low, high = Memory(0x1000, 0x100), Memory(0x1080, 0x100)
    low.store_u32(u64(0x84), u32(0x01020304))
    assert high.load_u8(u64(4)) == 4
    high.store_u8(u64(4), u8(9))
    assert low.load_u8(u64(0x84)) == 9


def test_narrowing() -> None:
    ram = Memory(0x1000, 0x100)
    part = ram.narrow(u64(0x40), u64(0x10))
    assert (part.base, part.size_bytes) == (0x1040, u64(0x10))
    with expect_trap(TrapKind.MEMORY):
        part.load_u8(u64(0x10))
    with expect_trap(TrapKind.MEMORY):
        ram.narrow(u64(0xF8), u64(9))
    assert ram.narrow(u64(0x100), u64(0)).size_bytes == 0


def test_addresses_in_a_window() -> None:
    ram = Memory(0x1000, 0x10)
    assert ram.address_of(u64(0xF)) == u64(0x100F)
    with expect_trap(TrapKind.MEMORY):
        ram.address_of(u64(0x10))
    assert ram.size_bytes == u64(0x10)
    assert repr(ram) == "Memory(0x1000, 0x10)"


@pytest.mark.parametrize(("base", "size"), [(-1, 4), (0, -1), (1 << 64, 1), ((1 << 64) - 4, 5)])
def test_impossible_windows(base: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such memory"):
        Memory(base, size)


def test_windows_and_accesses_are_typed() -> None:
    make: Any = Memory
    ram: Any = Memory(0, 16)
    calls: list[Callable[[], object]] = [
        lambda: make(u64(0), 4),
        lambda: make(0, u64(4)),
        lambda: ram.load_u8(0),
        lambda: ram.load_u8(u32(0)),
        lambda: ram.store_u8(u64(0), 1),
        lambda: ram.store_u8(u64(0), u16(1)),
        lambda: ram.fill(u64(0), u64(1), 0),
    ]
    for call in calls:
        with pytest.raises(TypeError):
            call()


def test_an_array_and_its_window_share_bytes() -> None:
    buffer = array(u8, 5000)  # more than a page
    buffer[4999] = u8(7)
    window = bytes_of(buffer)
    assert window.size_bytes == 5000
    assert window.load_u8(u64(4999)) == 7
    window.store_u32(u64(4094), u32(0x04030201))
    assert [int(buffer[index]) for index in range(4094, 4098)] == [1, 2, 3, 4]
    buffer[0] = u8(0x55)
    assert bytes_of(buffer).load_u8(u64(0)) == 0x55
    with expect_trap(TrapKind.MEMORY):
        window.load_u16(u64(4999))
    forget_memory()
    assert window.load_u8(u64(0)) == 0x55


def test_windows_are_made_of_writable_bytes() -> None:
    wide: Any = array(u16, 4)
    with pytest.raises(TypeError, match="bytes_of takes an array of u8"):
        bytes_of(wide)
    with pytest.raises(TypeError, match="a table of constants cannot"):
        bytes_of(constants(u8, b"abc"))


@struct
class Page:
    word: u64 = u64(0)


def test_addresses_are_stable_distinct_and_aligned() -> None:
    things: list[object] = [Page(), Page(), array(Page, 3000), array(u8, 10_000), test_narrowing]
    addresses = [int(address_of(thing)) for thing in things]
    assert [int(address_of(thing)) for thing in things] == addresses
    assert all(address % 4096 == 0 and address >= FAKE_ADDRESSES_START for address in addresses)
    ordered = sorted(addresses)
    assert ordered[3] - ordered[2] >= 24_000
    assert len(set(addresses)) == 5
    assert int(bytes_of(array(u8, 4)).address_of(u64(3))) % 4096 == 3

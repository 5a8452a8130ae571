"""Bytes of values, values of bytes, and boot states from plain data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keelback.lang import (
    Array,
    Bitfield,
    Layout,
    PhysAddr,
    Ref,
    Struct,
    array,
    array_from_bytes,
    bitfield,
    bits,
    default_bytes,
    embedded,
    from_bytes,
    i64,
    layout_of,
    pack,
    struct,
    to_bytes,
    u8,
    u16,
    u32,
    u64,
    unpack,
)


@bitfield(u16)
class Flags(Bitfield[u16]):
    busy: bool = bits(15)
    level: u16 = bits(3, 0)


@struct
class Slot(Struct):
    kind: u8 = u8(0)
    object: u32 = u32(0xFFFF)


@struct
class Thread(Struct):
    priority: u8 = u8(3)
    flags: Flags = Flags(level=u16(1))
    slots: Array[Slot] = array(Slot, 2)
    own: Slot = embedded(Slot)
    words: Array[u64] = array(u64, 2)
    next: Ref[Thread] | None = None
    delta: i64 = i64(-2)
    ready: bool = True


THREAD_DEFAULTS = {
    "priority": 3,
    "flags": {"busy": 0, "level": 1},
    "slots": [{"kind": 0, "object": 0xFFFF}, {"kind": 0, "object": 0xFFFF}],
    "own": {"kind": 0, "object": 0xFFFF},
    "words": [0, 0],
    "next": 0,
    "delta": -2,
    "ready": True,
}


def filled_thread() -> Thread:
    thread = Thread(priority=u8(9), flags=Flags(busy=True), delta=i64(-300), ready=False)
    thread.slots[1].kind = u8(4)
    thread.own.object = u32(0x01020304)
    thread.words[0] = u64(0x1122334455667788)
    return thread


def test_scalars() -> None:
    assert to_bytes(u32(0x01020304)) == b"\x04\x03\x02\x01"
    assert to_bytes(i64(-1)) == b"\xff" * 8
    assert to_bytes(True) == b"\x01"
    assert to_bytes(Flags(busy=True)) == b"\x00\x80"
    assert to_bytes(PhysAddr(1)) == b"\x01" + bytes(7)


def test_struct_bytes_lie_at_their_offsets() -> None:
    data = to_bytes(filled_thread())
    layout = layout_of(Thread)
    assert len(data) == layout.size
    offset = layout.at("own.object").offset
    assert data[offset : offset + 4] == b"\x04\x03\x02\x01"
    assert data[1] == 0  # padding after priority


def test_bytes_make_the_same_struct_again() -> None:
    data = to_bytes(filled_thread())
    again = from_bytes(Thread, data)
    assert to_bytes(again) == data
    assert again.flags == Flags(busy=True)
    assert again.slots[1].kind == 4
    assert again.delta == i64(-300)


@given(st.lists(st.integers(i64.MIN, i64.MAX), max_size=5))
def test_arrays_of_scalars_round_trip(values: list[int]) -> None:
    items = array(i64, len(values))
    for index, value in enumerate(values):
        items[index] = i64(value)
    again = array_from_bytes(i64, to_bytes(items))
    assert [int(again[index]) for index in range(len(again))] == values


def test_arrays_of_structs_round_trip() -> None:
    slots = array(Slot, 3)
    slots[1].kind = u8(7)
    data = to_bytes(slots)
    assert data == b"".join(to_bytes(slots[index]) for index in range(3))
    again = array_from_bytes(Slot, data)
    assert [int(again[index].kind) for index in range(3)] == [0, 7, 0]


def test_array_of_bytes() -> None:
    assert to_bytes(array_from_bytes(u8, b"keel")) == b"keel"


def test_references_need_addresses() -> None:
    first, second = Thread(), Thread()
    first.next = second
    with pytest.raises(TypeError, match="next refers to a Thread: its bytes need an address"):
        to_bytes(first)
    addresses = {id(second): 0x4008_0000}
    data = to_bytes(first, lambda target: addresses[id(target)])
    offset = layout_of(Thread).at("next").offset
    assert data[offset : offset + 8] == (0x4008_0000).to_bytes(8, "little")
    with pytest.raises(ValueError, match="next is an address"):
        from_bytes(Thread, data)


def test_bytes_must_fit_exactly() -> None:
    with pytest.raises(ValueError, match="a u32 has 4 bytes, not 3"):
        from_bytes(u32, bytes(3))
    with pytest.raises(ValueError, match="not a whole number of u32"):
        array_from_bytes(u32, bytes(6))
    with pytest.raises(ValueError, match="a bool is 0 or 1, not 2"):
        from_bytes(bool, b"\x02")


def test_other_things_have_no_bytes() -> None:
    for wrong in (3, "text", None):
        with pytest.raises(TypeError, match="has no bytes"):
            to_bytes(wrong)


def test_packing_nothing_gives_the_defaults() -> None:
    layout = layout_of(Thread)
    assert pack(layout) == pack(layout, {}) == default_bytes(layout) == to_bytes(Thread())
    assert unpack(layout, pack(layout)) == THREAD_DEFAULTS


def test_packing_needs_only_the_layout() -> None:
    """The host has a program's layouts as data and not its classes."""
    layout = Layout.from_json(json.loads(json.dumps(layout_of(Thread).to_json())))
    values = {
        "priority": 9,
        "flags": {"busy": True},
        "slots": {1: {"kind": 4}},
        "own": {"object": 0x01020304},
        "words": [0x1122334455667788],
        "delta": -300,
        "ready": False,
        "next": None,
    }
    assert pack(layout, values) == to_bytes(filled_thread())


def test_objects_of_the_language_can_be_packed() -> None:
    layout = layout_of(Thread)
    packed = pack(layout, {"priority": u8(9), "flags": Flags(busy=True), "delta": i64(-300)})
    assert unpack(layout, packed)["flags"] == {"busy": 1, "level": 0}
    assert unpack(layout, packed)["delta"] == -300


def test_packing_onto_bytes_keeps_the_rest() -> None:
    layout = layout_of(array(Thread, 2))
    first = pack(layout, [{"priority": 7}, {"words": [1, 2]}])
    second = unpack(layout, pack(layout, {1: {"words": {1: 5}}}, onto=first))
    assert second[0]["priority"] == 7
    assert second[1]["words"] == [1, 5]
    with pytest.raises(ValueError, match="bytes, not 3"):
        pack(layout, onto=bytes(3))


@given(st.integers(0, 255), st.integers(0, (1 << 64) - 1), st.booleans())
def test_pack_and_unpack_are_inverse(priority: int, word: int, ready: bool) -> None:
    values: dict[str, Any] = {**THREAD_DEFAULTS, "priority": priority, "words": [word, 0], "ready": ready}
    layout = layout_of(Thread)
    assert unpack(layout, pack(layout, values)) == values


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"prioritty": 1}, r"Thread: no field 'prioritty'; it has priority, flags"),
        ({"priority": 256}, r"Thread.priority: 0x100 does not fit u8"),
        ({"priority": -1}, r"Thread.priority: -0x1 does not fit u8"),
        ({"priority": "high"}, r"Thread.priority: expected a number, not 'high'"),
        ({"slots": [{}, {"object": 1 << 32}]}, r"Thread.slots\[1\].object: 0x100000000 does not fit u32"),
        ({"slots": [{}, {}, {}]}, r"Thread.slots: no element 2; it has 2"),
        ({"slots": {-1: {}}}, r"Thread.slots: no element -1; it has 2"),
        ({"slots": 3}, r"Thread.slots: expected a sequence"),
        ({"words": "ab"}, r"Thread.words: expected a sequence"),
        ({"own": [1]}, r"Thread.own: expected a mapping"),
        ({"flags": {"level": 16}}, r"Thread.flags.level: 0x10 does not fit 4 bits"),
        ({"flags": {"levle": 1}}, r"Thread.flags: no field 'levle'; it has busy, level"),
        ({"flags": 0x10000}, r"Thread.flags: 0x10000 does not fit Flags"),
        ({"ready": 2}, r"Thread.ready: a bool is 0 or 1, not 2"),
        ({"delta": 1 << 63}, r"Thread.delta: 0x8000000000000000 does not fit i64"),
    ],
)
def test_what_does_not_fit_is_named(values: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pack(layout_of(Thread), values)

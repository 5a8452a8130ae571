"""Arrays of scalars, bytes, bitfields and structs, and tables of constants."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keelback.lang import (
    Array,
    Bitfield,
    PhysAddr,
    Struct,
    TrapKind,
    array,
    bitfield,
    bits,
    constants,
    embedded,
    expect_trap,
    i64,
    struct,
    u8,
    u16,
    u32,
    u64,
)
from keelback.lang.arrays import StructArray


@bitfield(u32)
class Flags(Bitfield[u32]):
    busy: bool = bits(3)


@struct
class Point(Struct):
    x: u64 = u64(7)
    trail: Array[u16] = array(u16, 2)


@struct
class Shape(Struct):
    corners: Array[Point] = array(Point, 3)
    centre: Point = embedded(Point)


@pytest.mark.parametrize("kind", [u8, u16, u32, u64, i64, PhysAddr, bool, Flags])
def test_scalars_start_at_zero_and_keep_their_class(kind: type) -> None:
    items: Array[Any] = array(kind, 3)
    assert len(items) == 3
    assert items.element is kind
    for index in range(3):
        assert type(items[index]) is kind
    assert items[0] == items[2] == (Flags() if kind is Flags else 0)


@given(st.lists(st.integers(0, 255), min_size=1, max_size=20), st.data())
def test_bytes_and_words_store_alike(values: list[int], data: st.DataObject) -> None:
    narrow = array(u8, len(values))
    wide = array(u64, len(values))
    for index, value in enumerate(values):
        narrow[index] = u8(value)
        wide[u64(index)] = u64(value)
    probe = data.draw(st.integers(0, len(values) - 1))
    assert narrow[u32(probe)] == values[probe]
    assert wide[probe] == values[probe]


@pytest.mark.parametrize("kind", [u8, u64, Point])
@pytest.mark.parametrize("index", [4, -1, u64(4), u8(255), u64(u64.MAX)])
def test_an_index_outside_traps(kind: type, index: Any) -> None:
    items: Array[Any] = array(kind, 4)
    with expect_trap(TrapKind.INDEX):
        _ = items[index]


@pytest.mark.parametrize("kind", [u8, u64])
def test_a_store_outside_traps(kind: Any) -> None:
    items: Array[Any] = array(kind, 4)
    with expect_trap(TrapKind.INDEX):
        items[u64(4)] = kind(1)


def test_an_empty_array_has_no_element() -> None:
    with expect_trap(TrapKind.INDEX):
        _ = array(u64, 0)[0]


@pytest.mark.parametrize("index", [i64(0), True, "0", 0.0])
def test_indices_are_unsigned_or_constants(index: Any) -> None:
    with pytest.raises(TypeError, match="an index is unsigned"):
        _ = array(u64, 4)[index]


@pytest.mark.parametrize("kind", [u8, u64])
@pytest.mark.parametrize("value", [1, u32(1), True, None])
def test_stores_are_typed(kind: type, value: Any) -> None:
    items: Array[Any] = array(kind, 4)
    with pytest.raises(TypeError, match=f"an element is a {kind.__name__}"):
        items[0] = value
    assert items[0] == 0


def test_array_of_bitfields() -> None:
    items = array(Flags, 2)
    items[1] = Flags(busy=True)
    assert items[1].busy
    assert not items[0].busy


def test_struct_elements_are_stored_in_place() -> None:
    points = array(Point, 3)
    assert points[1] is points[u64(1)]
    assert points[1] is not points[2]
    points[1].x = u64(9)
    assert [int(points[index].x) for index in range(3)] == [7, 9, 7]
    other: Any = Point()
    with pytest.raises(TypeError, match="copy_from"):
        points[0] = other


def test_large_tables_are_made_when_touched() -> None:
    points = array(Point, 1_000_000)
    assert isinstance(points, StructArray)
    points[999_999].x = u64(1)
    assert points.touched(999_998) is None
    assert points.touched(999_999) is points[999_999]


def test_each_struct_has_its_own_arrays() -> None:
    first, second = Shape(), Shape()
    first.corners[0].trail[1] = u16(5)
    first.centre.x = u64(1)
    assert second.corners[0].trail[1] == 0
    assert second.centre.x == 7


def test_copy_from_reaches_every_element() -> None:
    source, target = Shape(), Shape()
    source.corners[2].x = u64(100)
    target.corners[0].x = u64(200)  # the source's own is untouched and has its default
    target.copy_from(source)
    assert [int(target.corners[index].x) for index in range(3)] == [7, 7, 100]
    source.corners[2].x = u64(101)
    assert target.corners[2].x == 100


def test_constants_are_read_only() -> None:
    table = constants(u32, (0x428A2F98, 0x71374491, u8(3)))
    assert table.read_only
    assert (len(table), table[1], table[2]) == (3, u32(0x71374491), u32(3))
    with pytest.raises(TypeError, match="read-only"):
        table[0] = u32(1)
    bytes_table = constants(u8, b"abc")
    assert bytes_table[2] == ord("c")
    with pytest.raises(TypeError, match="read-only"):
        bytes_table[0] = u8(1)


def test_constants_must_fit() -> None:
    with expect_trap(TrapKind.CONVERT):
        constants(u8, (1, 256))


@pytest.mark.parametrize("length", [-1, u64(3), True, 1.0])
def test_lengths_are_build_time_ints(length: Any) -> None:
    with pytest.raises(TypeError, match="an array's length"):
        array(u64, length)


@pytest.mark.parametrize("kind", [int, str, object])
def test_other_classes_cannot_be_stored(kind: Any) -> None:
    with pytest.raises(TypeError, match="cannot be stored"):
        array(kind, 2)


def test_arrays_are_not_iterable() -> None:
    items: Any = array(u64, 2)
    with pytest.raises(TypeError):
        list(items)


def test_repr() -> None:
    assert repr(array(u64, 31)) == "array(u64, 31)"

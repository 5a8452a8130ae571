"""Layouts against C's own rules, which ctypes knows, and their JSON form."""

from __future__ import annotations

import ctypes
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
    bitfield,
    bits,
    embedded,
    i64,
    layout_of,
    offset_of,
    size_of,
    struct,
    u8,
    u16,
    u32,
    u64,
)


@bitfield(u16)
class Flags(Bitfield[u16]):
    busy: bool = bits(15)
    level: u16 = bits(3, 0)


@struct
class Inner(Struct):
    tag: u8 = u8(5)
    word: u32 = u32(7)


@struct
class Outer:
    first: u8 = u8(0)
    inner: Inner = embedded(Inner)
    bytes: Array[u8] = array(u8, 3)
    flags: Flags = Flags(level=u16(9))
    rows: Array[Inner] = array(Inner, 2)
    parent: Ref[Outer] | None = None
    signed: i64 = i64(-1)
    last: bool = True


SCALARS: list[tuple[type[Any], Any, Any]] = [
    (u8, u8(0), ctypes.c_uint8),
    (u16, u16(0), ctypes.c_uint16),
    (u32, u32(0), ctypes.c_uint32),
    (u64, u64(0), ctypes.c_uint64),
    (i64, i64(0), ctypes.c_int64),
    (PhysAddr, PhysAddr(0), ctypes.c_uint64),
    (bool, False, ctypes.c_bool),
    (Flags, Flags(), ctypes.c_uint16),
]


def made_struct(fields: list[tuple[object, object]]) -> type[Any]:
    """A struct of the given (annotation, default) pairs, named a0, a1 ..."""
    body: dict[str, object] = {f"a{index}": default for index, (_, default) in enumerate(fields)}
    body["__annotations__"] = {f"a{index}": annotation for index, (annotation, _) in enumerate(fields)}
    made: Any = type("Made", (), body)
    return struct(made)


@st.composite
def twins(draw: st.DrawFn, depth: int = 2) -> tuple[type[Any], type[ctypes.Structure]]:
    """The same random struct in both worlds."""
    here: list[tuple[object, object]] = []
    there: list[tuple[str, Any]] = []
    for index in range(draw(st.integers(1, 5))):
        shape = draw(st.sampled_from(["scalar", "array", "reference", *(["struct", "structs"] if depth else [])]))
        count = draw(st.integers(1, 4))
        if shape in ("scalar", "array"):
            kind, default, twin = draw(st.sampled_from(SCALARS))
        elif shape == "reference":
            kind, default, twin = Ref[Inner], None, ctypes.c_void_p
        else:
            kind, twin = draw(twins(depth - 1))
            default = embedded(kind)
        if shape in ("array", "structs"):
            array_annotation: Any = Array
            kind, default, twin = array_annotation[kind], array(kind, count), twin * count
        here.append((kind, default))
        there.append((f"a{index}", twin))
    return made_struct(here), type("Twin", (ctypes.Structure,), {"_fields_": there})


@given(twins())
def test_structs_are_laid_out_as_c_does(pair: tuple[type[Any], type[ctypes.Structure]]) -> None:
    made, twin = pair
    layout = layout_of(made)
    assert (layout.size, layout.align) == (ctypes.sizeof(twin), ctypes.alignment(twin))
    for name, (offset, inner) in layout.fields.items():
        assert (offset, inner.size) == (getattr(twin, name).offset, getattr(twin, name).size)


@pytest.mark.parametrize(
    ("kind", "size"), [(u8, 1), (u16, 2), (u32, 4), (u64, 8), (i64, 8), (PhysAddr, 8), (bool, 1), (Flags, 2)]
)
def test_scalars(kind: type, size: int) -> None:
    layout = layout_of(kind)
    assert (layout.size, layout.align, layout.name) == (size, size, kind.__name__)
    assert layout.signed is (kind is i64)


def test_a_struct_with_everything() -> None:
    layout = layout_of(Outer)
    assert [(name, offset, inner.kind, inner.size) for name, (offset, inner) in layout.fields.items()] == [
        ("first", 0, "integer", 1),
        ("inner", 4, "struct", 8),
        ("bytes", 12, "array", 3),
        ("flags", 16, "bitfield", 2),
        ("rows", 20, "array", 16),
        ("parent", 40, "reference", 8),
        ("signed", 48, "integer", 8),
        ("last", 56, "boolean", 1),
    ]
    assert (layout.kind, layout.name, layout.size, layout.align) == ("struct", "Outer", 64, 8)
    rows = layout.fields["rows"].layout
    assert (rows.name, rows.count, rows.stride, rows.element) == ("Inner[2]", 2, 8, layout_of(Inner))
    assert layout.fields["flags"].layout.bits == {"busy": (15, 15), "level": (3, 0)}
    assert layout.fields["parent"].layout.name == "Outer"


def test_defaults_are_part_of_the_layout() -> None:
    fields = layout_of(Outer).fields
    assert (fields["flags"].layout.default, fields["signed"].layout.default, fields["last"].layout.default) == (
        9,
        -1,
        1,
    )
    assert layout_of(Inner).at("word").layout.default == 7
    assert layout_of(u32).default == 0


def test_sizes_and_offsets() -> None:
    assert size_of(Outer) == size_of(Outer()) == 64
    assert size_of(array(Inner, 5)) == 40
    assert size_of(u16(3)) == 2
    assert offset_of(Outer, "rows") == 20
    assert offset_of(Outer, "inner.word") == 8
    for path in ("missing", "inner.missing", "first.word"):
        with pytest.raises(KeyError, match="has no field"):
            offset_of(Outer, path)


def test_an_array_of_arrays_of_bytes_takes_no_padding() -> None:
    layout = layout_of(array(u8, 3))
    assert (layout.size, layout.align, layout.stride, layout.count) == (3, 1, 1, 3)


def test_layouts_go_through_json() -> None:
    layout = layout_of(array(Outer, 3))
    assert Layout.from_json(json.loads(json.dumps(layout.to_json()))) == layout


def test_layouts_are_computed_once() -> None:
    assert layout_of(Outer) is layout_of(Outer())


@pytest.mark.parametrize("thing", [int, str, 3, "text", object()])
def test_other_things_have_no_layout(thing: object) -> None:
    with pytest.raises(TypeError, match="has no layout"):
        layout_of(thing)

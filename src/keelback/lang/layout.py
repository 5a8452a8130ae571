"""Layouts: sizes, alignments and offsets in memory, as plain data.

Computed here once, by the C rules of AAPCS64 (natural alignment, a struct's size a multiple of its alignment); the
compiler and the image builder share the result. A Layout holds no classes, so it also describes programs that the host
cannot import, and it goes through JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, cast

from keelback.lang.arrays import Array, is_struct
from keelback.lang.bitfields import Bitfield, bitfield_info, is_bitfield
from keelback.lang.integers import Integer
from keelback.lang.structs import Field, fields_of, struct_info

LayoutKind = Literal["integer", "boolean", "bitfield", "struct", "array", "reference"]

REFERENCE_BYTES = 8


class FieldLayout(NamedTuple):
    """A field of a struct: its offset in bytes from the struct's start, and what lies there."""

    offset: int
    layout: Layout


@dataclass(frozen=True)
class Layout:
    """What lies in memory: `size` and `align` in bytes, and by `kind`:

    integer   `signed`; `default` is the initial value
    boolean   one byte, 0 or 1; `default`
    bitfield  `bits`: field -> (high, low); `default` is the initial word
    reference an address, 0 for None; `name` is the struct it points to
    struct    `fields`: name -> (offset, layout), in order of declaration
    array     `count` elements of layout `element`, `stride` bytes apart
    """

    kind: LayoutKind
    name: str
    size: int
    align: int
    fields: Mapping[str, FieldLayout] = field(default_factory=dict[str, FieldLayout])
    bits: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    element: Layout | None = None
    count: int = 0
    stride: int = 0
    signed: bool = False
    default: int = 0

    def at(self, path: str) -> FieldLayout:
        """The field at a dotted path, `context.sp`, with its offset from this layout's start; KeyError if unknown."""
        offset, here = 0, self
        for name in path.split("."):
            if name not in here.fields:
                raise KeyError(f"{here.name} has no field {name}")
            step = here.fields[name]
            offset, here = offset + step.offset, step.layout
        return FieldLayout(offset, here)

    def to_json(self) -> dict[str, Any]:
        """A tree of dicts, lists, strings and ints, from which `from_json` makes an equal layout."""
        made: dict[str, Any] = {"kind": self.kind, "name": self.name, "size": self.size, "align": self.align}
        if self.fields:
            made["fields"] = {name: [offset, layout.to_json()] for name, (offset, layout) in self.fields.items()}
        if self.bits:
            made["bits"] = {name: list(span) for name, span in self.bits.items()}
        if self.element is not None:
            made |= {"element": self.element.to_json(), "count": self.count, "stride": self.stride}
        if self.signed:
            made["signed"] = True
        if self.default:
            made["default"] = self.default
        return made

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Layout:
        """The inverse of `to_json`; KeyError or ValueError for something else."""
        fields = {
            name: FieldLayout(offset, cls.from_json(inner)) for name, (offset, inner) in data.get("fields", {}).items()
        }
        bits = {name: (high, low) for name, (high, low) in data.get("bits", {}).items()}
        element = cls.from_json(data["element"]) if "element" in data else None
        return cls(
            **{name: data[name] for name in ("kind", "name", "size", "align")},
            **{name: data[name] for name in ("count", "stride", "signed", "default") if name in data},
            fields=fields,
            bits=bits,
            element=element,
        )


def layout_of(thing: object) -> Layout:
    """Of a class (integer, bool, bitfield, struct), an array, or an instance of any of the classes."""
    if isinstance(thing, Array):
        array = cast("Array[object]", thing)
        return array_layout(layout_of(array.element), len(array))
    if not isinstance(thing, type):
        return layout_of(type(thing))
    if thing is bool:
        return Layout("boolean", "bool", 1, 1)
    if issubclass(thing, Integer) and thing.WIDTH:
        return integer_layout(thing)
    if is_bitfield(thing):
        return _bitfield_layout(thing)
    if is_struct(thing):
        return _struct_layout(thing)
    raise TypeError(f"{thing.__name__} has no layout")


def integer_layout(kind: type[Integer], default: int = 0) -> Layout:
    """Of an integer class, with an initial value."""
    size = kind.WIDTH // 8
    return Layout("integer", kind.__name__, size, size, signed=kind.SIGNED, default=default)


def array_layout(element: Layout, count: int) -> Layout:
    """`count` times `element`; sizes are multiples of alignments, so the stride is the size."""
    name = f"{element.name}[{count}]"
    return Layout("array", name, element.size * count, element.align, element=element, count=count, stride=element.size)


def size_of(kind: object) -> int:
    """Size in bytes of a class, an array or an instance."""
    return layout_of(kind).size


def offset_of(kind: type, path: str) -> int:
    """Offset in bytes of a field of a struct; dotted, `context.sp`, inside embedded structs."""
    return layout_of(kind).at(path).offset


def _bitfield_layout(cls: type) -> Layout:
    info = bitfield_info(cls)
    info.check_annotations()
    size = info.word.WIDTH // 8
    bits = {name: (span.high, span.low) for name, span in info.fields.items()}
    return Layout("bitfield", info.name, size, size, bits=bits)


_struct_layouts: dict[type, Layout] = {}


def _struct_layout(cls: type) -> Layout:
    made = _struct_layouts.get(cls)
    if made is None:
        made = _struct_layouts[cls] = _place_fields(struct_info(cls).name, fields_of(cls))
    return made


def _place_fields(name: str, fields: tuple[Field, ...]) -> Layout:
    placed: dict[str, FieldLayout] = {}
    end, align = 0, 1
    for item in fields:
        layout = _field_layout(item)
        offset = -(-end // layout.align) * layout.align
        placed[item.name] = FieldLayout(offset, layout)
        end, align = offset + layout.size, max(align, layout.align)
    return Layout("struct", name, -(-end // align) * align, align, fields=placed)


def _field_layout(item: Field) -> Layout:
    if item.kind == "reference":
        return Layout("reference", item.type.__name__, REFERENCE_BYTES, REFERENCE_BYTES)
    if item.kind == "array":
        return array_layout(layout_of(item.type), item.count)
    if item.kind == "struct":
        return layout_of(item.type)
    return _with_default(layout_of(item.type), item.default)


def _with_default(layout: Layout, default: object) -> Layout:
    value: object = default.word if isinstance(default, Bitfield) else default
    return replace(layout, default=int(cast(int, value)))

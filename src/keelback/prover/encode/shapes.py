"""How a global lies in memory: a tree of arrays, structs and leaves with the names that people gave them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from keelback.lang import Layout
from keelback.prover.encode.types import ArrayType, IRType, StructType, offsets_of, size_of

Shape: TypeAlias = "Leaf | ArrayShape | StructShape"


@dataclass(frozen=True)
class Leaf:
    """An integer of `size` bytes."""

    size: int
    is_boolean: bool = False


@dataclass(frozen=True)
class ArrayShape:
    count: int
    stride: int
    element: Shape

    @property
    def size(self) -> int:
        return self.count * self.stride


@dataclass(frozen=True)
class Member:
    name: str
    offset: int
    shape: Shape


@dataclass(frozen=True)
class StructShape:
    members: tuple[Member, ...]
    size: int


def shape_of_layout(layout: Layout) -> Shape:
    """The shape of what the language lays out; its names are those of the source."""
    if layout.element is not None:
        return ArrayShape(layout.count, layout.stride, shape_of_layout(layout.element))
    if layout.kind == "struct":
        members = [Member(name, at.offset, shape_of_layout(at.layout)) for name, at in layout.fields.items()]
        return StructShape(tuple(sorted(members, key=lambda member: member.offset)), layout.size)
    return Leaf(layout.size, layout.kind == "boolean")


def shape_of_type(kind: IRType) -> Shape:
    """The shape of an LLVM type; members are named by number."""
    if isinstance(kind, ArrayType):
        return ArrayShape(kind.count, size_of(kind.element), shape_of_type(kind.element))
    if isinstance(kind, StructType):
        offsets, size = offsets_of(kind)
        members = zip(offsets, kind.members, strict=True)
        return StructShape(tuple(Member(str(n), at, shape_of_type(part)) for n, (at, part) in enumerate(members)), size)
    return Leaf(size_of(kind))


@dataclass(frozen=True)
class LeafPath:
    """A leaf in a shape: its dotted name, the arrays on the way (length 1 left out), its offset with all indices 0."""

    name: str
    counts: tuple[int, ...]
    leaf: Leaf
    offset: int


def leaves(shape: Shape, name: str, counts: tuple[int, ...] = (), offset: int = 0) -> Iterator[LeafPath]:
    """Every leaf of a global."""
    if isinstance(shape, ArrayShape):
        more = (shape.count,) if shape.count > 1 else ()
        yield from leaves(shape.element, name, (*counts, *more), offset)
    elif isinstance(shape, StructShape):
        for member in shape.members:
            yield from leaves(member.shape, f"{name}.{member.name}", counts, offset + member.offset)
    else:
        yield LeafPath(name, counts, shape, offset)

"""LLVM types and how they lie in memory on AArch64: sizes and offsets in bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

IRType: TypeAlias = "IntegerType | PointerType | ArrayType | StructType | VoidType"


@dataclass(frozen=True)
class IntegerType:
    bits: int


@dataclass(frozen=True)
class PointerType:
    pass


@dataclass(frozen=True)
class VoidType:
    pass


@dataclass(frozen=True)
class ArrayType:
    count: int
    element: IRType


@dataclass(frozen=True)
class StructType:
    members: tuple[IRType, ...]
    name: str = field(default="", compare=False)


POINTER = PointerType()
VOID = VoidType()


def width_of(kind: IRType) -> int:
    """Bits of a scalar: a pointer has 64."""
    if isinstance(kind, IntegerType):
        return kind.bits
    if isinstance(kind, PointerType):
        return 64
    raise TypeError(f"{kind} is not a scalar")


def align_of(kind: IRType) -> int:
    if isinstance(kind, IntegerType):
        return min(16, 1 << max(0, ((kind.bits + 7) // 8 - 1).bit_length()))
    if isinstance(kind, ArrayType):
        return align_of(kind.element)
    if isinstance(kind, StructType):
        return max((align_of(member) for member in kind.members), default=1)
    return 8


def size_of(kind: IRType) -> int:
    """Bytes that one of these takes, padding at its end included."""
    if isinstance(kind, IntegerType):
        return -(-((kind.bits + 7) // 8) // align_of(kind)) * align_of(kind)
    if isinstance(kind, ArrayType):
        return kind.count * size_of(kind.element)
    if isinstance(kind, StructType):
        return offsets_of(kind)[1]
    return 8


def offsets_of(kind: StructType) -> tuple[tuple[int, ...], int]:
    """Offset of each member, and the whole size."""
    position, offsets = 0, list[int]()
    for member in kind.members:
        position = -(-position // align_of(member)) * align_of(member)
        offsets.append(position)
        position += size_of(member)
    return tuple(offsets), -(-position // align_of(kind)) * align_of(kind)

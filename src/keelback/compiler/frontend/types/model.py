"""The types of the language as the compiler sees them. Structs and arrays are references; all others are copied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeGuard


class Type:
    """Base of all types; `name` is how errors spell it."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class IntType(Type):
    """A nominal integer: two types of the same width are different types."""

    name: str
    width: int
    signed: bool = False

    @property
    def minimum(self) -> int:
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        return (1 << (self.width - 1)) - 1 if self.signed else (1 << self.width) - 1

    __str__ = Type.__str__


@dataclass(frozen=True)
class SimpleType(Type):
    """A type with nothing to say about it but its name."""

    name: str

    __str__ = Type.__str__


BOOL = SimpleType("bool")
VOID = SimpleType("None")
NEVER = SimpleType("NoReturn")
STR = SimpleType("str")
MEMORY = SimpleType("Memory")
PLAIN = SimpleType("int")  # known at build time; adapts to the integer it meets
BUILD = SimpleType("build-time object")  # a class, module, function or register: never a value on the machine
BROKEN = SimpleType("?")  # already reported; silences what follows from it


@dataclass(eq=False)
class StructField:
    """One field: `index` counts the members of the LLVM struct, padding left out."""

    name: str
    type: Type
    offset: int
    index: int


@dataclass(eq=False)
class StructType(Type):
    """A `@struct` class. Equality is identity: there is one StructType per class."""

    name: str
    qualified: str
    python: type
    size: int = 0
    align: int = 1
    fields: dict[str, StructField] = field(default_factory=dict)

    __str__ = Type.__str__


@dataclass(frozen=True)
class OptionalType(Type):
    """`Ref[T] | None`: a reference that may be absent."""

    struct: StructType

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.struct.name} | None"

    __str__ = Type.__str__


@dataclass(frozen=True)
class ArrayType(Type):
    """An array; `count` is None where only a parameter's annotation is known, and travels with the reference."""

    element: Type
    count: int | None
    read_only: bool = False

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"Array[{self.element.name}]"

    __str__ = Type.__str__


@dataclass(frozen=True)
class BitRange:
    """A field of a bitfield: bits low .. low + width - 1. `flag` fields are bool."""

    name: str
    low: int
    width: int
    flag: bool


@dataclass(eq=False)
class BitfieldType(Type):
    """A `@bitfield` class: a named view of an integer word."""

    name: str
    python: type
    word: IntType
    ranges: dict[str, BitRange] = field(default_factory=dict)

    __str__ = Type.__str__


@dataclass(frozen=True)
class TupleType(Type):
    """Several results of one call."""

    elements: tuple[Type, ...]

    @property
    def name(self) -> str:  # type: ignore[override]
        return "tuple[" + ", ".join(element.name for element in self.elements) + "]"

    __str__ = Type.__str__


@dataclass(eq=False)
class DeviceType(Type):
    """A `Device` class; its value is the base address of the registers."""

    name: str
    python: type

    __str__ = Type.__str__


def is_scalar(kind: Type) -> TypeGuard[IntType | SimpleType | BitfieldType | OptionalType]:
    """Whether values of the type fit a register and are copied by assignment."""
    return isinstance(kind, IntType | BitfieldType | OptionalType) or kind is BOOL


def is_aggregate(kind: Type) -> bool:
    return isinstance(kind, StructType | ArrayType)


def word_of(kind: Type) -> IntType | None:
    """The integer behind an integer or a bitfield."""
    if isinstance(kind, IntType):
        return kind
    return kind.word if isinstance(kind, BitfieldType) else None

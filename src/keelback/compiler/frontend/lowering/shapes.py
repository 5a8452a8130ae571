"""What each type of the language is in LLVM: as a value in registers, and in memory."""

from __future__ import annotations

from keelback.compiler.frontend.types.decorators import PARAMETER_REGISTERS
from keelback.compiler.frontend.types.model import (
    BOOL,
    MEMORY,
    NEVER,
    STR,
    VOID,
    ArrayType,
    BitfieldType,
    DeviceType,
    IntType,
    OptionalType,
    StructType,
    TupleType,
    Type,
)

TEXT_VALUE = "{ ptr, i64 }"
MEMORY_VALUE = "{ i64, i64 }"
ARRAY_VALUE = "{ ptr, i64 }"  # an array whose length only the caller knows


def value_type(kind: Type) -> str:
    """The LLVM type of a value, parameter or result."""
    if isinstance(kind, IntType):
        return f"i{kind.width}"
    if isinstance(kind, BitfieldType):
        return f"i{kind.word.width}"
    if isinstance(kind, StructType | OptionalType):
        return "ptr"
    if isinstance(kind, ArrayType):
        return ARRAY_VALUE if kind.count is None else "ptr"
    if isinstance(kind, TupleType):
        return "{ " + ", ".join(value_type(element) for element in kind.elements) + " }"
    if isinstance(kind, DeviceType):
        return "i64"
    simple = {BOOL: "i1", STR: TEXT_VALUE, MEMORY: MEMORY_VALUE, VOID: "void", NEVER: "void"}
    return simple[kind]  # type: ignore[index]


def memory_type(kind: Type) -> str:
    """The LLVM type of a field, element or global."""
    if kind is BOOL:
        return "i8"
    if isinstance(kind, StructType):
        return struct_name(kind)
    if isinstance(kind, ArrayType):
        return f"[{kind.count} x {memory_type(kind.element)}]"
    return value_type(kind)


def struct_name(kind: StructType) -> str:
    return f'%"{kind.qualified}"'


def struct_definition(kind: StructType) -> str:
    """Fields in order; C's layout rules are LLVM's, so offsets agree with `lang.layout`."""
    members = ", ".join(memory_type(field.type) for field in kind.fields.values())
    return f"{struct_name(kind)} = type {{ {members} }}"


def size_and_align(kind: Type) -> tuple[int, int]:
    """Bytes in memory, as `lang.layout` counts them."""
    if isinstance(kind, StructType):
        return kind.size, kind.align
    if isinstance(kind, ArrayType):
        size, align = size_and_align(kind.element)
        return size * (kind.count or 0), align
    if isinstance(kind, IntType):
        return kind.width // 8, kind.width // 8
    if isinstance(kind, BitfieldType):
        return kind.word.width // 8, kind.word.width // 8
    return (1, 1) if kind is BOOL else (8, 8)


def placed(values: list[str], registers: tuple[str, ...], unused: str) -> list[str]:
    """One for each register of the convention preserve_none as far as any is named; as they are where none is."""
    if not registers:
        return values
    known = dict(zip(registers, values, strict=True))
    last = max(PARAMETER_REGISTERS.index(register) for register in registers)
    return [known.get(register, unused) for register in PARAMETER_REGISTERS[: last + 1]]

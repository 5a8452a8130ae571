"""First contents of globals, read off the live objects that module level left behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from keelback.compiler.frontend.tree import Function, GlobalObject
from keelback.compiler.frontend.types.model import BOOL, ArrayType, BitfieldType, OptionalType, StructType, Type
from keelback.lang.arrays import Array
from keelback.lang.memory import FAKE_ADDRESSES_START, address_of

ZERO = "zeroinitializer"


def initialiser(kind: Type, value: object) -> str:
    """The LLVM constant, without its type."""
    from keelback.compiler.frontend.lowering.shapes import memory_type

    if isinstance(kind, StructType):
        parts = [
            f"{memory_type(field.type)} {initialiser(field.type, getattr(value, field.name))}"
            for field in kind.fields.values()
        ]
        return ZERO if all(_is_zero(part) for part in parts) else "{ " + ", ".join(parts) + " }"
    if isinstance(kind, ArrayType):
        shape = memory_type(kind.element)
        array = cast("Array[Any]", value)
        parts = [f"{shape} {initialiser(kind.element, array[index])}" for index in range(len(array))]
        return ZERO if all(_is_zero(part) for part in parts) else "[ " + ", ".join(parts) + " ]"
    if isinstance(kind, OptionalType):
        return "null"
    if isinstance(kind, BitfieldType):
        return str(int(cast(Any, value).word))
    return str(int(bool(value))) if kind is BOOL else str(int(cast(Any, value)))


def _is_zero(part: str) -> bool:
    return part.endswith((f" {ZERO}", " 0", " null"))


def array_at(base: int, objects: Mapping[int, Function | GlobalObject]) -> GlobalObject | None:
    """The array that a window made by `bytes_of` at module level looks at, or None for a window of real memory."""
    if base < FAKE_ADDRESSES_START:
        return None
    for known in objects.values():
        if (
            isinstance(known, GlobalObject)
            and isinstance(known.python, Array)
            and int(address_of(known.python)) == base
        ):
            return known
    raise AssertionError(f"no array lies at {base:#x}")

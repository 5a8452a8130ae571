"""First contents of globals, read off the live objects that module level left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from keelback.compiler.frontend.lowering.shapes import memory_type
from keelback.compiler.frontend.tree import GlobalObject
from keelback.compiler.frontend.types.model import BOOL, ArrayType, BitfieldType, OptionalType, StructType, Type
from keelback.lang.arrays import Array, StructArray
from keelback.lang.memory import FAKE_ADDRESSES_START, address_of

ZERO = "zeroinitializer"
Reference = Callable[[object], str]  # a struct that a field refers to, as a constant pointer


def initialiser(kind: Type, value: object, reference: Reference) -> str:
    """The LLVM constant, without its type."""
    if isinstance(kind, StructType):
        parts = [
            f"{memory_type(field.type)} {initialiser(field.type, getattr(value, field.name), reference)}"
            for field in kind.fields.values()
        ]
        return _group("{", parts, "}")
    if isinstance(kind, ArrayType):
        return _array(kind, cast("Array[Any]", value), reference)
    if isinstance(kind, OptionalType):
        return "null" if value is None else reference(value)
    if isinstance(kind, BitfieldType):
        return str(int(cast(Any, value).word))
    return str(int(bool(value))) if kind is BOOL else str(int(cast(Any, value)))


def _array(kind: ArrayType, array: Array[Any], reference: Reference) -> str:
    shape = memory_type(kind.element)
    if not isinstance(array, StructArray):
        return _group(
            "[", [f"{shape} {initialiser(kind.element, array[i], reference)}" for i in range(len(array))], "]"
        )
    rows = [array.touched(index) for index in range(len(array))]
    untouched = f"{shape} {initialiser(kind.element, array.element(), reference)}"
    parts = [untouched if row is None else f"{shape} {initialiser(kind.element, row, reference)}" for row in rows]
    return _group("[", parts, "]")


def _group(opening: str, parts: list[str], closing: str) -> str:
    return ZERO if all(map(_is_zero, parts)) else f"{opening} {', '.join(parts)} {closing}"


def _is_zero(part: str) -> bool:
    return part.endswith((f" {ZERO}", " 0", " null"))


def array_at(base: int, globals_: Iterable[GlobalObject]) -> tuple[GlobalObject, int] | None:
    """The array that a window of `bytes_of` looks into, and from which byte; None for a window of real memory."""
    if base < FAKE_ADDRESSES_START:
        return None
    for known in globals_:
        if isinstance(known.python, Array):
            start = int(address_of(known.python))
            if start <= base <= start + len(known.python):
                return known, base - start
    raise AssertionError(f"no array lies at {base:#x}")

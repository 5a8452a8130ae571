"""Copies and clears whole structs.

Small structs are loaded whole before they are stored, in words of 8 bytes where they consist of such words, so that the
machine code can use pairs of registers. All others are copied field by field.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from keelback.compiler.frontend.lowering.ir import VOID_VALUE, Value, integer
from keelback.compiler.frontend.lowering.operations import operands
from keelback.compiler.frontend.lowering.shapes import memory_type, size_and_align
from keelback.compiler.frontend.tree import Operation
from keelback.compiler.frontend.types.model import ArrayType, StructType, Type

if TYPE_CHECKING:
    from keelback.compiler.frontend.lowering.function import FunctionLowering

UNROLLED_COUNT = 32  # longer arrays are copied by a loop,
CLEARED_COUNT = 64  # or cleared
LOADED_COUNT = 8  # so many numbers fit the registers
WORD_BYTES = 8


def copy_struct(function: FunctionLowering, node: Operation) -> Value:
    """`target.copy_from(source)`; both may be the same struct."""
    target, source = operands(function, node)
    kind = node.operands[0].type
    function.module.note_type(kind)
    size, align = size_and_align(kind)
    if align == WORD_BYTES and size <= LOADED_COUNT * WORD_BYTES and _number_count(kind) <= LOADED_COUNT:
        _copy_words(function, target.text, source.text, size // WORD_BYTES)
    elif _number_count(kind) <= LOADED_COUNT:
        _store_numbers(function, kind, target.text, _load_numbers(function, kind, source.text))
    else:
        _copy(function, kind, target.text, source.text)
    return VOID_VALUE


def clear_struct(function: FunctionLowering, node: Operation) -> Value:
    """`target.clear()`: zeros one beside the other, which the machine code stores in pairs."""
    (target,) = operands(function, node)
    kind = node.operands[0].type
    function.module.note_type(kind)
    _clear(function, kind, target.text)
    return VOID_VALUE


def _clear(function: FunctionLowering, kind: Type, target: str) -> None:
    if isinstance(kind, StructType):
        for field in kind.fields.values():
            _clear(function, field.type, _part(function, kind, target, f"i32 {field.index}"))
    elif isinstance(kind, ArrayType):
        _for_each(function, kind, CLEARED_COUNT, [target], lambda at: _clear(function, kind.element, *at))
    else:
        zero = Value(memory_type(kind), "zeroinitializer")
        function.builder.store(zero, target, f", align {size_and_align(kind)[1]}")


def _number_count(kind: Type) -> int:
    """How many numbers are in a struct; one with an array counts as large."""
    if isinstance(kind, StructType):
        return sum(_number_count(field.type) for field in kind.fields.values())
    return LOADED_COUNT + 1 if isinstance(kind, ArrayType) else 1


def _copy_words(function: FunctionLowering, target: str, source: str, count: int) -> None:
    builder = function.builder
    places = [
        [
            builder.emit("ptr", f"getelementptr inbounds nuw i64, ptr {start}, i64 {number}").text
            for number in range(count)
        ]
        for start in (source, target)
    ]
    values = [builder.load("i64", place, ", align 8") for place in places[0]]
    for value, place in zip(values, places[1], strict=True):
        builder.store(value, place, ", align 8")


def _load_numbers(function: FunctionLowering, kind: Type, source: str) -> list[Value]:
    if not isinstance(kind, StructType):
        return [function.builder.load(memory_type(kind), source, f", align {size_and_align(kind)[1]}")]
    parts = ((field.type, _part(function, kind, source, f"i32 {field.index}")) for field in kind.fields.values())
    return [value for part, place in parts for value in _load_numbers(function, part, place)]


def _store_numbers(function: FunctionLowering, kind: Type, target: str, values: list[Value]) -> None:
    """Store the first of these values, and take them from the list."""
    if not isinstance(kind, StructType):
        function.builder.store(values.pop(0), target, f", align {size_and_align(kind)[1]}")
        return
    for field in kind.fields.values():
        _store_numbers(function, field.type, _part(function, kind, target, f"i32 {field.index}"), values)


def _copy(function: FunctionLowering, kind: Type, target: str, source: str) -> None:
    if isinstance(kind, StructType):
        for field in kind.fields.values():
            places = [_part(function, kind, start, f"i32 {field.index}") for start in (target, source)]
            _copy(function, field.type, *places)
    elif isinstance(kind, ArrayType):
        _for_each(function, kind, UNROLLED_COUNT, [target, source], lambda at: _copy(function, kind.element, *at))
    else:
        align = f", align {size_and_align(kind)[1]}"
        function.builder.store(function.builder.load(memory_type(kind), source, align), target, align)


def _part(function: FunctionLowering, kind: Type, start: str, index: str) -> str:
    shape = memory_type(kind)
    return function.builder.emit("ptr", f"getelementptr inbounds nuw {shape}, ptr {start}, i32 0, {index}").text


def _for_each(
    function: FunctionLowering, kind: ArrayType, unrolled: int, starts: list[str], body: Callable[[list[str]], None]
) -> None:
    """`body` for each element of arrays of one type; a loop if they are longer than `unrolled`."""
    assert kind.count is not None
    if kind.count <= unrolled:
        for number in range(kind.count):
            body([_part(function, kind, start, f"i64 {number}") for start in starts])
        return
    builder = function.builder
    counter = builder.alloca("i64")
    builder.store(integer(64, 0), counter)
    head, done = builder.label("copy"), builder.label("copied")
    builder.start(head)
    index = builder.load("i64", counter)
    body([_part(function, kind, start, str(index)) for start in starts])
    following = builder.emit("i64", f"add nuw {index}, 1")
    builder.store(following, counter)
    builder.branch(builder.compare("ult", following, integer(64, kind.count)), head, done)
    builder.start(done)

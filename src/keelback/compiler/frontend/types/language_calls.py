"""Types calls of what `keelback.lang` and builtins offer: texts, lengths, addresses, layouts, min and max."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from keelback import lang
from keelback.compiler.frontend.tree import Built, Const, Expression, Field, Function, Global, Local, Operation, Text
from keelback.compiler.frontend.types.model import (
    BOOL,
    BROKEN,
    MEMORY,
    NEVER,
    PLAIN,
    STR,
    ArrayType,
    IntType,
    Type,
    is_aggregate,
)
from keelback.lang.words import BOOL_BITS

if TYPE_CHECKING:
    from keelback.compiler.frontend.types.calls import CallTyping

Typing = Callable[["CallTyping", ast.Call], Expression]


def _typed(name: str, wanted: tuple[str, ...], result: str) -> Typing:
    """A function of fixed parameter types."""

    def make(typing: CallTyping, node: ast.Call) -> Expression:
        if len(node.args) != len(wanted) or node.keywords:
            return typing.error(node, "arguments", f"`{name}` takes {len(wanted)} arguments", "give each in its place")
        operands = []
        for argument, kind in zip(node.args, wanted, strict=True):
            needed = STR if kind == "str" else typing.integer(kind)
            operands.append(typing.agree(typing.expression(argument), needed, argument, use=f"`{name}`"))
        if any(operand.type is BROKEN for operand in operands):
            return typing.broken(node)
        return Operation(typing.integer(result), *typing.position(node), name, operands)

    return make


def _extreme(name: str) -> Typing:
    def make(typing: CallTyping, node: ast.Call) -> Expression:
        if len(node.args) != 2 or node.keywords:
            return typing.error(
                node, "arguments", f"`{name}` takes two integers", f"nest it: `{name}({name}(a, b), c)`"
            )
        values = [typing.expression(argument) for argument in node.args]
        kinds = [value.type for value in values if isinstance(value.type, IntType)]
        if kinds and values[0].type is PLAIN:
            values[0] = typing.literal(values[0], kinds[0], node.args[0])
        if kinds and values[1].type is PLAIN:
            values[1] = typing.literal(values[1], kinds[0], node.args[1])
        if any(value.type is BROKEN for value in values):
            return typing.broken(node)
        if not kinds or values[0].type != values[1].type:
            message = f"`{name}` of {values[0].type} and {values[1].type}"
            return typing.error(node, "mixed-types", message, "convert one side")
        return Operation(kinds[0], *typing.position(node), name, values)

    return make


def _unreachable(typing: CallTyping, node: ast.Call) -> Expression:
    return Operation(NEVER, *typing.position(node), "unreachable", [])


def _length(typing: CallTyping, node: ast.Call) -> Expression:
    value = typing.single(node)
    if value is None or value.type is BROKEN:
        return typing.broken(node)
    where = typing.position(node)
    if isinstance(value.type, ArrayType):
        if value.type.count is None:  # a parameter: its length came along with it
            return Operation(typing.integer("u64"), *where, "array_count", [value])
        return Const(PLAIN, *where, value.type.count)
    message = f"the length of {value.type} is not known when the program is built"
    return typing.error(node, "len", message, "pass the count, or use byte_count for text")


def _address_of(typing: CallTyping, node: ast.Call) -> Expression:
    value = typing.single(node)
    if value is None or value.type is BROKEN:
        return typing.broken(node)
    where = typing.position(node)
    word = typing.integer("u64")
    if is_aggregate(value.type):
        return Operation(word, *where, "address_of", [value])
    known = typing.program.objects.get(id(value.value)) if isinstance(value, Built) else None
    if isinstance(known, Function):
        typing.function.calls.append((known, node))
        symbol = known.entry or (known.naked.symbol if known.naked else None) or known.symbol
        return Operation(word, *where, "address_of", [], symbol)
    return typing.error(node, "address", f"{value.type} has no address", "give a struct, an array or a function")


def _bytes_of(typing: CallTyping, node: ast.Call) -> Expression:
    value = typing.single(node)
    if value is None or value.type is BROKEN:
        return typing.broken(node)
    kind = value.type
    if isinstance(value, Global) and isinstance(kind, ArrayType) and kind.element == typing.integer("u8"):
        return Operation(MEMORY, *typing.position(node), "bytes_of", [value])
    return typing.error(node, "bytes-of", f"`bytes_of` takes a module-level Array[u8], not {kind}", "name the array")


def _packed(name: str, width: int) -> Typing:
    """Neighbouring fields of one struct, read as one word."""

    def make(typing: CallTyping, node: ast.Call) -> Expression:
        values = [typing.expression(argument) for argument in node.args]
        if any(value.type is BROKEN for value in values):
            return typing.broken(node)
        first = values[0] if values else None
        bits = 0
        for argument, value in zip(node.args, values, strict=True):
            if not _follows(first, bits, value):
                message = f"`{name}` of what is not the next integer or bool field of a struct"
                return typing.error(
                    argument, "packed", message, "give fields of one struct, a local or a global, in their order"
                )
            bits += _memory_bits(value.type)
        if bits != width or node.keywords:
            message = f"`{name}` takes fields of {width} bits together, not {bits}"
            return typing.error(node, "packed", message, "give all the fields of the word")
        return Operation(typing.integer(f"u{width}"), *typing.position(node), "packed", [values[0]])

    return make


def _memory_bits(kind: Type) -> int:
    """What an integer or a bool takes in memory; 0 for anything else."""
    return kind.width if isinstance(kind, IntType) else BOOL_BITS if kind is BOOL else 0


def _follows(first: Expression | None, bits: int, value: Expression) -> bool:
    """Whether a value is an integer or bool field of the local or global struct of `first`, `bits` behind that."""
    if not isinstance(first, Field) or not isinstance(value, Field) or not _memory_bits(value.type):
        return False
    here, there = first.base, value.base
    if isinstance(here, Local) and isinstance(there, Local):
        is_same = here.variable is there.variable
    else:
        is_same = isinstance(here, Global) and isinstance(there, Global) and here.target is there.target
    return is_same and value.field.offset == first.field.offset + bits // 8


def _layout(function: Callable[..., int]) -> Typing:
    def make(typing: CallTyping, node: ast.Call) -> Expression:
        values = [typing.expression(argument) for argument in node.args]
        plain = [value.text if isinstance(value, Text) else getattr(value, "value", None) for value in values]
        try:
            return Const(PLAIN, *typing.position(node), function(*plain))
        except (TypeError, KeyError, AttributeError) as problem:
            return typing.error(node, "layout", f"no layout: {problem}", "give a struct class, and a field's name")

    return make


LANGUAGE_FUNCTIONS: dict[int, Typing] = {
    id(lang.byte_at): _typed("byte_at", ("str", "u64"), "u8"),
    id(lang.byte_count): _typed("byte_count", ("str",), "u64"),
    id(lang.unreachable): _unreachable,
    id(lang.address_of): _address_of,
    id(lang.bytes_of): _bytes_of,
    id(lang.size_of): _layout(lang.size_of),
    id(lang.offset_of): _layout(lang.offset_of),
    id(lang.packed_u32): _packed("packed_u32", 32),
    id(lang.packed_u64): _packed("packed_u64", 64),
    id(len): _length,
    id(min): _extreme("min"),
    id(max): _extreme("max"),
}

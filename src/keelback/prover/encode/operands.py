"""Reads types, constants and operands from tokens of LLVM IR."""

from __future__ import annotations

import re
from collections.abc import Mapping

from keelback.prover.encode.module import (
    Aggregate,
    Constant,
    Data,
    Expression,
    GlobalName,
    Integer,
    Local,
    Operand,
    Undefined,
    Zero,
)
from keelback.prover.encode.tokens import Tokens, string_bytes, unquoted
from keelback.prover.encode.types import POINTER, VOID, ArrayType, IntegerType, IRType, StructType

NamedTypes = Mapping[str, IRType]


def read_type(tokens: Tokens, types: NamedTypes) -> IRType:
    """KeyError for a named type that is not known yet."""
    token = tokens.take()
    if re.fullmatch(r"i\d+", token):
        return IntegerType(int(token[1:]))
    if token == "ptr":
        return POINTER
    if token == "void":
        return VOID
    if token.startswith("%"):
        return types[token]
    if token == "[":
        count = int(tokens.take())
        tokens.expect("x")
        element = read_type(tokens, types)
        tokens.expect("]")
        return ArrayType(count, element)
    if token == "{":
        members: list[IRType] = []
        while not tokens.accept("}"):
            members.append(read_type(tokens, types))
            tokens.accept(",")
        return StructType(tuple(members))
    raise tokens.error(f"a type, not {token!r},")


def read_operand(tokens: Tokens, types: NamedTypes) -> Operand:
    """A type and a value."""
    return read_operand_value(tokens, read_type(tokens, types), types)


def read_operand_value(tokens: Tokens, kind: IRType, types: NamedTypes) -> Operand:
    return Operand(kind, _read_value(tokens, kind, types))


def _read_value(tokens: Tokens, kind: IRType, types: NamedTypes) -> Constant:
    token = tokens.take()
    if token.startswith("%"):
        return Local(unquoted(token))
    if token.startswith("@"):
        return GlobalName(unquoted(token))
    if re.fullmatch(r"-?\d+", token):
        return Integer(int(token))
    if token in ("true", "false"):
        return Integer(int(token == "true"))
    if token in ("undef", "poison"):
        return Undefined()
    if token in ("zeroinitializer", "null"):
        return Zero()
    if token.startswith('c"'):
        return Data(string_bytes(token))
    if token in ("{", "["):
        return _read_aggregate(tokens, "}" if token == "{" else "]", types)
    if token in ("getelementptr", "inttoptr", "ptrtoint", "trunc", "add", "sub", "xor"):
        return _read_expression(tokens, token, types)
    raise tokens.error(f"a value, not {token!r} of type {kind},")


def _read_aggregate(tokens: Tokens, end: str, types: NamedTypes) -> Aggregate:
    members: list[Operand] = []
    while not tokens.accept(end):
        members.append(read_operand(tokens, types))
        tokens.accept(",")
    return Aggregate(tuple(members))


def _read_expression(tokens: Tokens, op: str, types: NamedTypes) -> Expression:
    while tokens.accept("inbounds", "nuw", "nusw", "nsw"):
        pass
    tokens.expect("(")
    if op == "getelementptr":
        source = read_type(tokens, types)
        operands: list[Operand] = []
        while tokens.accept(","):
            operands.append(read_operand(tokens, types))
        tokens.expect(")")
        return Expression(op, source, tuple(operands))
    operand = read_operand(tokens, types)
    if tokens.accept(","):
        other = read_operand(tokens, types)
        tokens.expect(")")
        return Expression(op, operand.type, (operand, other))
    tokens.expect("to")
    target = read_type(tokens, types)
    tokens.expect(")")
    return Expression(op, target, (operand,))

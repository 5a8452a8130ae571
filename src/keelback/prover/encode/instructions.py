"""Reads one instruction of LLVM IR. Metadata that could change meaning is refused, not skipped."""

from __future__ import annotations

import re
from collections.abc import Callable

from keelback.prover.encode.module import CallTarget, Instruction, Integer, Operand, UnsupportedError
from keelback.prover.encode.operands import NamedTypes, read_operand, read_operand_value, read_type
from keelback.prover.encode.tokens import Tokens, string_bytes, unquoted
from keelback.prover.encode.types import VOID, IntegerType, IRType

_FLAGS = ("nuw", "nsw", "exact", "disjoint", "nneg", "samesign", "inbounds", "nusw", "volatile")
_BINARY = ("add", "sub", "mul", "udiv", "urem", "sdiv", "srem", "and", "or", "xor", "shl", "lshr", "ashr")
_CASTS = ("zext", "sext", "trunc", "ptrtoint", "inttoptr", "freeze")
_HARMLESS = ("dbg", "prof", "srcloc", "loop", "llvm.loop", "tbaa", "unpredictable", "annotation", "noundef")
_CALL_WORDS = ("tail", "musttail", "notail")
_ARGUMENT_WORDS = (
    *(
        "noundef",
        "nonnull",
        "readonly",
        "writeonly",
        "readnone",
        "noalias",
        "zeroext",
        "signext",
        "nofree",
    ),
    *("nocapture", "immarg", "inreg", "returned", "writable"),
)

Parts = tuple[IRType, tuple[Operand, ...], tuple[str, ...], object]

_METADATA = re.compile(r", !([\w.]+) !(\d+)")


def read_instruction(text: str, types: NamedTypes) -> Instruction:
    location: int | None = None
    for found in _METADATA.finditer(text):
        if found.group(1) not in _HARMLESS:
            raise UnsupportedError(f"metadata {found.group(1)} in: {text}")
        if found.group(1) == "dbg":
            location = int(found.group(2))
    short = re.sub(r"\s+;.*$", "", _METADATA.sub("", text))
    tokens = Tokens(short)
    result: str | None = None
    if tokens.peek(1) == "=":
        result = unquoted(tokens.take())
        tokens.take()
    while tokens.accept(*_CALL_WORDS):
        pass
    op = tokens.take()
    flags: set[str] = set()
    while tokens.next in _FLAGS:
        flags.add(tokens.take())
    if op not in _READERS:
        raise UnsupportedError(f"instruction {op} in: {text}")
    kind, operands, labels, detail = _READERS[op](tokens, types)
    if op in ("load", "store", "alloca") and tokens.accept(","):
        tokens.expect("align")
        tokens.take()
    if tokens.next:
        raise tokens.error("the end")
    return Instruction(op, result, kind, operands, frozenset(flags), labels, detail, short, location)


def _binary(tokens: Tokens, types: NamedTypes) -> Parts:
    first = read_operand(tokens, types)
    tokens.expect(",")
    return first.type, (first, read_operand_value(tokens, first.type, types)), (), None


def _compare(tokens: Tokens, types: NamedTypes) -> Parts:
    predicate = tokens.take()
    _, operands, _, _ = _binary(tokens, types)
    return IntegerType(1), operands, (), predicate


def _cast(tokens: Tokens, types: NamedTypes) -> Parts:
    operand = read_operand(tokens, types)
    kind = read_type(tokens, types) if tokens.accept("to") else operand.type
    return kind, (operand,), (), None


def _select(tokens: Tokens, types: NamedTypes) -> Parts:
    operands = [read_operand(tokens, types)]
    while tokens.accept(","):
        operands.append(read_operand(tokens, types))
    return operands[1].type, tuple(operands), (), None


def _phi(tokens: Tokens, types: NamedTypes) -> Parts:
    kind = read_type(tokens, types)
    operands: list[Operand] = []
    labels: list[str] = []
    while tokens.accept("["):
        operands.append(read_operand_value(tokens, kind, types))
        tokens.expect(",")
        labels.append(unquoted(tokens.take()))
        tokens.expect("]")
        tokens.accept(",")
    return kind, tuple(operands), tuple(labels), None


def _address(tokens: Tokens, types: NamedTypes) -> Parts:
    source = read_type(tokens, types)
    operands: list[Operand] = []
    while tokens.accept(","):
        operands.append(read_operand(tokens, types))
    return operands[0].type, tuple(operands), (), source


def _load(tokens: Tokens, types: NamedTypes) -> Parts:
    kind = read_type(tokens, types)
    tokens.expect(",")
    return kind, (read_operand(tokens, types),), (), None


def _store(tokens: Tokens, types: NamedTypes) -> Parts:
    value = read_operand(tokens, types)
    tokens.expect(",")
    return VOID, (value, read_operand(tokens, types)), (), None


def _branch(tokens: Tokens, types: NamedTypes) -> Parts:
    operands: list[Operand] = []
    labels: list[str] = []
    if tokens.next != "label":
        operands.append(read_operand(tokens, types))
        tokens.expect(",")
    while tokens.accept("label"):
        labels.append(unquoted(tokens.take()))
        tokens.accept(",")
    return VOID, tuple(operands), tuple(labels), None


def _switch(tokens: Tokens, types: NamedTypes) -> Parts:
    """The default label comes first; the cases' values are `detail`."""
    operand = read_operand(tokens, types)
    tokens.expect(",")
    tokens.expect("label")
    labels = [unquoted(tokens.take())]
    cases: list[int] = []
    tokens.expect("[")
    while not tokens.accept("]"):
        value = read_operand(tokens, types).value
        assert isinstance(value, Integer)
        cases.append(value.value)
        tokens.expect(",")
        tokens.expect("label")
        labels.append(unquoted(tokens.take()))
    return VOID, (operand,), tuple(labels), tuple(cases)


def _return(tokens: Tokens, types: NamedTypes) -> Parts:
    return VOID, (() if tokens.accept("void") else (read_operand(tokens, types),)), (), None


def _unreachable(tokens: Tokens, types: NamedTypes) -> Parts:
    return VOID, (), (), None


def _extract(tokens: Tokens, types: NamedTypes) -> Parts:
    """The result's type is found when it runs; indices are `detail`."""
    operand = read_operand(tokens, types)
    return VOID, (operand,), (), _indices(tokens)


def _insert(tokens: Tokens, types: NamedTypes) -> Parts:
    whole = read_operand(tokens, types)
    tokens.expect(",")
    return whole.type, (whole, read_operand(tokens, types)), (), _indices(tokens)


def _indices(tokens: Tokens) -> tuple[int, ...]:
    indices: list[int] = []
    while tokens.accept(","):
        indices.append(int(tokens.take()))
    return tuple(indices)


def _alloca(tokens: Tokens, types: NamedTypes) -> Parts:
    kind = read_type(tokens, types)
    return IntegerType(64), (), (), kind


def _skip_attributes(tokens: Tokens, words: tuple[str, ...]) -> None:
    while True:
        if tokens.next in ("range", "captures", "initializes", "dereferenceable"):
            tokens.take()
            tokens.skip_parentheses()
        elif tokens.next == "align":
            tokens.take()
            tokens.take()
        elif not tokens.accept(*words):
            return


def _call(tokens: Tokens, types: NamedTypes) -> Parts:
    tokens.accept("fastcc", "coldcc", "ccc", "preserve_nonecc")
    _skip_attributes(tokens, ("noundef", "nonnull", "zeroext", "signext"))
    kind = read_type(tokens, types)
    target = _assembly_target(tokens) if tokens.accept("asm") else CallTarget(unquoted(tokens.take()))
    tokens.expect("(")
    operands: list[Operand] = []
    while not tokens.accept(")"):
        argument = read_type(tokens, types)
        _skip_attributes(tokens, _ARGUMENT_WORDS)
        operands.append(read_operand_value(tokens, argument, types))
        tokens.accept(",")
    while tokens.next.startswith("#"):
        tokens.take()
    return kind, tuple(operands), (), target


def _assembly_target(tokens: Tokens) -> CallTarget:
    side_effect = False
    while tokens.next in ("sideeffect", "alignstack"):
        side_effect = tokens.take() == "sideeffect" or side_effect
    template = string_bytes(tokens.take()).decode()
    tokens.expect(",")
    return CallTarget("", template, string_bytes(tokens.take()).decode(), side_effect)


_READERS: dict[str, Callable[[Tokens, NamedTypes], Parts]] = {
    **dict.fromkeys(_BINARY, _binary),
    **dict.fromkeys(_CASTS, _cast),
    "icmp": _compare,
    "select": _select,
    "phi": _phi,
    "getelementptr": _address,
    "load": _load,
    "store": _store,
    "br": _branch,
    "switch": _switch,
    "ret": _return,
    "unreachable": _unreachable,
    "extractvalue": _extract,
    "insertvalue": _insert,
    "alloca": _alloca,
    "call": _call,
}

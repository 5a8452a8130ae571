"""Lowers operations on values: arithmetic with its traps, comparison, conversion, bitfields, text.

`OPERATIONS` has one small function for each operation's name; those on memory windows and registers are in `windows`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from keelback.compiler.frontend.lowering import expressions
from keelback.compiler.frontend.lowering.ir import VOID_VALUE, Value, integer
from keelback.compiler.frontend.lowering.shapes import value_type
from keelback.compiler.frontend.tree import Const, Operation, Variable
from keelback.compiler.frontend.types.model import (
    BOOL,
    BitfieldType,
    BitRange,
    IntType,
    Type,
    word_of,
)
from keelback.lang.traps import TrapKind

if TYPE_CHECKING:
    from keelback.compiler.frontend.lowering.function import FunctionLowering

Lowering = Callable[["FunctionLowering", Operation], Value]


def lower(function: FunctionLowering, node: Operation) -> Value:
    from keelback.compiler.frontend.lowering import windows

    made = OPERATIONS.get(node.name) or windows.OPERATIONS[node.name]
    return made(function, node)


def operand(function: FunctionLowering, node: Operation, number: int) -> Value:
    return expressions.lower(function, node.operands[number])


def operands(function: FunctionLowering, node: Operation) -> list[Value]:
    """All operands, evaluated left to right; then the position is the operation's own again."""
    made = [expressions.lower(function, part) for part in node.operands]
    function.at(node.line, node.column)
    return made


def width_of(value: Value) -> int:
    return int(value.type[1:])


def resize(function: FunctionLowering, value: Value, width: int, *, signed: bool = False) -> Value:
    """The same number with another width; high bits are cut, or filled by the sign if `signed`."""
    have = width_of(value)
    if have == width:
        return value
    extend = "sext" if signed else "zext"
    return function.builder.emit(f"i{width}", f"{'trunc' if have > width else extend} {value} to i{width}")


def widen(function: FunctionLowering, value: Value, width: int) -> Value:
    return resize(function, value, width)


def _signed(kind: Type) -> bool:
    return isinstance(kind, IntType) and kind.signed


def _checked(name: str) -> Lowering:
    """+ - *: the intrinsic says whether the true result did not fit."""

    def make(function: FunctionLowering, node: Operation) -> Value:
        left, right = operands(function, node)
        sign = "s" if _signed(node.type) else "u"
        kind = left.type
        pair = function.builder.emit(
            f"{{ {kind}, i1 }}",
            f"call {{ {kind}, i1 }} @llvm.{sign}{name}.with.overflow.{kind}({left}, {right})",
        )
        function.module.declare(f"declare {{ {kind}, i1 }} @llvm.{sign}{name}.with.overflow.{kind}({kind}, {kind})")
        result = function.builder.extract(kind, pair, 0)
        function.trap_if(function.builder.extract("i1", pair, 1), TrapKind.OVERFLOW)
        return result

    return make


def _plain(instruction: str) -> Lowering:
    """An instruction that cannot trap."""

    def make(function: FunctionLowering, node: Operation) -> Value:
        left, right = operands(function, node)
        return function.builder.emit(left.type, f"{instruction} {left}, {right.text}")

    return make


def _divide(instruction: str) -> Lowering:
    def make(function: FunctionLowering, node: Operation) -> Value:
        left, right = operands(function, node)
        if not (isinstance(node.operands[1], Const) and node.operands[1].value):
            zero = integer(width_of(right), 0)
            function.trap_if(function.builder.compare("eq", right, zero), TrapKind.DIVIDE)
        return function.builder.emit(left.type, f"{instruction} {left}, {right.text}")

    return make


def _shift(instruction: str) -> Lowering:
    def make(function: FunctionLowering, node: Operation) -> Value:
        left, right = operands(function, node)
        width = width_of(left)
        amount = node.operands[1]
        if not (isinstance(amount, Const) and 0 <= amount.value < width):
            limit = integer(width_of(right), width)
            function.trap_if(function.builder.compare("uge", right, limit), TrapKind.SHIFT)
        right = resize(function, right, width)
        chosen = "ashr" if instruction == "lshr" and _signed(node.type) else instruction
        return function.builder.emit(left.type, f"{chosen} {left}, {right.text}")

    return make


def _compare(unsigned: str, signed: str) -> Lowering:
    def make(function: FunctionLowering, node: Operation) -> Value:
        left, right = operands(function, node)
        predicate = signed if _signed(node.operands[0].type) else unsigned
        return function.builder.compare(predicate, left, right)

    return make


def _none_test(predicate: str) -> Lowering:
    def make(function: FunctionLowering, node: Operation) -> Value:
        return function.builder.compare(predicate, operands(function, node)[0], Value("ptr", "null"))

    return make


def _require(function: FunctionLowering, node: Operation) -> Value:
    """An optional reference used as a reference."""
    (value,) = operands(function, node)
    function.trap_if(function.builder.compare("eq", value, Value("ptr", "null")), TrapKind.NONE)
    return value


def _same(function: FunctionLowering, node: Operation) -> Value:
    """A change of type that leaves the bits alone."""
    return operands(function, node)[0]


def _keep(function: FunctionLowering, node: Operation) -> Value:
    """A value that is used again: `detail` is the variable that keeps it."""
    (value,) = operands(function, node)
    function.builder.store(value, function.slot(cast(Variable, node.detail)))
    return value


def _not(function: FunctionLowering, node: Operation) -> Value:
    (value,) = operands(function, node)
    return function.builder.emit("i1", f"xor {value}, true")


def _invert(function: FunctionLowering, node: Operation) -> Value:
    (value,) = operands(function, node)
    return function.builder.emit(value.type, f"xor {value}, -1")


def _negate(function: FunctionLowering, node: Operation) -> Value:
    (value,) = operands(function, node)
    lowest = integer(width_of(value), -(1 << (width_of(value) - 1)))
    function.trap_if(function.builder.compare("eq", value, lowest), TrapKind.OVERFLOW)
    return function.builder.emit(value.type, f"sub {value.type} 0, {value.text}")


def _convert(function: FunctionLowering, node: Operation) -> Value:
    """To another integer type; traps where the number does not fit."""
    (value,) = operands(function, node)
    source, target = node.operands[0].type, node.type
    assert isinstance(target, IntType)
    if source is BOOL:
        return resize(function, value, target.width)
    assert isinstance(source, IntType)
    width = source.width
    if target.minimum > source.minimum:  # from signed to unsigned
        function.trap_if(function.builder.compare("slt", value, integer(width, 0)), TrapKind.CONVERT)
    if target.maximum < source.maximum:
        predicate = "sgt" if source.signed else "ugt"
        limit = integer(width, target.maximum)
        function.trap_if(function.builder.compare(predicate, value, limit), TrapKind.CONVERT)
    return resize(function, value, target.width, signed=source.signed)


def _truncate(function: FunctionLowering, node: Operation) -> Value:
    (value,) = operands(function, node)
    source = node.operands[0].type
    return resize(function, value, width_of(Value(value_type(node.type), "")), signed=_signed(source))


def _rotate(direction: str) -> Lowering:
    """Through a funnel shift; the amount counts modulo the width."""

    def make(function: FunctionLowering, node: Operation) -> Value:
        value, amount = operands(function, node)
        kind = value.type
        amount = resize(function, amount, width_of(value))
        function.module.declare(f"declare {kind} @llvm.fsh{direction}.{kind}({kind}, {kind}, {kind})")
        return function.builder.emit(kind, f"call {kind} @llvm.fsh{direction}.{kind}({value}, {value}, {amount})")

    return make


def _intrinsic(name: str, extra: str = "") -> Lowering:
    """A bit count or byte swap; `extra` is a further constant argument."""

    def make(function: FunctionLowering, node: Operation) -> Value:
        (value,) = operands(function, node)
        kind = value.type
        if kind == "i8" and name == "bswap":
            return value
        function.module.declare(f"declare {kind} @llvm.{name}.{kind}({kind}{', i1' if extra else ''})")
        return function.builder.emit(kind, f"call {kind} @llvm.{name}.{kind}({value}{extra})")

    return make


def _bit(function: FunctionLowering, node: Operation) -> Value:
    value, number = operands(function, node)
    width = width_of(value)
    if not (isinstance(node.operands[1], Const) and 0 <= node.operands[1].value < width):
        limit = integer(width_of(number), width)
        function.trap_if(function.builder.compare("uge", number, limit), TrapKind.SHIFT)
    number = resize(function, number, width)
    moved = function.builder.emit(value.type, f"lshr {value}, {number.text}")
    return function.builder.emit("i1", f"trunc {moved} to i1")


def _choose(name: str) -> Lowering:
    """min and max."""

    def make(function: FunctionLowering, node: Operation) -> Value:
        left, right = operands(function, node)
        kind, full = left.type, f"{'s' if _signed(node.type) else 'u'}{name}"
        function.module.declare(f"declare {kind} @llvm.{full}.{kind}({kind}, {kind})")
        return function.builder.emit(kind, f"call {kind} @llvm.{full}.{kind}({left}, {right})")

    return make


def _bitfield_new(function: FunctionLowering, node: Operation) -> Value:
    """Put fields together; `detail` lists the range of each operand. A number too wide for its field traps."""
    assert isinstance(node.type, BitfieldType)
    width = node.type.word.width
    word = integer(width, 0)
    ranges = cast("list[BitRange]", node.detail)
    for value, span, part in zip(operands(function, node), ranges, node.operands, strict=True):
        if not span.flag and span.width < width:
            top = (1 << span.width) - 1
            if not (isinstance(part, Const) and part.value <= top):
                function.trap_if(function.builder.compare("ugt", value, integer(width, top)), TrapKind.CONVERT)
        moved = resize(function, value, width)
        if span.low:
            moved = function.builder.emit(moved.type, f"shl {moved}, {span.low}")
        word = moved if word.text == "0" else function.builder.emit(word.type, f"or {word}, {moved.text}")
    return word


def _bitfield_get(function: FunctionLowering, node: Operation) -> Value:
    """One field of a word; `detail` is its range."""
    (word,) = operands(function, node)
    span = cast(BitRange, node.detail)
    if span.low:
        word = function.builder.emit(word.type, f"lshr {word}, {span.low}")
    if span.flag:
        return function.builder.emit("i1", f"trunc {word} to i1")
    kept = word_of(node.operands[0].type)
    assert kept is not None
    return function.builder.emit(word.type, f"and {word}, {(1 << span.width) - 1}")


def _byte_count(function: FunctionLowering, node: Operation) -> Value:
    (text,) = operands(function, node)
    return function.builder.extract("i64", text, 1)


def _byte_at(function: FunctionLowering, node: Operation) -> Value:
    text, index = operands(function, node)
    count = function.builder.extract("i64", text, 1)
    function.trap_if(function.builder.compare("uge", index, count), TrapKind.INDEX)
    start = function.builder.extract("ptr", text, 0)
    where = function.builder.emit("ptr", f"getelementptr inbounds nuw i8, {start}, {index}")
    return function.builder.load("i8", where.text, ", align 1")


def _unreachable(function: FunctionLowering, node: Operation) -> Value:
    function.at(node.line, node.column)
    function.trap(TrapKind.UNREACHABLE)
    return VOID_VALUE


OPERATIONS: dict[str, Lowering] = {
    "+": _checked("add"),
    "-": _checked("sub"),
    "*": _checked("mul"),
    "//": _divide("udiv"),
    "%": _divide("urem"),
    "&": _plain("and"),
    "|": _plain("or"),
    "^": _plain("xor"),
    "<<": _shift("shl"),
    ">>": _shift("lshr"),
    "==": _compare("eq", "eq"),
    "!=": _compare("ne", "ne"),
    "<": _compare("ult", "slt"),
    "<=": _compare("ule", "sle"),
    ">": _compare("ugt", "sgt"),
    ">=": _compare("uge", "sge"),
    "is None": _none_test("eq"),
    "is not None": _none_test("ne"),
    "require": _require,
    "same": _same,
    "keep": _keep,
    "not": _not,
    "~": _invert,
    "negate": _negate,
    "convert": _convert,
    "truncate": _truncate,
    "wrapping_add": _plain("add"),
    "wrapping_sub": _plain("sub"),
    "wrapping_mul": _plain("mul"),
    "rotate_left": _rotate("l"),
    "rotate_right": _rotate("r"),
    "leading_zeros": _intrinsic("ctlz", ", i1 false"),
    "trailing_zeros": _intrinsic("cttz", ", i1 false"),
    "count_ones": _intrinsic("ctpop"),
    "swap_bytes": _intrinsic("bswap"),
    "bit": _bit,
    "min": _choose("min"),
    "max": _choose("max"),
    "bitfield_new": _bitfield_new,
    "bitfield_get": _bitfield_get,
    "byte_count": _byte_count,
    "byte_at": _byte_at,
    "unreachable": _unreachable,
}

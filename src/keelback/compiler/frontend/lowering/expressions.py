"""Lowers expressions: constants, names, places, calls and choices. Operations are in `operations` and `windows`."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from keelback.compiler.frontend.lowering import operations
from keelback.compiler.frontend.lowering.ir import Value, boolean, integer, quoted
from keelback.compiler.frontend.lowering.shapes import memory_type, size_and_align, struct_name, value_type
from keelback.compiler.frontend.tree import (
    Built,
    Call,
    Conditional,
    Const,
    Element,
    Expression,
    Field,
    Global,
    Local,
    Logical,
    Operation,
    Text,
)
from keelback.compiler.frontend.types.model import BOOL, ArrayType, OptionalType, StructType, Type, is_aggregate
from keelback.lang import Device, Memory
from keelback.lang.traps import TrapKind

if TYPE_CHECKING:
    from keelback.compiler.frontend.lowering.function import FunctionLowering


def lower(function: FunctionLowering, node: Expression) -> Value:
    """The value of an expression; a struct or array is its address."""
    match node:
        case Const(value=value):
            return constant(node.type, value)
        case Text(text=text):
            return function.module.text(text)
        case Local(variable=variable):
            return function.builder.load(value_type(variable.type), function.slot(variable))
        case Built(value=Memory() as window):
            return function.module.memory_window(window.base, window.size)
        case Built(value=Device() as device):
            return integer(64, device.base)
        case Global() | Field() | Element():
            return _place_value(function, node)
        case Operation(name="packed", operands=[Field() as first]):
            return _packed(function, first, node.type)
        case Operation():
            return operations.lower(function, node)
        case Call():
            return _call(function, node)
        case Conditional():
            return _conditional(function, node)
        case Logical():
            return _logical(function, node)
        case _:
            raise AssertionError(f"no lowering for {type(node).__name__}")


def constant(kind: Type, value: int) -> Value:
    """A value known at build time."""
    shape = value_type(kind) if not isinstance(kind, OptionalType) else "ptr"
    if shape == "ptr":
        return Value("ptr", "null")
    return boolean(bool(value)) if shape == "i1" else integer(int(shape[1:]), value)


def pointer(function: FunctionLowering, node: Expression) -> str:
    """The address of a place."""
    match node:
        case Global(target=target):
            return f"@{quoted(target.symbol)}"
        case Field(base=base, field=field):
            assert isinstance(base.type, StructType)
            function.module.note_struct(base.type)
            start = lower(function, base).text
            shape = struct_name(base.type)
            return function.builder.emit(
                "ptr", f"getelementptr inbounds nuw {shape}, ptr {start}, i32 0, i32 {field.index}"
            ).text
        case Element():
            return _element(function, node)
        case _:
            return lower(function, node).text


def _element(function: FunctionLowering, node: Element) -> str:
    kind = node.base.type
    assert isinstance(kind, ArrayType)
    base = lower(function, node.base)
    index = operations.widen(function, lower(function, node.index), 64)
    if kind.count is None:
        start, count = function.builder.extract("ptr", base, 0).text, function.builder.extract("i64", base, 1)
    else:
        start, count = base.text, integer(64, kind.count)
    if not (isinstance(node.index, Const) and kind.count is not None and node.index.value < kind.count):
        function.trap_if(function.builder.compare("uge", index, count), TrapKind.INDEX)
    function.module.note_type(kind)
    shape = memory_type(kind.element)
    if kind.count is None:
        return function.builder.emit("ptr", f"getelementptr inbounds nuw {shape}, ptr {start}, {index}").text
    whole = f"[{kind.count} x {shape}]"
    return function.builder.emit("ptr", f"getelementptr inbounds nuw {whole}, ptr {start}, i64 0, {index}").text


def _place_value(function: FunctionLowering, node: Expression) -> Value:
    where = pointer(function, node)
    return Value("ptr", where) if is_aggregate(node.type) else _load(function, where, node)


def _load(function: FunctionLowering, where: str, node: Expression) -> Value:
    """Read a scalar from memory; a bool is a byte there."""
    value = function.builder.load(memory_type(node.type), where, _access(function, node))
    return function.builder.emit("i1", f"trunc nuw i8 {value.text} to i1") if node.type is BOOL else value


def _packed(function: FunctionLowering, first: Field, kind: Type) -> Value:
    """Read a word that begins with this field. It may be anything's that lies there."""
    assert isinstance(first.base.type, StructType)
    align = gcd(first.base.type.align, first.field.offset or first.base.type.align)
    return function.builder.load(value_type(kind), pointer(function, first), f", align {align}")


def store(function: FunctionLowering, node: Expression, value: Value) -> None:
    """Write a scalar to its place in memory."""
    where = pointer(function, node)
    if node.type is BOOL:
        value = function.builder.emit("i8", f"zext i1 {value.text} to i8")
    function.builder.store(value, where, _access(function, node))


def _access(function: FunctionLowering, node: Expression) -> str:
    """How a place is aligned, and what it cannot overlap with: a field with any other one, an element of an array with
    anything but elements of that type. Places of other kinds may be anything's."""
    suffix = f", align {size_and_align(node.type)[1]}"
    match node:
        case Field(base=base, field=field):
            assert isinstance(base.type, StructType)
            return f"{suffix}, !tbaa {function.module.access_tag(f'{base.type.qualified}.{field.name}')}"
        case Element():
            return f"{suffix}, !tbaa {function.module.access_tag(memory_type(node.type))}"
        case _:
            return suffix


def as_argument(function: FunctionLowering, node: Expression, wanted: Type) -> Value:
    """An expression as a parameter of type `wanted`: an array takes its length along where the callee does not know."""
    value = lower(function, node)
    if not (isinstance(wanted, ArrayType) and wanted.count is None and isinstance(node.type, ArrayType)):
        return value
    return value if node.type.count is None else function.builder.pair(value, integer(64, node.type.count))


def _call(function: FunctionLowering, node: Call) -> Value:
    called = node.function.replacement or node.function
    values = {
        number: as_argument(function, node.arguments[number], called.parameters[number].type) for number in node.order
    }
    arguments = [values[number] for number in range(len(values))]
    function.at(node.line, node.column)
    return function.module.call(function, called, arguments)


def _conditional(function: FunctionLowering, node: Conditional) -> Value:
    then, other, done = (function.builder.label(name) for name in ("yes", "no", "chosen"))
    kind = value_type(node.type)
    result = function.builder.alloca(kind)
    function.branch(lower(function, node.test), then, other)
    for label, part in ((then, node.then), (other, node.other)):
        function.builder.start(label)
        function.builder.store(lower(function, part), result)
        if not function.builder.terminated:
            function.builder.jump(done)
    function.builder.start(done)
    return function.builder.load(kind, result)


def _logical(function: FunctionLowering, node: Logical) -> Value:
    done = function.builder.label("decided")
    result = function.builder.alloca("i1")
    for number, operand in enumerate(node.operands):
        value = lower(function, operand)
        function.builder.store(value, result)
        if number == len(node.operands) - 1:
            function.builder.jump(done)
            break
        following = function.builder.label("next")
        yes, no = (following, done) if node.operator == "and" else (done, following)
        function.branch(value, yes, no)
        function.builder.start(following)
    function.builder.start(done)
    return function.builder.load("i1", result)

"""Lowers operations on memory windows, device registers and system registers: volatile, exactly as wide as written.

On the host none of these addresses exist, so accesses become calls that the host back end answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from keelback.compiler.frontend.lowering.copies import clear_struct, copy_struct
from keelback.compiler.frontend.lowering.ir import VOID_VALUE, Value, integer, quoted
from keelback.compiler.frontend.lowering.operations import Lowering, operands, resize, width_of
from keelback.compiler.frontend.lowering.shapes import value_type
from keelback.compiler.frontend.tree import Global, Operation
from keelback.compiler.frontend.types.model import ArrayType
from keelback.lang.registers import ReadOnlySystemRegister, Register
from keelback.lang.traps import TrapKind

if TYPE_CHECKING:
    from keelback.compiler.frontend.lowering.function import FunctionLowering


def load_raw(function: FunctionLowering, address: Value, width: int, *, align: int) -> Value:
    """Load `width` bits from an address, once."""
    if function.module.host:
        value = function.builder.emit("i64", f"call i64 @keel.read({address}, i32 {width // 8})")
        return resize(function, value, width)
    where = function.builder.emit("ptr", f"inttoptr {address} to ptr")
    return function.builder.load(f"i{width}", where.text, f", align {align}", volatile=True)


def store_raw(function: FunctionLowering, address: Value, value: Value, *, align: int) -> None:
    """Store a value at an address, once."""
    if function.module.host:
        wide = resize(function, value, 64)
        function.builder.write(f"call void @keel.write({address}, i32 {width_of(value) // 8}, {wide})")
        return
    where = function.builder.emit("ptr", f"inttoptr {address} to ptr")
    function.builder.store(value, where.text, f", align {align}", volatile=True)


def _inside(function: FunctionLowering, window: Value, offset: Value, count: Value) -> Value:
    """The address of `offset` in the window; traps unless `count` bytes from there lie inside."""
    size = function.builder.extract("i64", window, 1)
    past = function.builder.compare("ugt", count, size)
    function.trap_if(past, TrapKind.MEMORY)
    room = function.builder.emit("i64", f"sub nuw {size}, {count.text}")
    function.trap_if(function.builder.compare("ugt", offset, room), TrapKind.MEMORY)
    base = function.builder.extract("i64", window, 0)
    return function.builder.emit("i64", f"add {base}, {offset.text}")


def _load(width: int) -> Lowering:
    def make(function: FunctionLowering, node: Operation) -> Value:
        window, offset = operands(function, node)
        return load_raw(function, _inside(function, window, offset, integer(64, width // 8)), width, align=1)

    return make


def _store(width: int) -> Lowering:
    def make(function: FunctionLowering, node: Operation) -> Value:
        window, offset, value = operands(function, node)
        store_raw(function, _inside(function, window, offset, integer(64, width // 8)), value, align=1)
        return VOID_VALUE

    return make


def _copy(function: FunctionLowering, node: Operation) -> Value:
    window, offset, source, source_offset, count = operands(function, node)
    target = _inside(function, window, offset, count)
    start = _inside(function, source, source_offset, count)
    function.builder.write(f"call void @keel_copy({target}, {start}, {count})")
    function.module.need_helpers()
    return VOID_VALUE


def _fill(function: FunctionLowering, node: Operation) -> Value:
    window, offset, count, value = operands(function, node)
    target = _inside(function, window, offset, count)
    function.builder.write(f"call void @keel_fill({target}, {count}, {value})")
    function.module.need_helpers()
    return VOID_VALUE


def _size(function: FunctionLowering, node: Operation) -> Value:
    return function.builder.extract("i64", operands(function, node)[0], 1)


def _window_address(function: FunctionLowering, node: Operation) -> Value:
    window, offset = operands(function, node)
    return _inside(function, window, offset, integer(64, 1))


def _narrow(function: FunctionLowering, node: Operation) -> Value:
    window, offset, count = operands(function, node)
    return function.builder.pair(_inside(function, window, offset, count), count)


def _address(function: FunctionLowering, node: Operation) -> Value:
    """The run-time address of a struct or array (operand) or of a function (`detail` is its symbol)."""
    if not node.operands:
        return function.builder.emit("i64", f"ptrtoint ptr @{quoted(cast(str, node.detail))} to i64")
    (value,) = operands(function, node)
    if value.type != "ptr":
        value = function.builder.extract("ptr", value, 0)
    return function.builder.emit("i64", f"ptrtoint {value} to i64")


def _array_count(function: FunctionLowering, node: Operation) -> Value:
    """The length that an array parameter brought along."""
    return function.builder.extract("i64", operands(function, node)[0], 1)


def _bytes_of(function: FunctionLowering, node: Operation) -> Value:
    (array,) = node.operands
    assert isinstance(array, Global) and isinstance(array.type, ArrayType)
    if function.module.host:
        base = integer(64, function.module.stand_in_address(array.target))
    else:
        base = _address(function, node)
    return function.builder.pair(base, integer(64, array.type.count or 0))


def _register_address(function: FunctionLowering, node: Operation, values: list[Value]) -> Value:
    """Device base plus the register's offset; an index into a register array is checked."""
    register = cast("Register[object]", node.detail)
    base = values[0]
    if register.offset:
        base = function.builder.emit("i64", f"add {base}, {register.offset}")
    if len(values) < 2:
        return base
    index = resize(function, values[1], 64)
    function.trap_if(function.builder.compare("uge", index, integer(64, register.count)), TrapKind.INDEX)
    step = function.builder.emit("i64", f"mul nuw {index}, {register.stride}")
    return function.builder.emit("i64", f"add {base}, {step.text}")


def _register_read(function: FunctionLowering, node: Operation) -> Value:
    """Operands: the device, for a register array its index. `detail`: the Register."""
    address = _register_address(function, node, operands(function, node))
    width = width_of(Value(value_type(node.type), ""))
    return load_raw(function, address, width, align=width // 8)


def _register_write(function: FunctionLowering, node: Operation) -> Value:
    """Operands: the device, for a register array its index, the value."""
    *where, value = operands(function, node)
    store_raw(function, _register_address(function, node, where), value, align=width_of(value) // 8)
    return VOID_VALUE


def _system_address(function: FunctionLowering, name: str) -> Value:
    return integer(64, function.module.system_register(name))


def _system_read(function: FunctionLowering, node: Operation) -> Value:
    name = cast(ReadOnlySystemRegister, node.detail).name
    function.at(node.line, node.column)
    if function.module.host:
        return load_raw(function, _system_address(function, name), 64, align=8)
    return function.builder.emit("i64", f'call i64 asm sideeffect "mrs $0, {name}", "=r"() #5')


def _system_write(function: FunctionLowering, node: Operation) -> Value:
    name = cast(ReadOnlySystemRegister, node.detail).name
    (value,) = operands(function, node)
    if function.module.host:
        store_raw(function, _system_address(function, name), value, align=8)
    else:
        function.builder.write(f'call void asm sideeffect "msr {name}, $0", "r"({value}) #5')
    return VOID_VALUE


OPERATIONS: dict[str, Lowering] = {
    **{f"load_u{width}": _load(width) for width in (8, 16, 32, 64)},
    **{f"store_u{width}": _store(width) for width in (8, 16, 32, 64)},
    "memory_copy": _copy,
    "memory_fill": _fill,
    "memory_size": _size,
    "memory_address": _window_address,
    "memory_narrow": _narrow,
    "address_of": _address,
    "array_count": _array_count,
    "bytes_of": _bytes_of,
    "clear": clear_struct,
    "copy_from": copy_struct,
    "register_read": _register_read,
    "register_write": _register_write,
    "system_read": _system_read,
    "system_write": _system_write,
}

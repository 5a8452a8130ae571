"""Types calls: functions of the program, methods of values, and what `keelback.lang` offers."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, cast

from keelback import lang
from keelback.compiler.frontend.tree import Built, Call, Const, Expression, Function, Operation
from keelback.compiler.frontend.types.body import Body
from keelback.compiler.frontend.types.language_calls import LANGUAGE_FUNCTIONS
from keelback.compiler.frontend.types.model import (
    BOOL,
    BROKEN,
    BUILD,
    MEMORY,
    PLAIN,
    VOID,
    BitfieldType,
    IntType,
    StructType,
    Type,
)
from keelback.lang.integers import Integer
from keelback.lang.registers import ReadOnlySystemRegister

SAME_TYPE_METHODS = ("wrapping_add", "wrapping_sub", "wrapping_mul")
COUNT_METHODS = ("leading_zeros", "trailing_zeros", "count_ones", "swap_bytes")
MEMORY_METHODS: dict[str, tuple[str, tuple[str, ...], str | None]] = {
    **{f"load_u{w}": (f"load_u{w}", ("u64",), f"u{w}") for w in (8, 16, 32, 64)},
    **{f"store_u{w}": (f"store_u{w}", ("u64", f"u{w}"), None) for w in (8, 16, 32, 64)},
    "copy": ("memory_copy", ("u64", "Memory", "u64", "u64"), None),
    "fill": ("memory_fill", ("u64", "u64", "u8"), None),
    "address_of": ("memory_address", ("u64",), "u64"),
    "narrow": ("memory_narrow", ("u64", "u64"), "Memory"),
}
MEMORY_PARAMETERS = {
    "copy": ("offset", "source", "source_offset", "count"),
    "fill": ("offset", "count", "value"),
    "narrow": ("offset", "count"),
}


@dataclass(frozen=True)
class BoundRegister:
    """A register of a device: what `gicd.CTLR` is before `.read()`."""

    device: Expression
    register: Any  # a Register; its type has a __get__ that checkers would apply here


class CallTyping(Body):
    """Types the calls of one function. `expression` is the subclass's."""

    def expression(self, node: ast.expr) -> Expression:
        raise AssertionError("typing of expressions is the subclass's")

    def integer(self, name: str) -> Type:
        """An integer type of the language, or Memory, by name."""
        kind = self.program.registry.of_class(getattr(lang, name))
        assert kind is not None
        return kind

    def call(self, node: ast.Call) -> Expression:
        if isinstance(node.func, ast.Attribute):
            base = self.expression(node.func.value)
            if base.type is BROKEN:
                self._arguments_only(node)
                return base
            if isinstance(base, Built) and isinstance(base.value, BoundRegister):
                return self.register_call(node, base.value, node.func.attr)
            if isinstance(base, Built) and isinstance(base.value, ReadOnlySystemRegister):
                return self.system_register_call(node, base.value, node.func.attr)
            if not (isinstance(base, Built) and base.type is BUILD):
                return self._method(node, node.func.attr, self.requires(base))
        target = self.expression(node.func)
        if target.type is BROKEN:
            self._arguments_only(node)
            return target
        if not isinstance(target, Built):
            return self.error(node.func, "call", f"{target.type} cannot be called", "call a function")
        return self._built_call(node, target.value)

    def _arguments_only(self, node: ast.Call) -> None:
        """Type the arguments of a call that is wrong anyway, for their own errors."""
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            self.expression(argument)

    def _built_call(self, node: ast.Call, value: object) -> Expression:
        known = self.program.objects.get(id(value))
        if isinstance(known, Function):
            return self.call_function(node, known, None)
        if isinstance(value, type):
            return self._class_call(node, value)
        owner = getattr(value, "__self__", None)
        if isinstance(owner, type) and issubclass(owner, Integer | lang.Bitfield):
            return self._class_method(node, owner, cast(Any, value).__name__)
        made = LANGUAGE_FUNCTIONS.get(id(value))
        if made is not None:
            return made(self, node)
        if value in (lang.parameter, lang.text_parameter):
            message = "parameters are read when the program is built"
            return self.error(node, "parameter", message, "read it at module level: `NAME: Final = parameter(...)`")
        if value in (lang.upto, lang.between):
            return self.error(node, "loop", "`upto` and `between` only drive a `for`", "write `for i in upto(n):`")
        text = ast.unparse(node.func)
        return self.error(node.func, "call", f"`{text}` does not exist on the machine", "call compiled functions only")

    # -- functions of the program --------------------------------------------------------------------------------

    def call_function(self, node: ast.Call, called: Function, receiver: Expression | None) -> Expression:
        given = self._bind(node, called, receiver)
        if given is None:
            return self.broken(node)
        arguments: list[Expression] = []
        for parameter in called.parameters:
            value, where = given[parameter.name]
            use = f"`{parameter.name}` of `{called.name}`"
            arguments.append(self.agree(value, parameter.type, where, use=use))
        self.function.calls.append((called, node))
        if any(argument.type is BROKEN for argument in arguments):
            return Expression(called.result, *self.position(node))
        names = [parameter.name for parameter in called.parameters]
        order = [names.index(name) for name in given]
        return Call(called.result, *self.position(node), called, arguments, order)

    def _bind(
        self, node: ast.Call, called: Function, receiver: Expression | None
    ) -> dict[str, tuple[Expression, ast.AST]] | None:
        """Arguments by parameter name; None (and an error) if they do not match."""
        given: dict[str, tuple[Expression, ast.AST]] = {}
        names = [parameter.name for parameter in called.parameters]
        positional: list[tuple[Expression, ast.AST]] = [] if receiver is None else [(receiver, node)]
        positional += [(self.expression(argument), argument) for argument in node.args]
        if len(positional) > len(names):
            message = f"`{called.name}` takes {len(names)} arguments, {len(positional)} given"
            self.error(node, "arguments", message, f"its parameters: {', '.join(names) or 'none'}")
            return None
        given.update(zip(names, positional, strict=False))
        for keyword in node.keywords:
            name = keyword.arg or ""
            if name not in names or name in given:
                problem = "is given twice" if name in given else "is not a parameter"
                self.error(keyword, "arguments", f"`{name}` {problem} of `{called.name}`", f"it has {', '.join(names)}")
                return None
            given[name] = (self.expression(keyword.value), keyword.value)
        for parameter in called.parameters:
            if parameter.name in given:
                continue
            if parameter.name not in called.defaults:
                message = f"`{called.name}` needs `{parameter.name}`"
                self.error(node, "arguments", message, f"its parameters: {', '.join(names)}")
                return None
            given[parameter.name] = (self.value(called.defaults[parameter.name], node), node)
        return given

    # -- classes -------------------------------------------------------------------------------------------------

    def _class_call(self, node: ast.Call, cls: type) -> Expression:
        kind = self.program.registry.of_class(cls)
        if isinstance(kind, IntType):
            return self._convert(node, kind)
        if isinstance(kind, BitfieldType):
            return self._make_bitfield(node, kind)
        if isinstance(kind, StructType):
            message = f"a {kind.name} cannot be made at run time: there is no heap"
            help_text = f"make it at module level, `NAME: Final = {kind.name}()`, and refer to it"
            return self.error(node, "struct-construction", message, help_text)
        if kind is MEMORY:
            help_text = "make it at module level, or use `.narrow(offset, count)`"
            return self.error(node, "memory", "a memory window cannot be made at run time", help_text)
        help_text = "write `x != 0`" if kind is BOOL else "use the types of keelback.lang"
        return self.error(node, "call", f"`{ast.unparse(node.func)}(...)` is not available", help_text)

    def single(self, node: ast.Call) -> Expression | None:
        """The only argument of a call, or None after an error."""
        if len(node.args) != 1 or node.keywords:
            message = f"`{ast.unparse(node.func)}` takes one argument"
            self.error(node, "arguments", message, "give exactly one value")
            return None
        return self.expression(node.args[0])

    def _convert(self, node: ast.Call, kind: IntType) -> Expression:
        value = self.single(node) if node.args or node.keywords else Const(PLAIN, *self.position(node), 0)
        if value is None or value.type is BROKEN:
            return self.broken(node)
        if value.type is PLAIN:
            return self.literal(value, kind, node.args[0] if node.args else node)
        if isinstance(value.type, IntType) or value.type is BOOL:
            if isinstance(value, Const) and kind.minimum <= value.value <= kind.maximum:
                return Const(kind, *self.position(node), value.value)
            return Operation(kind, *self.position(node), "convert", [value])
        return self.error(
            node, "conversion", f"{value.type} does not convert to {kind}", "convert an integer or a bool"
        )

    def _make_bitfield(self, node: ast.Call, kind: BitfieldType) -> Expression:
        if node.args:
            message = f"the fields of {kind.name} are given by name"
            return self.error(node, "bitfield", message, f"write `{kind.name}({next(iter(kind.ranges))}=...)`")
        values: list[Expression] = []
        ranges = []
        for keyword in node.keywords:
            span = kind.ranges.get(keyword.arg or "")
            if span is None:
                help_text = f"it has {', '.join(kind.ranges)}"
                return self.error(keyword, "attribute", f"{kind.name} has no `{keyword.arg}`", help_text)
            value = self.expression(keyword.value)
            wanted: Type = BOOL if span.flag else kind.word
            values.append(self.agree(value, wanted, keyword.value, use=f"`{span.name}`"))
            ranges.append(span)
        return Operation(kind, *self.position(node), "bitfield_new", values, ranges)

    def _class_method(self, node: ast.Call, owner: type, name: str) -> Expression:
        kind = self.program.registry.of_class(owner)
        value = self.single(node)
        if value is None or value.type is BROKEN or kind is None:
            return self.broken(node)
        where = self.position(node)
        if isinstance(kind, BitfieldType) and name == "from_word":
            return Operation(kind, *where, "same", [self.agree(value, kind.word, node.args[0], use="`word`")])
        if name == "truncate" and isinstance(kind, IntType) and value.type is PLAIN:
            number = cast(Const, value).value
            return Const(kind, *where, (number - kind.minimum) % (1 << kind.width) + kind.minimum)
        if name == "truncate" and isinstance(value.type, IntType):
            return Operation(kind, *where, "truncate", [value])
        if name == "from_bits":
            return Operation(kind, *where, "same", [self.agree(value, self.integer("u64"), node.args[0], use="`bits`")])
        return self.error(node, "call", f"`{ast.unparse(node.func)}` does not take {value.type}", "give an integer")

    # -- methods -------------------------------------------------------------------------------------------------

    def _method(self, node: ast.Call, name: str, base: Expression) -> Expression:
        kind = base.type
        if isinstance(kind, StructType):
            return self._struct_method(node, name, base, kind)
        if kind is MEMORY and name in MEMORY_METHODS:
            return self._memory_method(node, name, base)
        if isinstance(kind, IntType):
            return self._integer_method(node, name, base, kind)
        return self.error(node.func, "attribute", f"{kind} has no method `{name}`", "see the language reference")

    def _struct_method(self, node: ast.Call, name: str, base: Expression, kind: StructType) -> Expression:
        method = self.program.methods.get((id(kind.python), name))
        if method is not None:
            return self.call_function(node, method, base)
        if name == "copy_from" and len(node.args) == 1:
            source = self.agree(self.expression(node.args[0]), kind, node.args[0], use="`copy_from`")
            if source.type is BROKEN:
                return source
            return Operation(VOID, *self.position(node), "copy_from", [base, source])
        if name == "clear" and not node.args and not node.keywords:
            return Operation(VOID, *self.position(node), "clear", [base])
        return self.error(node.func, "attribute", f"{kind} has no method `{name}`", "define it in the class")

    def _memory_method(self, node: ast.Call, name: str, base: Expression) -> Expression:
        operation, wanted, result = MEMORY_METHODS[name]
        names = MEMORY_PARAMETERS.get(name, ("offset", "value")[: len(wanted)])
        by_name = {keyword.arg: keyword.value for keyword in node.keywords}
        nodes = [*node.args, *by_name.values()]
        if len(nodes) != len(wanted) or tuple(by_name) != tuple(names[len(node.args) :]):
            message = f"`{name}` takes {len(wanted)} arguments"
            return self.error(node, "arguments", message, f"give {', '.join(names)}, in this order")
        operands = [base]
        for argument, kind, label in zip(nodes, wanted, names, strict=True):
            operands.append(self.agree(self.expression(argument), self.integer(kind), argument, use=f"`{label}`"))
        if any(operand.type is BROKEN for operand in operands):
            return self.broken(node)
        return Operation(VOID if result is None else self.integer(result), *self.position(node), operation, operands)

    def _integer_method(self, node: ast.Call, name: str, base: Expression, kind: IntType) -> Expression:
        where = self.position(node)
        if kind.signed and name == "to_bits" and not node.args:
            return Operation(self.integer("u64"), *where, "same", [base])
        if kind.signed:
            return self.error(node.func, "attribute", f"{kind} has no method `{name}`", "use `.to_bits()` first")
        if name in COUNT_METHODS and not node.args:
            return Operation(kind, *where, name, [base])
        if name in (*SAME_TYPE_METHODS, "rotate_left", "rotate_right", "bit"):
            value = self.single(node)
            if value is None or value.type is BROKEN:
                return self.broken(node)
            value = self._method_operand(value, name, kind, node.args[0])
            if value.type is BROKEN:
                return value
            return Operation(BOOL if name == "bit" else kind, *where, name, [base, value])
        return self.error(node.func, "attribute", f"{kind} has no method `{name}`", "see the language reference")

    def _method_operand(self, value: Expression, name: str, kind: IntType, node: ast.expr) -> Expression:
        if value.type is PLAIN:
            if name in SAME_TYPE_METHODS:
                return self.literal(value, kind, node)
            return self.literal(value, cast(IntType, self.integer("u64")), node)
        if name == "bit" and isinstance(value.type, IntType) and not value.type.signed:
            return value
        return self.agree(value, kind, node, use=f"`{name}`")

    # -- registers -----------------------------------------------------------------------------------------------

    def register_call(self, node: ast.Call, bound: BoundRegister, name: str) -> Expression:
        """`device.REGISTER.read()`, `.write(v)`, `.read(i)`, `.write(i, v)`."""
        register = bound.register
        kind = self.program.registry.of_class(register.kind)
        is_array = register.stride != 0
        expected = (1 if is_array else 0) + (1 if name == "write" else 0)
        if kind is None or name not in ("read", "write") or not hasattr(register, name):
            message = f"this register cannot be {name}: it is a {type(register).__name__}"
            return self.error(node, "register", message, "read what is readable, write what is writable")
        if len(node.args) != expected or node.keywords:
            return self.error(node, "arguments", f"`{name}` takes {expected} arguments here", "an index for an array")
        operands = [bound.device]
        if is_array:
            operands.append(self.index(node.args[0]))
        if name == "write":
            operands.append(self.agree(self.expression(node.args[-1]), kind, node.args[-1], use="this register"))
        if any(operand.type is BROKEN for operand in operands):
            return self.broken(node)
        return Operation(
            VOID if name == "write" else kind, *self.position(node), f"register_{name}", operands, register
        )

    def system_register_call(self, node: ast.Call, register: ReadOnlySystemRegister, name: str) -> Expression:
        word = self.integer("u64")
        where = self.position(node)
        if name == "read" and not node.args:
            return Operation(word, *where, "system_read", [], register)
        if name == "write" and isinstance(register, lang.SystemRegister) and len(node.args) == 1:
            value = self.agree(self.expression(node.args[0]), word, node.args[0], use=f"`{register.name}`")
            if value.type is BROKEN:
                return value
            return Operation(VOID, *where, "system_write", [value], register)
        message = f"`{register.name}` has no `{name}` with {len(node.args)} arguments"
        return self.error(node, "register", message, "call `.read()`, or `.write(value)` if it is writable")

    def index(self, node: ast.expr) -> Expression:
        raise AssertionError("typing of indexes is the subclass's")

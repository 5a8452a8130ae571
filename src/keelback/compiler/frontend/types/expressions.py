"""Types expressions: names, literals, operators, attributes, indexing. Calls are `calls`'."""

from __future__ import annotations

import ast
import builtins
from types import ModuleType
from typing import cast

from keelback.compiler.frontend.tree import (
    Built,
    Conditional,
    Const,
    Element,
    Expression,
    Field,
    Local,
    Logical,
    Operation,
)
from keelback.compiler.frontend.types.calls import BoundRegister, CallTyping
from keelback.compiler.frontend.types.model import (
    BOOL,
    BROKEN,
    BUILD,
    PLAIN,
    VOID,
    ArrayType,
    BitfieldType,
    DeviceType,
    IntType,
    OptionalType,
    StructType,
    Type,
    is_scalar,
)
from keelback.lang.registers import Register

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}
COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
UNSIGNED_ONLY = {"//", "%"}


class ExpressionTyping(CallTyping):
    """Types expressions of one function."""

    def expression(self, node: ast.expr) -> Expression:
        match node:
            case ast.Constant(value=value):
                return self.value(value, node)
            case ast.Name():
                return self._name(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.BinOp():
                return self._binary(node, BINARY[type(node.op)], self.expression(node.left), node.right)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.Compare():
                return self._compare(node)
            case ast.BoolOp():
                return self._logical(node)
            case ast.IfExp():
                return self._conditional(node)
            case ast.Call():
                return self.call(node)
            case ast.Tuple():
                message = "a tuple is only for returning several results"
                return self.error(node, "tuple", message, "name each value, or return them")
            case _:
                message = f"`{ast.unparse(node)}` is not available"
                return self.error(node, "expression", message, "write it with simpler expressions")

    def condition(self, node: ast.expr, use: str) -> Expression:
        """An expression that must be a bool."""
        return self.agree(self.expression(node), BOOL, node, use=use)

    # -- names and places ----------------------------------------------------------------------------------------

    def _name(self, node: ast.Name) -> Expression:
        variable = self.variables.get(node.id)
        if variable is not None:
            if node.id not in self.assigned:
                message = f"`{node.id}` may not have a value here"
                self.error(node, "unassigned", message, "assign it on every path that leads here")
            return Local(variable.type, *self.position(node), variable)
        if node.id in self.local_names:  # for Python it is a local everywhere in the function
            message = f"`{node.id}` does not have a value yet"
            return self.error(node, "unassigned", message, "assign it before, or give one of the two another name")
        namespace = self.function.module.namespace
        if node.id in namespace:
            return self.value(namespace[node.id], node)
        if hasattr(builtins, node.id):
            return self.value(getattr(builtins, node.id), node)
        return self.error(node, "undefined", f"`{node.id}` is not defined", "import it, assign it, or correct the name")

    def _attribute(self, node: ast.Attribute) -> Expression:
        base = self.requires(self.expression(node.value))
        where = self.position(node)
        kind = base.type
        if kind is BROKEN:
            return base
        if isinstance(kind, StructType):
            field = kind.fields.get(node.attr)
            if field is not None:
                return Field(field.type, *where, base, field)
            return self._no_attribute(node, kind, list(kind.fields))
        if isinstance(kind, BitfieldType):
            return self._bitfield_attribute(node, base, kind)
        if isinstance(kind, DeviceType):
            register = getattr(kind.python, node.attr, None) if node.attr != "base" else None
            declared = vars(kind.python).get(node.attr, register)
            if isinstance(declared, Register):
                return Built(BUILD, *where, BoundRegister(base, declared))
            return self._no_attribute(node, kind, [n for n, v in vars(kind.python).items() if isinstance(v, Register)])
        if kind.name == "Memory" and node.attr == "size_bytes":
            return Operation(self.integer("u64"), *where, "memory_size", [base])
        if isinstance(base, Built) and kind is BUILD:
            return self._built_attribute(node, base.value)
        return self._no_attribute(node, kind, [])

    def _no_attribute(self, node: ast.Attribute, kind: Type, names: list[str]) -> Expression:
        help_text = f"it has {', '.join(names)}" if names else "call a method, or use the value itself"
        return self.error(node, "attribute", f"{kind} has no `{node.attr}`", help_text)

    def _bitfield_attribute(self, node: ast.Attribute, base: Expression, kind: BitfieldType) -> Expression:
        where = self.position(node)
        if node.attr == "word":
            return Operation(kind.word, *where, "same", [base])
        span = kind.ranges.get(node.attr)
        if span is None:
            return self._no_attribute(node, kind, list(kind.ranges))
        return Operation(BOOL if span.flag else kind.word, *where, "bitfield_get", [base], span)

    def _built_attribute(self, node: ast.Attribute, value: object) -> Expression:
        if isinstance(value, ModuleType | type) and hasattr(value, node.attr):
            return self.value(getattr(value, node.attr), node)
        text = ast.unparse(node.value)
        return self.error(node, "attribute", f"`{text}` has no `{node.attr}`", "correct the name")

    def _subscript(self, node: ast.Subscript) -> Expression:
        base = self.expression(node.value)
        index = self.index(node.slice)
        if base.type is BROKEN or index.type is BROKEN:
            return self.broken(node)
        if not isinstance(base.type, ArrayType):
            return self.error(node.value, "subscript", f"{base.type} cannot be indexed", "index an Array")
        count = base.type.count
        if isinstance(index, Const) and count is not None and not 0 <= index.value < count:
            message = f"index {index.value} of an array of {count}"
            return self.error(node.slice, "index-range", message, f"indexes go from 0 to {count - 1}")
        return Element(base.type.element, *self.position(node), base, index)

    def index(self, node: ast.expr) -> Expression:
        """An array index: any unsigned integer, or a literal."""
        index = self.expression(node)
        if index.type is PLAIN:
            return self.literal(index, cast(IntType, self.integer("u64")), node)
        if index.type is not BROKEN and not (isinstance(index.type, IntType) and not index.type.signed):
            return self.error(node, "index", f"an index cannot be {index.type}", "use an unsigned integer")
        return index

    # -- operators -----------------------------------------------------------------------------------------------

    def _binary(self, node: ast.expr, operator: str, left: Expression, right_node: ast.expr) -> Expression:
        right = self.expression(right_node)
        left_node = node.left if isinstance(node, ast.BinOp) else node
        return self.arithmetic(node, operator, left, right, left_node, right_node)

    def arithmetic(
        self, node: ast.AST, operator: str, left: Expression, right: Expression, left_node: ast.AST, right_node: ast.AST
    ) -> Expression:
        """A binary operator on two typed operands."""
        if left.type is BROKEN or right.type is BROKEN:
            return self.broken(node)
        if left.type is PLAIN and right.type is PLAIN:
            return self._fold(node, operator, cast(Const, left), cast(Const, right))
        if right.type is PLAIN and isinstance(left.type, IntType):
            right = self.literal(right, left.type, right_node)
        elif left.type is PLAIN and isinstance(right.type, IntType):
            left = self.literal(left, right.type, left_node)
        kind = left.type
        if kind is BROKEN or right.type is BROKEN:
            return self.broken(node)
        if not isinstance(kind, IntType) or kind != right.type:
            return self._operand_mismatch(node, operator, kind, right.type)
        if kind.signed and operator in UNSIGNED_ONLY:
            message = f"`{operator}` is not available on {kind}: it would differ from Python's or the machine's"
            return self.error(
                node, "signed-operator", message, "work on `.to_bits()`, a u64, or compare the sign first"
            )
        return Operation(kind, *self.position(node), operator, [left, right])

    def _operand_mismatch(self, node: ast.AST, operator: str, left: Type, right: Type) -> Expression:
        if isinstance(left, IntType) and isinstance(right, IntType):
            wide = left if left.width >= right.width else right
            help_text = f"convert one side, say `{wide}(...)`"
            return self.error(node, "mixed-types", f"`{operator}` between {left} and {right}", help_text)
        help_text = "convert it: `u64(flag)`" if BOOL in (left, right) else "use integers of one type"
        return self.error(node, "operand", f"`{operator}` between {left} and {right}", help_text)

    def _fold(self, node: ast.AST, operator: str, left: Const, right: Const) -> Expression:
        try:
            value = eval(f"a {operator} b", {"a": left.value, "b": right.value})
        except (ZeroDivisionError, ValueError) as problem:
            return self.error(node, "constant", f"this constant cannot be computed: {problem}", "correct the numbers")
        return Const(PLAIN, *self.position(node), int(value))

    def _unary(self, node: ast.UnaryOp) -> Expression:
        if isinstance(node.op, ast.Not):
            return Operation(BOOL, *self.position(node), "not", [self.condition(node.operand, "`not`")])
        value = self.expression(node.operand)
        if value.type is BROKEN:
            return value
        if value.type is PLAIN:
            number = cast(Const, value).value
            return Const(PLAIN, *self.position(node), -number if isinstance(node.op, ast.USub) else ~number)
        negative = isinstance(node.op, ast.USub)
        if not isinstance(value.type, IntType) or (negative and not value.type.signed):
            sign = "-" if negative else "~"
            help_text = "write `u64(0).wrapping_sub(x)`" if negative else "write `not x` for a bool"
            return self.error(node, "operand", f"unary `{sign}` on {value.type}", help_text)
        return Operation(value.type, *self.position(node), "negate" if negative else "~", [value])

    def _compare(self, node: ast.Compare) -> Expression:
        left = self.expression(node.left)
        if len(node.ops) == 1:
            return self._comparison(node, node.ops[0], left, node.left, node.comparators[0])
        middle = self.expression(node.comparators[0])
        if middle.type is PLAIN and isinstance(left.type, IntType):
            middle = self.literal(middle, left.type, node.comparators[0])
        first, again = self.keep(middle, node)
        one = self._compared(node, node.ops[0], left, first, node.left, node.comparators[0])
        last = self.expression(node.comparators[1])
        two = self._compared(node, node.ops[1], again, last, node.comparators[0], node.comparators[1])
        return Logical(BOOL, *self.position(node), "and", [one, two])

    def _comparison(
        self, node: ast.AST, operator: ast.cmpop, left: Expression, left_node: ast.expr, right_node: ast.expr
    ) -> Expression:
        return self._compared(node, operator, left, self.expression(right_node), left_node, right_node)

    def _compared(
        self,
        node: ast.AST,
        operator: ast.cmpop,
        left: Expression,
        right: Expression,
        left_node: ast.expr,
        right_node: ast.expr,
    ) -> Expression:
        if left.type is BROKEN or right.type is BROKEN:
            return self.broken(node)
        if isinstance(operator, ast.Is | ast.IsNot):
            return self._none_test(node, operator, left, right)
        name = COMPARE[type(operator)]
        if left.type is PLAIN and right.type is PLAIN:
            made = self._fold(node, name, cast(Const, left), cast(Const, right))
            return Const(BOOL, made.line, made.column, cast(Const, made).value)
        if right.type is PLAIN and isinstance(left.type, IntType):
            right = self.literal(right, left.type, right_node)
        elif left.type is PLAIN and isinstance(right.type, IntType):
            left = self.literal(left, right.type, left_node)
        if left.type is BROKEN or right.type is BROKEN:
            return self.broken(node)
        ordered = isinstance(left.type, IntType) or name in ("==", "!=")
        if left.type != right.type or not is_scalar(left.type) or isinstance(left.type, OptionalType) or not ordered:
            return self._operand_mismatch(node, name, left.type, right.type)
        return Operation(BOOL, *self.position(node), name, [left, right])

    def _none_test(self, node: ast.AST, operator: ast.cmpop, left: Expression, right: Expression) -> Expression:
        if right.type is not VOID or not isinstance(left.type, OptionalType | StructType):
            message = "`is` only tests a `Ref[T] | None` for None"
            return self.error(node, "is", message, "compare values with `==`")
        name = "is None" if isinstance(operator, ast.Is) else "is not None"
        return Operation(BOOL, *self.position(node), name, [left])

    def _logical(self, node: ast.BoolOp) -> Expression:
        operator = "and" if isinstance(node.op, ast.And) else "or"
        parts: list[Expression] = []
        for part in node.values:
            parts.append(self.condition(part, f"`{operator}`"))
            if isinstance(parts[-1], Const) and bool(parts[-1].value) == (operator == "or"):
                break  # decided when the program is built: what follows is never evaluated
        return Logical(BOOL, *self.position(node), operator, parts)

    def _conditional(self, node: ast.IfExp) -> Expression:
        test = self.condition(node.test, "`if`")
        then, other = self.expression(node.body), self.expression(node.orelse)
        if then.type is PLAIN and isinstance(other.type, IntType):
            then = self.literal(then, other.type, node.body)
        elif isinstance(then.type, IntType):
            if other.type is PLAIN:
                other = self.literal(other, then.type, node.orelse)
        elif then.type is VOID and isinstance(other.type, StructType | OptionalType):
            struct = other.type if isinstance(other.type, StructType) else other.type.struct
            then = self.agree(then, OptionalType(struct), node.body, use="this choice")
            other = self.agree(other, OptionalType(struct), node.orelse, use="this choice")
        elif isinstance(then.type, StructType) and other.type in (VOID, OptionalType(then.type)):
            wanted = OptionalType(then.type)
            then = self.agree(then, wanted, node.body, use="this choice")
            other = self.agree(other, wanted, node.orelse, use="this choice")
        if then.type is BROKEN or test.type is BROKEN:
            return self.broken(node)
        if then.type is PLAIN and other.type is PLAIN:
            message = "a choice between two bare numbers has no width"
            return self.error(node, "literal", message, "give one a type: `u64(...)`")
        other = self.agree(other, then.type, node.orelse, use="this choice")
        return Conditional(then.type, *self.position(node), test, then, other)

"""Types the statements of a function: what they assign, where they lead, and whether every path returns."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import cast

from keelback import lang
from keelback.compiler.frontend.tree import (
    Assert,
    Assign,
    Break,
    Built,
    Const,
    Continue,
    Element,
    Evaluate,
    Expression,
    Field,
    For,
    Global,
    If,
    Local,
    Operation,
    Place,
    Return,
    Statement,
    Unpack,
    While,
)
from keelback.compiler.frontend.types.expressions import BINARY, ExpressionTyping
from keelback.compiler.frontend.types.model import (
    BOOL,
    BROKEN,
    BUILD,
    NEVER,
    PLAIN,
    VOID,
    ArrayType,
    BitfieldType,
    IntType,
    TupleType,
    Type,
    is_aggregate,
)
from keelback.compiler.frontend.types.registry import UnknownType


class StatementTyping(ExpressionTyping):
    """Types the body of one function."""

    def run(self) -> None:
        """Fill in the function's typed body."""
        function = self.function
        function.body, falls_through = self._block(function.node.body)
        function.checked = True
        if falls_through and function.result not in (VOID, BROKEN):
            message = f"`{function.name}` returns {function.result}, but not on every path"
            last = function.node.body[-1]
            self.error(last, "missing-return", message, "return a value here, or call `unreachable()`")

    def _block(self, nodes: list[ast.stmt]) -> tuple[list[Statement], bool]:
        """The typed statements, and whether control can reach their end."""
        made: list[Statement] = []
        for node in nodes:
            statements, falls_through = self._statement(node)
            made += statements
            if not falls_through:
                return made, False
        return made, True

    def _statement(self, node: ast.stmt) -> tuple[list[Statement], bool]:
        handlers: dict[type[ast.stmt], Callable[[ast.stmt], tuple[list[Statement], bool]]] = {
            ast.If: lambda n: self._if(cast(ast.If, n)),
            ast.While: lambda n: self._while(cast(ast.While, n)),
            ast.For: lambda n: self._for(cast(ast.For, n)),
            ast.Return: lambda n: self._return(cast(ast.Return, n)),
            ast.Expr: lambda n: self._evaluate(cast(ast.Expr, n)),
        }
        if type(node) in handlers:
            return handlers[type(node)](node)
        where = self.position(node)
        if isinstance(node, ast.Break):
            self.breaks[-1].append(set(self.assigned))
            return [Break(*where)], False
        if isinstance(node, ast.Continue):
            return [Continue(*where)], False
        if isinstance(node, ast.Pass):
            return [], True
        if isinstance(node, ast.Assert):
            return [Assert(*where, self.condition(node.test, "`assert`"))], True
        if isinstance(node, ast.Assign):
            return self._assign(node.targets[0], node.value, node), True
        if isinstance(node, ast.AnnAssign):
            return self._annotated(node), True
        if isinstance(node, ast.AugAssign):
            return self._augmented(node), True
        self.error(node, "statement", f"`{type(node).__name__.lower()}` is not available", "write it another way")
        return [], True

    # -- assignment ----------------------------------------------------------------------------------------------

    def _assign(self, target: ast.expr, value_node: ast.expr, node: ast.stmt) -> list[Statement]:
        if isinstance(target, ast.Tuple):
            return self._unpack(target, value_node, node)
        value = self.expression(value_node)
        place = self._target(target, value, value_node)
        if place is None or value.type is BROKEN:
            return []
        value = self.agree(value, place.type, value_node, use=f"`{ast.unparse(target)}`")
        return [] if value.type is BROKEN else [Assign(*self.position(node), place, value)]

    def _target(self, target: ast.expr, value: Expression, value_node: ast.expr) -> Place | None:
        if isinstance(target, ast.Name):
            return self._name_target(target, value.type, value_node)
        place = self.expression(target)
        if place.type is BROKEN:
            return None
        if isinstance(place, Element) and isinstance(place.base.type, ArrayType) and place.base.type.read_only:
            self.error(
                target, "read-only", "a table of constants cannot be changed", "use `array` instead of `constants`"
            )
            return None
        if isinstance(place, Field | Element):
            if is_aggregate(place.type):
                message = f"assigning a {place.type} would alias it in Python and copy it on the machine"
                help_text = f"write `{ast.unparse(target)}.copy_from({ast.unparse(value_node)})`"
                self.error(target, "struct-assignment", message, help_text)
                return None
            return place
        if isinstance(place, Operation) and isinstance(place.operands[0].type, BitfieldType):
            message = "a bitfield is a value: its fields cannot be changed"
            self.error(target, "bitfield-assignment", message, "build a new one and assign the whole")
            return None
        self.error(target, "target", f"`{ast.unparse(target)}` cannot be assigned", "assign a local, field or element")
        return None

    def _name_target(self, target: ast.Name, kind: Type, value_node: ast.AST) -> Local | None:
        variable = self.variables.get(target.id)
        if variable is None:
            if kind is BROKEN:
                self.declare(target.id, BROKEN, target)
                self.assigned.add(target.id)
                return None
            if not self._storable(kind, target, value_node):
                self.declare(target.id, BROKEN, target)
                self.assigned.add(target.id)
                return None
            variable = self.declare(target.id, kind, target)
        self.assigned.add(target.id)
        return Local(variable.type, *self.position(target), variable)

    def _storable(self, kind: Type, target: ast.Name, value_node: ast.AST) -> bool:
        text = ast.unparse(value_node)
        if kind is PLAIN:
            message = f"a bare number gives `{target.id}` no width"
            self.error(value_node, "literal", message, f"write `{target.id} = u64({text})`")
        elif kind in (VOID, NEVER):
            self.error(value_node, "void", f"`{text}` has no value", "call it on a line of its own")
        elif kind is BUILD:
            message = f"`{text}` exists only when the program is built"
            self.error(value_node, "build-value", message, "use it where it stands, without a local name")
        elif isinstance(kind, TupleType):
            self.error(target, "tuple", "several results in one name", "unpack them: `a, b = ...`")
        else:
            return True
        return False

    def _unpack(self, target: ast.Tuple, value_node: ast.expr, node: ast.stmt) -> list[Statement]:
        value = self.expression(value_node)
        if value.type is BROKEN:
            for part in target.elts:
                if isinstance(part, ast.Name):
                    self._name_target(part, BROKEN, value_node)
            return []
        if not isinstance(value.type, TupleType) or len(value.type.elements) != len(target.elts):
            count = len(value.type.elements) if isinstance(value.type, TupleType) else 1
            message = f"{len(target.elts)} names for {count} results"
            self.error(target, "unpack", message, "name each result, `_` for those not needed")
            return []
        places: list[Place | None] = []
        for part, kind in zip(target.elts, value.type.elements, strict=True):
            if isinstance(part, ast.Name) and part.id == "_":
                places.append(None)
                continue
            result = Expression(kind, *self.position(part))
            place = self._target(part, result, part)
            if place is None or self.agree(result, place.type, part, use=f"`{ast.unparse(part)}`").type is BROKEN:
                return []
            places.append(place)
        return [Unpack(*self.position(node), places, value)]

    def _annotated(self, node: ast.AnnAssign) -> list[Statement]:
        try:
            kind = self.program.registry.annotation(node.annotation, self.function.module.namespace)
        except UnknownType as error:
            self.error(error.node, "type", error.message, error.help)
            kind = BROKEN
        if not isinstance(node.target, ast.Name) or node.value is None:
            self.error(node, "annotation", "an annotation without a value", "assign a value on the same line")
            return []
        if node.target.id not in self.variables:
            self.declare(node.target.id, kind, node.target)
        return self._assign(node.target, node.value, node)

    def _augmented(self, node: ast.AugAssign) -> list[Statement]:
        place = self.expression(node.target)
        if place.type is BROKEN:
            self.expression(node.value)
            return []
        read, write = self.stable(place, node.target)
        if not isinstance(write, Local | Field | Element):
            message = f"`{ast.unparse(node.target)}` cannot be assigned"
            self.error(node.target, "target", message, "assign a local, field or element")
            return []
        if isinstance(write, Element) and isinstance(write.base.type, ArrayType) and write.base.type.read_only:
            self._target(node.target, read, node.target)
            return []
        right = self.expression(node.value)
        made = self.arithmetic(node, BINARY[type(node.op)], read, right, node.target, node.value)
        return [] if made.type is BROKEN else [Assign(*self.position(node), write, made)]

    # -- control flow --------------------------------------------------------------------------------------------

    def _if(self, node: ast.If) -> tuple[list[Statement], bool]:
        test = self.condition(node.test, "`if`")
        before = set(self.assigned)
        body, body_falls = self._block(node.body)
        after_body, self.assigned = self.assigned, set(before)
        orelse, else_falls = self._block(node.orelse)
        where = self.position(node)
        if isinstance(test, Const) and test.type is BOOL:  # only one of the two is in the program
            self.assigned = after_body if test.value else self.assigned
            return [If(*where, test, body, orelse)], body_falls if test.value else else_falls
        if body_falls and else_falls:
            self.assigned &= after_body
        elif body_falls:
            self.assigned = after_body
        return [If(*where, test, body, orelse)], body_falls or else_falls

    def _while(self, node: ast.While) -> tuple[list[Statement], bool]:
        test = self.condition(node.test, "`while`")
        before = set(self.assigned)
        body, breaks = self._loop_body(node.body)
        self.assigned = before
        endless = isinstance(test, Const) and bool(test.value)
        if endless and breaks:
            self.assigned = set.intersection(*breaks)  # only a `break` leads out
        return [While(*self.position(node), test, body)], bool(breaks) or not endless

    def _loop_body(self, nodes: list[ast.stmt]) -> tuple[list[Statement], list[set[str]]]:
        """The body, and what is assigned at each `break` that can be reached."""
        self.breaks.append([])
        body, _ = self._block(nodes)
        return body, self.breaks.pop()

    def _for(self, node: ast.For) -> tuple[list[Statement], bool]:
        bounds = self._range(node.iter)
        if bounds is None or not isinstance(node.target, ast.Name):
            if isinstance(node.target, ast.Name):
                self._name_target(node.target, BROKEN, node.iter)
            else:
                self.error(node.target, "loop", "a loop has one counter", "write `for i in upto(n):`")
            return [], True
        start, limit = bounds
        before = set(self.assigned)
        target = self._name_target(node.target, limit.type, node.iter)
        if target is None or self.agree(limit, target.type, node.target, use="this counter").type is BROKEN:
            return [], True
        body, _ = self._loop_body(node.body)
        self.assigned = before
        return [For(*self.position(node), target.variable, start, limit, body)], True

    def _range(self, node: ast.expr) -> tuple[Expression, Expression] | None:
        """Start and limit of `upto(limit)` or `between(start, limit)`."""
        called = self.expression(node.func) if isinstance(node, ast.Call) else None
        value = called.value if isinstance(called, Built) else None
        if not isinstance(node, ast.Call) or value not in (lang.upto, lang.between):
            message = f"`for` cannot loop over `{ast.unparse(node)}`"
            help_text = "write `for i in upto(n):` or `for i in between(start, limit):`"
            self.error(node, "loop", message, help_text)
            return None
        wanted = 1 if value is lang.upto else 2
        if len(node.args) != wanted or node.keywords:
            self.error(node, "arguments", f"`{ast.unparse(node.func)}` takes {wanted} numbers", "give its bounds")
            return None
        limit = self._bound(self.expression(node.args[-1]), node.args[-1], None)
        if wanted == 1:
            return Const(limit.type, *self.position(node), 0), limit
        start = self._bound(self.expression(node.args[0]), node.args[0], limit.type)
        return None if BROKEN in (start.type, limit.type) else (start, limit)

    def _bound(self, value: Expression, node: ast.expr, wanted: Type | None) -> Expression:
        """A loop bound as an unsigned integer; a bare number is u64, or of the type `wanted`."""
        if value.type is PLAIN:
            kind = wanted if isinstance(wanted, IntType) else cast(IntType, self.integer("u64"))
            return self.literal(value, kind, node)
        if value.type is BROKEN:
            return value
        if not isinstance(value.type, IntType) or value.type.signed:
            return self.error(node, "loop", f"a loop cannot count in {value.type}", "count in an unsigned integer")
        return value if wanted is None else self.agree(value, wanted, node, use="the start")

    def _return(self, node: ast.Return) -> tuple[list[Statement], bool]:
        wanted = self.function.result
        where = self.position(node)
        if wanted is NEVER:
            self.error(node, "return", "a function that never returns", "annotate its result, or loop for ever")
        if node.value is None:
            if wanted not in (VOID, NEVER, BROKEN):
                self.error(node, "return", f"a return without the {wanted}", f"return a {wanted}")
            return [Return(*where, None)], False
        if isinstance(node.value, ast.Tuple) and isinstance(wanted, TupleType):
            return self._return_several(node, node.value, wanted)
        value = self.expression(node.value)
        if wanted is VOID and value.type is VOID:
            made: list[Statement] = [] if isinstance(value, Const) else [Evaluate(*where, value)]
            return [*made, Return(*where, None)], False
        value = self.agree(value, wanted, node.value, use=f"the result of `{self.function.name}`")
        return ([] if value.type is BROKEN else [Return(*where, value)]), False

    def _return_several(self, node: ast.Return, values: ast.Tuple, wanted: TupleType) -> tuple[list[Statement], bool]:
        if len(values.elts) != len(wanted.elements):
            message = f"{len(values.elts)} results where {len(wanted.elements)} are promised"
            self.error(values, "return", message, f"return {wanted}")
            return [], False
        made = []
        for part, kind in zip(values.elts, wanted.elements, strict=True):
            made.append(self.agree(self.expression(part), kind, part, use=f"the result of `{self.function.name}`"))
        broken = any(part.type is BROKEN for part in made)
        return ([] if broken else [Return(*self.position(node), made)]), False

    def _evaluate(self, node: ast.Expr) -> tuple[list[Statement], bool]:
        if isinstance(node.value, ast.Constant):
            return [], True  # a docstring
        value = self.expression(node.value)
        if value.type is BROKEN:
            return [], True
        if not isinstance(node.value, ast.Call) or isinstance(value, Built | Const | Global):
            self.error(node, "no-effect", f"`{ast.unparse(node)}` has no effect", "use its value, or leave it out")
            return [], True
        return [Evaluate(*self.position(node), value)], value.type is not NEVER

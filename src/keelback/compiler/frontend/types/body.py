"""What typing expressions, calls and statements of one function share: its variables, errors and agreement of types."""

from __future__ import annotations

import ast
from typing import Any, TypeGuard, cast

from keelback.compiler.frontend.tree import (
    Built,
    Const,
    Element,
    Expression,
    Field,
    Function,
    Global,
    GlobalObject,
    Local,
    Operation,
    Text,
    Variable,
)
from keelback.compiler.frontend.types.collect import Program
from keelback.compiler.frontend.types.interior import Path
from keelback.compiler.frontend.types.model import (
    BOOL,
    BROKEN,
    BUILD,
    MEMORY,
    PLAIN,
    STR,
    VOID,
    ArrayType,
    BitfieldType,
    IntType,
    OptionalType,
    StructType,
    Type,
)
from keelback.lang import Device, Memory
from keelback.lang.integers import Integer
from keelback.lang.memory import is_stand_in_address


class Body:
    """One function being typed. `assigned` names the variables that have a value wherever the pass now is."""

    def __init__(self, program: Program, function: Function) -> None:
        self.program = program
        self.function = function
        self.variables = {variable.name: variable for variable in function.parameters}
        self.assigned = set(self.variables)
        self.local_names = {node.id for node in ast.walk(function.node) if _is_stored(node)}
        self.breaks: list[list[set[str]]] = []  # of each loop around the present place: what is assigned at its breaks
        self._hidden = 0

    # -- errors --------------------------------------------------------------------------------------------------

    def error(self, node: ast.AST, rule: str, message: str, help_text: str) -> Expression:
        """Report; the result stands for the wrong expression and silences what follows from it."""
        self.program.error(self.function.module, node, rule, message, help_text)
        return Expression(BROKEN, 0, 0)

    def broken(self, node: ast.AST) -> Expression:
        return Expression(BROKEN, *self.position(node))

    def position(self, node: ast.AST) -> tuple[int, int]:
        span = self.function.module.source.span(node)
        return span.line, span.column

    # -- variables -----------------------------------------------------------------------------------------------

    def declare(self, name: str, kind: Type, node: ast.AST) -> Variable:
        """A new local."""
        variable = Variable(name, kind, getattr(node, "lineno", self.function.line))
        self.variables[name] = variable
        self.function.locals.append(variable)
        return variable

    def keep(self, value: Expression, node: ast.AST) -> tuple[Expression, Expression]:
        """Have `value` evaluated once and used twice: the first use keeps it, the second reads what was kept."""
        if isinstance(value, Const | Local | Text | Built):
            return value, value
        self._hidden += 1
        variable = Variable(f".kept{self._hidden}", value.type, value.line)
        self.function.locals.append(variable)
        where = self.position(node)
        return Operation(value.type, *where, "keep", [value], variable), Local(value.type, *where, variable)

    # -- values known at build time ------------------------------------------------------------------------------

    def value(self, value: object, node: ast.AST) -> Expression:
        """A live object of the build as an expression."""
        where = self.position(node)
        known = self.program.objects.get(id(value))
        if isinstance(known, GlobalObject):
            return self._global(known, node)
        if id(value) in self.program.parts:
            return self._part(*self.program.parts[id(value)], node)
        if isinstance(value, bool):
            return Const(BOOL, *where, int(value))
        if isinstance(value, int):
            return Const(PLAIN, *where, int(value))
        if value is None:
            return Const(VOID, *where, 0)
        if isinstance(value, str):
            return Text(STR, *where, value)
        if isinstance(value, Memory):
            return Built(MEMORY, *where, value)
        kind = self.program.registry.of_class(type(value))
        if isinstance(value, Integer) and kind is not None:
            if is_stand_in_address(int(value)):
                message = "this address was taken when the program was built, where nothing has its place yet"
                return self.error(node, "address", message, "call `address_of(...)` here, in the function")
            return Const(kind, *where, int(value))
        if isinstance(kind, BitfieldType):
            return Const(kind, *where, int(cast(Any, value).word))
        if isinstance(value, Device) and kind is not None:
            return Built(kind, *where, value)
        return Built(BUILD, *where, value)

    def _global(self, target: GlobalObject, node: ast.AST) -> Expression:
        if target not in self.function.globals:
            self.function.globals.append(target)
        return Global(target.type, *self.position(node), target)

    def _part(self, whole: GlobalObject, path: Path, node: ast.AST) -> Expression:
        """A struct or array inside a global."""
        where = self.position(node)
        made = self._global(whole, node)
        for step in path:
            if isinstance(step, int):
                assert isinstance(made.type, ArrayType)
                made = Element(made.type.element, *where, made, Const(self.program.registry.word, *where, step))
            else:
                assert isinstance(made.type, StructType)
                field = made.type.fields[step]
                made = Field(field.type, *where, made, field)
        return made

    # -- agreement -----------------------------------------------------------------------------------------------

    def literal(self, value: Expression, wanted: IntType, node: ast.AST) -> Expression:
        """A number known at build time, as the integer type it meets."""
        assert isinstance(value, Const)
        if not wanted.minimum <= value.value <= wanted.maximum:
            message = f"{value.value} does not fit {wanted}"
            return self.error(node, "literal-range", message, f"{wanted} holds {wanted.minimum} to {wanted.maximum}")
        return Const(wanted, value.line, value.column, value.value)

    def agree(self, value: Expression, wanted: Type, node: ast.AST, *, use: str) -> Expression:
        """`value` where a `wanted` is needed, for an argument, a result or a store; reports a mismatch."""
        found = value.type
        if found is BROKEN or wanted is BROKEN or found == wanted:
            return value
        where = (value.line, value.column)
        if isinstance(wanted, OptionalType):
            if found is VOID:
                return Const(wanted, *where, 0)
            if found is wanted.struct:
                return Operation(wanted, *where, "same", [value])
        if isinstance(wanted, StructType) and isinstance(found, OptionalType) and found.struct is wanted:
            return Operation(wanted, *where, "require", [value])
        if _array_fits(found, wanted):
            return value
        return self._mismatch(value, wanted, node, use)

    def _mismatch(self, value: Expression, wanted: Type, node: ast.AST, use: str) -> Expression:
        text = ast.unparse(node) if isinstance(node, ast.expr) else "..."
        found = value.type
        if found is PLAIN:
            message, help_text = f"a bare number where {use} needs {wanted}", f"write `{wanted}({text})`"
        elif isinstance(wanted, IntType) and isinstance(found, IntType):
            message = f"{use} needs {wanted}, and this is {found}"
            help_text = f"convert: `{wanted}({text})` traps if it does not fit, `{wanted}.truncate(...)` cuts"
        elif wanted is BOOL:
            message, help_text = f"{use} needs a bool, and this is {found}", f"compare it: `{text} != 0`"
        else:
            message, help_text = f"{use} needs {wanted}, and this is {found}", f"give a {wanted}"
        return self.error(node, "type-mismatch", message, help_text)

    def requires(self, value: Expression) -> Expression:
        """An optional reference about to be used: traps if it is None."""
        if isinstance(value.type, OptionalType):
            return Operation(value.type.struct, value.line, value.column, "require", [value])
        return value

    def stable(self, place: Expression, node: ast.AST) -> tuple[Expression, Expression]:
        """A place to read and then write, its indexes evaluated once: (what to read, what to write)."""
        if isinstance(place, Field):
            read, write = self.stable(place.base, node)
            where = (place.line, place.column)
            return Field(place.type, *where, read, place.field), Field(place.type, *where, write, place.field)
        if isinstance(place, Element):
            read, write = self.stable(place.base, node)
            first, second = self.keep(place.index, node)
            where = (place.line, place.column)
            return Element(place.type, *where, read, first), Element(place.type, *where, write, second)
        if isinstance(place, Local | Global):
            return place, place
        return self.keep(place, node)


def _is_stored(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _array_fits(found: Type, wanted: Type) -> bool:
    if not (isinstance(found, ArrayType) and isinstance(wanted, ArrayType)):
        return False
    return found.element == wanted.element and wanted.count in (None, found.count)

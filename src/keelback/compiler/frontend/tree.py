"""The typed tree: what the typed pass makes and lowering reads. Every name is resolved and every type known.

Operations that need no shape of their own (arithmetic, register access, memory windows) are one node, `Operation`, told
apart by name; `lowering` has one small function for each.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keelback.compiler.frontend.types.model import StructField, StructType, Type

if TYPE_CHECKING:
    from keelback.compiler.frontend.modules import Module


@dataclass(eq=False)
class Variable:
    """A parameter or local of one function."""

    name: str
    type: Type
    line: int
    parameter: int | None = None


@dataclass(eq=False)
class AsmOperands:
    """`@asm`: the template, what it overwrites, and which machine registers operands are pinned to."""

    template: str
    clobbers: tuple[str, ...]
    registers: dict[str, str]
    results: tuple[str, ...]
    pure: bool


@dataclass(eq=False)
class NakedCode:
    """`@naked`: a whole function in assembly."""

    template: str
    symbol: str | None
    section: str | None
    align: int | None


@dataclass(eq=False)
class Function:
    """One function of the program, its signature resolved; `body` is filled in by the typed pass."""

    name: str
    symbol: str
    module: Module
    node: ast.FunctionDef
    python: object
    parameters: list[Variable] = field(default_factory=list)
    result: Type = Type()
    owner: StructType | None = None
    defaults: dict[str, object] = field(default_factory=dict)
    entry: str | None = None
    registers: tuple[str, ...] = ()
    inline: bool = False
    noinline: bool = False
    hook: bool = False
    asm: AsmOperands | None = None
    naked: NakedCode | None = None
    body: list[Statement] = field(default_factory=list)
    locals: list[Variable] = field(default_factory=list)
    calls: list[tuple[Function, ast.AST]] = field(default_factory=list)
    globals: list[GlobalObject] = field(default_factory=list)
    checked: bool = False
    replacement: Function | None = None

    @property
    def line(self) -> int:
        return self.node.lineno


@dataclass(eq=False)
class GlobalObject:
    """A module-level array or struct: memory with a symbol. `python` is the live object with its first contents."""

    symbol: str
    name: str
    module: Module
    type: Type
    python: object
    node: ast.AST
    read_only: bool = False

    @property
    def line(self) -> int:
        return getattr(self.node, "lineno", 1)


@dataclass(eq=False)
class Expression:
    type: Type
    line: int
    column: int


@dataclass(eq=False)
class Const(Expression):
    """An integer, bool or bitfield word known at build time; `None` is a Const of type NoneType with value 0."""

    value: int


@dataclass(eq=False)
class Text(Expression):
    text: str


@dataclass(eq=False)
class Built(Expression):
    """Something only the build knows: class, module, function, register. Never lowered."""

    value: object


@dataclass(eq=False)
class Local(Expression):
    variable: Variable


@dataclass(eq=False)
class Global(Expression):
    target: GlobalObject


@dataclass(eq=False)
class Field(Expression):
    base: Expression
    field: StructField


@dataclass(eq=False)
class Element(Expression):
    base: Expression
    index: Expression


@dataclass(eq=False)
class Operation(Expression):
    name: str
    operands: list[Expression]
    detail: object = None


@dataclass(eq=False)
class Call(Expression):
    """`arguments` are in the order of the parameters; `order` numbers them as the source has them: evaluation order."""

    function: Function
    arguments: list[Expression]
    order: list[int]


@dataclass(eq=False)
class Conditional(Expression):
    test: Expression
    then: Expression
    other: Expression


@dataclass(eq=False)
class Logical(Expression):
    """`and` / `or`, evaluated left to right, stopping early."""

    operator: str
    operands: list[Expression]


Place = Local | Field | Element


@dataclass(eq=False)
class Statement:
    line: int
    column: int


@dataclass(eq=False)
class Assign(Statement):
    target: Place
    value: Expression


@dataclass(eq=False)
class Unpack(Statement):
    targets: list[Place | None]
    value: Expression


@dataclass(eq=False)
class Evaluate(Statement):
    value: Expression


@dataclass(eq=False)
class If(Statement):
    test: Expression
    body: list[Statement]
    orelse: list[Statement]


@dataclass(eq=False)
class While(Statement):
    test: Expression
    body: list[Statement]


@dataclass(eq=False)
class For(Statement):
    variable: Variable
    start: Expression
    limit: Expression
    body: list[Statement]


@dataclass(eq=False)
class Break(Statement):
    pass


@dataclass(eq=False)
class Continue(Statement):
    pass


@dataclass(eq=False)
class Return(Statement):
    value: Expression | list[Expression] | None


@dataclass(eq=False)
class Assert(Statement):
    test: Expression

"""Lowers one function: locals, statements and control flow. Expressions are `expressions`' and `operations`'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keelback.compiler.frontend.lowering import expressions
from keelback.compiler.frontend.lowering.ir import FunctionBuilder, Value, integer, quoted
from keelback.compiler.frontend.lowering.points import REACHED, Point, PointKind, place_of
from keelback.compiler.frontend.lowering.shapes import placed, value_type
from keelback.compiler.frontend.tree import (
    Assert,
    Assign,
    Break,
    Continue,
    Evaluate,
    Expression,
    For,
    Function,
    If,
    Local,
    Place,
    Return,
    Statement,
    Unpack,
    Variable,
    While,
)
from keelback.compiler.frontend.types.model import NEVER, TupleType
from keelback.lang.traps import TrapKind

if TYPE_CHECKING:
    from keelback.compiler.frontend.lowering.module import ModuleLowering


class FunctionLowering:
    """State of lowering one function: its builder, where its variables live, and the loops around the present one."""

    def __init__(self, module: ModuleLowering, function: Function) -> None:
        self.module = module
        self.function = function
        self.builder = FunctionBuilder(module.metadata)
        self.scope = module.debug.subprogram(function)
        self.file = module.debug.file(function.module.source)
        self._slots: dict[int, str] = {}
        self._loops: list[tuple[str, str]] = []  # (where `continue` goes, where `break` goes)
        self._position = (function.line, 1)
        self._point_count = 0

    def lower(self) -> str:
        """The text of the function's definition."""
        self.at(self.function.line, 1)
        parameters = [f"{value_type(p.type)} %p{number}" for number, p in enumerate(self.function.parameters)]
        for number, parameter in enumerate(self.function.parameters):
            self.builder.store(Value(value_type(parameter.type), f"%p{number}"), self.slot(parameter))
        self.statements(self.function.body)
        if not self.builder.terminated and value_type(self.function.result) == "void":
            self.builder.terminate("ret void" if self.function.result is not NEVER else "unreachable")
        return self._definition(parameters)

    def _definition(self, parameters: list[str]) -> str:
        function = self.function
        symbol = quoted(self.module.symbol(function))
        is_apart = function.noinline or self.module.is_called_by_assembly(function)  # then a copy elsewhere is too much
        attributes = "#1" if function.inline else "#2" if is_apart else "#0"
        linkage, result = self.module.linkage(function), value_type(function.result)
        convention = self.module.convention(function)
        if convention:
            parameters = placed(parameters, function.registers, "i64")
        extend = "zeroext " if result in ("i1", "i8", "i16") and not linkage else ""  # for callers in assembly and C
        head = f"define {linkage}{convention}{extend}{result} @{symbol}({', '.join(parameters)}) {attributes}"
        return "\n".join([f"{head} !dbg {self.scope} {{", *self.builder.text(), "}", ""])

    # -- positions, variables, traps -----------------------------------------------------------------------------

    def at(self, line: int, column: int) -> None:
        """Instructions from here on belong to this line."""
        self._position = (line, column)
        self.builder.location = f", !dbg {self.module.debug.location(line, column, self.scope)}"

    def slot(self, variable: Variable) -> str:
        """Where the variable lives; LLVM turns slots into registers."""
        key = id(variable)
        if key not in self._slots:
            self._slots[key] = self.builder.alloca(value_type(variable.type))
            hidden = variable.name.startswith(".")
            node = None if hidden else self.module.debug.variable(variable, self.scope, self.file)
            if node is not None:
                location = self.module.debug.location(variable.line, 1, self.scope)
                record = f"    #dbg_declare(ptr {self._slots[key]}, {node}, !DIExpression(), {location})"
                self.builder.entry_lines.append(record)
        return self._slots[key]

    def trap_if(self, condition: Value, kind: TrapKind) -> None:
        """Leave for good when `condition` holds; nothing, if it is proven that it never does."""
        site = self._new_site(kind)
        if site in self.module.unreached:
            return
        trap, good = self.builder.label("trap"), self.builder.label("good")
        self.builder.branch(condition, trap, good, f", !prof {self.module.unlikely}")
        self.builder.start(trap)
        self.trap(kind, site)
        self.builder.start(good)

    def trap(self, kind: TrapKind, site: int | None = None) -> None:
        """Leave for good, at a site that was numbered, or at a new one."""
        self.reached(PointKind.TRAP, kind.name)
        self.builder.write(self.module.trap_call(kind, self._new_site(kind) if site is None else site))
        self.builder.terminate("unreachable")

    def _new_site(self, kind: TrapKind) -> int:
        return self.module.new_site(self.function, self._position, kind)

    # -- points --------------------------------------------------------------------------------------------------

    def reached(self, kind: PointKind, detail: str = "") -> None:
        """Note, if the module has points, that the program came here."""
        if self.module.points is not None:
            self.builder.write(f"store i8 1, ptr {place_of(self._point(kind, detail))}")

    def _point(self, kind: PointKind, detail: str = "") -> int:
        assert self.module.points is not None
        self._point_count += 1
        path, symbol = self.function.module.source.path, self.function.symbol
        self.module.points.append(Point(path, *self._position, symbol, self._point_count, kind, detail))
        return len(self.module.points) - 1

    def branch(self, test: Value, yes: str, no: str) -> None:
        """Go one of two ways that the source has; a test known at build time has one."""
        if self.module.points is not None and test.text.startswith("%"):
            first = self._point(PointKind.NOT_TAKEN)
            self._point(PointKind.TAKEN)
            way = self.builder.emit("i64", f"zext {test} to i64")
            number = self.builder.emit("i64", f"add {way}, {first}")
            self.builder.write(
                f"store i8 1, ptr {self.builder.emit('ptr', f'getelementptr i8, ptr @{REACHED}, {number}').text}"
            )
        self.builder.branch(test, yes, no)

    # -- statements ----------------------------------------------------------------------------------------------

    def statements(self, body: list[Statement]) -> None:
        for statement in body:
            if self.builder.terminated:
                return
            self.at(statement.line, statement.column)
            self.reached(PointKind.STATEMENT)
            self.statement(statement)

    def statement(self, statement: Statement) -> None:
        match statement:
            case Assign(target=target, value=value):
                self.store(target, expressions.lower(self, value))
            case Unpack():
                self._unpack(statement)
            case Evaluate(value=value):
                expressions.lower(self, value)
            case If():
                self._if(statement)
            case While():
                self._while(statement)
            case For():
                self._for(statement)
            case Return(value=value):
                self._return(value)
            case Assert(test=test):
                self._assert(test)
            case Break():
                self.builder.jump(self._loops[-1][1])
            case Continue():
                self.builder.jump(self._loops[-1][0])
            case _:
                raise AssertionError(f"no lowering for {type(statement).__name__}")

    def store(self, target: Place, value: Value) -> None:
        """Assign to a local, field or element."""
        if isinstance(target, Local):
            self.builder.store(value, self.slot(target.variable))
        else:
            expressions.store(self, target, value)

    def _unpack(self, statement: Unpack) -> None:
        whole = expressions.lower(self, statement.value)
        assert isinstance(statement.value.type, TupleType)
        for number, target in enumerate(statement.targets):
            if target is not None:
                kind = value_type(statement.value.type.elements[number])
                self.store(target, self.builder.extract(kind, whole, number))

    def _return(self, value: Expression | list[Expression] | None) -> None:
        if value is None:
            self.builder.terminate("ret void")
        elif isinstance(value, list):
            made = self.builder.aggregate([expressions.lower(self, part) for part in value])
            self.builder.terminate(f"ret {made}")
        else:
            made = expressions.lower(self, value)
            self.builder.terminate("ret void" if made.type == "void" else f"ret {made}")

    def _assert(self, test: Expression) -> None:
        good, bad = self.builder.label("holds"), self.builder.label("fails")
        value, site = expressions.lower(self, test), self._new_site(TrapKind.ASSERT)
        if site in self.module.unreached:
            return
        self.builder.branch(value, good, bad, f", !prof {self.module.likely}")
        self.builder.start(bad)
        self.trap(TrapKind.ASSERT, site)
        self.builder.start(good)

    def _if(self, statement: If) -> None:
        then, done = self.builder.label("then"), self.builder.label("endif")
        other = self.builder.label("else") if statement.orelse else done
        self.branch(expressions.lower(self, statement.test), then, other)
        self.builder.start(then)
        self.statements(statement.body)
        if statement.orelse:
            self._jump_if_open(done)
            self.builder.start(other)
            self.statements(statement.orelse)
        self._jump_if_open(done)
        self.builder.start(done)

    def _jump_if_open(self, label: str) -> None:
        if not self.builder.terminated:
            self.builder.jump(label)

    def _while(self, statement: While) -> None:
        head, body, done = (self.builder.label(name) for name in ("while", "body", "done"))
        self.builder.start(head)
        self.at(statement.line, statement.column)
        self.branch(expressions.lower(self, statement.test), body, done)
        self.builder.start(body)
        self._loop_body(statement.body, head, done)
        self._jump_if_open(head)
        self.builder.start(done)

    def _for(self, statement: For) -> None:
        """The counter is not the variable: assigning to the variable does not change how often the body runs."""
        kind = value_type(statement.variable.type)
        start = expressions.lower(self, statement.start)
        limit = expressions.lower(self, statement.limit)
        counter = self.builder.alloca(kind)
        self.builder.store(start, counter)
        head, body, step, done = (self.builder.label(name) for name in ("for", "body", "step", "done"))
        self.builder.start(head)
        value = self.builder.load(kind, counter)
        self.branch(self.builder.compare("ult", value, limit), body, done)
        self.builder.start(body)
        self.builder.store(value, self.slot(statement.variable))
        self._loop_body(statement.body, step, done)
        self.builder.start(step)
        self.at(statement.line, statement.column)
        one = integer(int(kind[1:]), 1)
        following = self.builder.emit(kind, f"add nuw {self.builder.load(kind, counter)}, {one.text}")
        self.builder.store(following, counter)
        self.builder.jump(head)
        self.builder.start(done)

    def _loop_body(self, body: list[Statement], continue_at: str, break_to: str) -> None:
        self._loops.append((continue_at, break_to))
        if self.module.points is not None:
            self.builder.write("call void @keel.round()")
        self.statements(body)
        self._loops.pop()

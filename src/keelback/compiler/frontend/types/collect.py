"""What a program consists of: its functions with their signatures, and its globals. Bodies are the next pass's."""

from __future__ import annotations

import ast
from typing import cast

from keelback.compiler.frontend.modules import Module
from keelback.compiler.frontend.tree import AsmOperands, Function, GlobalObject, NakedCode, Variable
from keelback.compiler.frontend.types.model import BROKEN, ArrayType, StructType, TupleType, Type, is_aggregate
from keelback.compiler.frontend.types.registry import Registry, UnknownType
from keelback.compiler.source import Reporter
from keelback.lang.arrays import Array, is_struct
from keelback.lang.assembly import function_notes


class Program:
    """All functions and globals of the loaded modules, findable by their live Python object."""

    def __init__(self, modules: list[Module], reporter: Reporter) -> None:
        self.modules = modules
        self.reporter = reporter
        self.registry = Registry()
        self.functions: list[Function] = []
        self.globals: list[GlobalObject] = []
        self.objects: dict[int, Function | GlobalObject] = {}
        self.methods: dict[tuple[int, str], Function] = {}  # (id of the struct class, name)
        for module in modules:
            self._collect_globals(module)
        for module in modules:
            self._collect_functions(module)

    def error(self, module: Module, node: ast.AST, rule: str, message: str, help_text: str) -> None:
        self.reporter.report_at(module.source, node, rule, message, help_text)

    def _collect_globals(self, module: Module) -> None:
        for name, node in module.assigned_names():
            value = module.namespace.get(name)
            if not (isinstance(value, Array) or is_struct(type(value))) or id(value) in self.objects:
                continue
            kind = self.registry.of_global(value)
            if kind is not None:
                read_only = isinstance(kind, ArrayType) and kind.read_only
                line = getattr(node, "lineno", 1)
                made = GlobalObject(f"{module.name}.{name}", name, module, kind, value, line, read_only)
                self.globals.append(made)
                self.objects[id(value)] = made

    def _collect_functions(self, module: Module) -> None:
        for node in module.functions():
            python = module.namespace.get(node.name)
            made = self._function(module, node, python, f"{module.name}.{node.name}")
            self.objects[id(python)] = made
        for cls in module.classes():
            python_class = module.namespace.get(cls.name)
            if not (isinstance(python_class, type) and is_struct(python_class)):
                continue
            owner = cast(StructType, self.registry.of_class(python_class))
            for item in cls.body:
                if isinstance(item, ast.FunctionDef):
                    symbol = f"{module.name}.{cls.name}.{item.name}"
                    made = self._function(module, item, vars(python_class).get(item.name), symbol, owner)
                    self.methods[(id(python_class), item.name)] = made

    def _function(
        self, module: Module, node: ast.FunctionDef, python: object, symbol: str, owner: StructType | None = None
    ) -> Function:
        notes = function_notes(python)
        made = Function(node.name, symbol, module, node, python, owner=owner)
        made.entry, made.hook = notes.entry, notes.hook
        made.inline, made.noinline = notes.inlining == "always", notes.inlining == "never"
        if notes.assembly is not None:
            code = notes.assembly
            made.asm = AsmOperands(code.template, code.clobbers, dict(code.registers), code.results)
        if notes.naked is not None:
            made.naked = NakedCode(notes.naked.template, notes.naked.symbol, notes.naked.section, notes.naked.align)
        self._signature(made)
        self.functions.append(made)
        return made

    def _signature(self, function: Function) -> None:
        node = function.node
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        for number, argument in enumerate(arguments):
            kind: Type = BROKEN
            if function.owner is not None and number == 0:
                kind = function.owner
            elif argument.annotation is None:
                message = f"`{argument.arg}` has no type"
                self.error(function.module, argument, "annotation", message, f"write `{argument.arg}: u64`, say")
            else:
                kind = self._annotation(function, argument.annotation)
            function.parameters.append(Variable(argument.arg, kind, argument.lineno, number))
        positional = [argument.arg for argument in [*node.args.posonlyargs, *node.args.args]]
        values = getattr(function.python, "__defaults__", None) or ()
        function.defaults.update(zip(positional[len(positional) - len(values) :], values, strict=True))
        function.defaults.update(getattr(function.python, "__kwdefaults__", None) or {})
        if node.returns is None:
            message = f"`{node.name}` does not say what it returns"
            self.error(function.module, node, "annotation", message, "write `-> None`, or the type of its result")
            function.result = BROKEN
        else:
            function.result = self._annotation(function, node.returns)
            self._check_result(function, node.returns)

    def _check_result(self, function: Function, node: ast.expr) -> None:
        result = function.result
        if isinstance(result, TupleType) and any(is_aggregate(part) for part in result.elements):
            message = "a tuple of results cannot hold a struct or an array"
            self.error(function.module, node, "tuple", message, "return its index")

    def _annotation(self, function: Function, node: ast.expr) -> Type:
        try:
            return self.registry.annotation(node, function.module.namespace)
        except UnknownType as error:
            self.error(function.module, error.node, "type", error.message, error.help)
            return BROKEN

"""What a program consists of: its functions with their signatures, and its globals. Bodies are the next pass's."""

from __future__ import annotations

import ast
from typing import cast

from keelback.compiler.frontend.modules import Module
from keelback.compiler.frontend.tree import AsmOperands, Function, GlobalObject, NakedCode, Variable
from keelback.compiler.frontend.types.decorators import check_decorators
from keelback.compiler.frontend.types.interior import Path, parts_of, references_of
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
        self.parts: dict[int, tuple[GlobalObject, Path]] = {}  # structs and arrays inside globals
        for module in modules:
            self._collect_globals(module)
        self._collect_parts()
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
                made = GlobalObject(f"{module.name}.{name}", name, module, kind, value, node, read_only)
                self.globals.append(made)
                self.objects[id(value)] = made

    def _collect_parts(self) -> None:
        """A name for a part of a global is not a global of its own."""
        for target in self.globals:
            for part, path in parts_of(target.python):
                self.parts[id(part)] = (target, path)
        self.globals = [target for target in self.globals if id(target.python) not in self.parts]
        for key in self.parts:
            self.objects.pop(key, None)
        for key, (target, path) in list(self.parts.items()):
            while id(target.python) in self.parts:  # found by way of a part
                target, start = self.parts[id(target.python)]
                path = (*start, *path)
            self.parts[key] = (target, path)
        for target in self.globals:
            for whole in (target.python, *(part for part, _ in parts_of(target.python))):
                self._check_references(target, whole)

    def _check_references(self, target: GlobalObject, whole: object) -> None:
        for name, value in references_of(whole):
            if not isinstance(self.objects.get(id(value)), GlobalObject) and id(value) not in self.parts:
                message = f"`{name}` in `{target.name}` refers to a {type(value).__name__} that has no name"
                help_text = "give what it refers to a name of its own at module level"
                self.error(target.module, target.node, "reference", message, help_text)

    def _collect_functions(self, module: Module) -> None:
        for node in module.functions():
            python = module.namespace.get(node.name)
            if not _is_live(node, python):
                self._check_redefined(module, node)
                continue
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

    def _check_redefined(self, module: Module, node: ast.FunctionDef) -> None:
        """A function that is not what its name stands for: the other branch of a module-level `if`, or a mistake."""
        if node in module.tree.body:
            message = f"`{node.name}` is defined again, or bound to something else, in this module"
            self.error(module, node, "redefined", message, "give each its own name")

    def _function(
        self, module: Module, node: ast.FunctionDef, python: object, symbol: str, owner: StructType | None = None
    ) -> Function:
        notes = function_notes(python)
        made = Function(node.name, symbol, module, node, python, owner=owner)
        made.entry, made.registers, made.hook = notes.entry, notes.registers, notes.hook
        made.inline, made.noinline = notes.inlining == "always", notes.inlining == "never"
        if notes.assembly is not None:
            code = notes.assembly
            made.asm = AsmOperands(code.template, code.clobbers, dict(code.registers), code.results, code.pure)
        if notes.naked is not None:
            made.naked = NakedCode(notes.naked.template, notes.naked.symbol, notes.naked.section, notes.naked.align)
        self._signature(made)
        check_decorators(self, made)
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


def _is_live(node: ast.FunctionDef, python: object) -> bool:
    """Whether `node` is where the function that the name now stands for was defined."""
    code = getattr(python, "__code__", None)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return code is None or code.co_firstlineno == first

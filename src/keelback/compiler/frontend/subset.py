"""Which Python is allowed: a pass of its own over the syntax, before names and types mean anything.

Module level is the macro language and runs at build time, so only its imports are looked at; function bodies run on the
machine and are held to the subset. What the pass lets through may still be refused by the typed pass.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from keelback.compiler.frontend.refusals import EXPRESSIONS, OPERATORS, STATEMENTS, Refusal
from keelback.compiler.source import Reporter, Source

TYPING_NAMES = frozenset({"Final", "TYPE_CHECKING", "NoReturn"})
COMPILED_PACKAGES = ("keelback.abi", "keelback.kernel", "keelback.user")


def is_compiled_package(name: str) -> bool:
    """Whether the dotted module `name` lies in a folder that is compiled."""
    return any(name == package or name.startswith(package + ".") for package in COMPILED_PACKAGES)


def check_subset(source: Source, tree: ast.Module, reporter: Reporter, is_sibling: Callable[[str], bool]) -> None:
    """Report everything in `tree` that is outside the subset. `is_sibling` knows the modules next to a component."""
    _SubsetPass(source, reporter, is_sibling).module(tree)


def functions_of(body: list[ast.stmt]) -> list[ast.FunctionDef]:
    """The functions defined in `body`, also under a module-level `if`; not the methods of classes."""
    found: list[ast.FunctionDef] = []
    for statement in body:
        if isinstance(statement, ast.FunctionDef):
            found.append(statement)
        elif isinstance(statement, ast.If):
            found += functions_of(statement.body) + functions_of(statement.orelse)
    return found


class _SubsetPass:
    def __init__(self, source: Source, reporter: Reporter, is_sibling: Callable[[str], bool]) -> None:
        self.source = source
        self.reporter = reporter
        self.is_sibling = is_sibling

    def error(self, node: ast.AST, refusal: Refusal) -> None:
        self.reporter.report_at(self.source, node, refusal.rule, refusal.message, refusal.help)

    def module(self, tree: ast.Module) -> None:
        for node in tree.body:
            self._module_statement(node)
        for function in functions_of(tree.body):
            self.function(function)
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                for item in node.body:
                    if isinstance(item, ast.FunctionDef):
                        self.function(item)

    def _module_statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self._import(node, alias.name, [])
        elif isinstance(node, ast.ImportFrom):
            self._import(node, "." * node.level + (node.module or ""), [alias.name for alias in node.names])
        elif isinstance(node, ast.If):
            for child in [*node.body, *node.orelse]:
                self._module_statement(child)
        elif isinstance(node, ast.AsyncFunctionDef):
            self.error(node, STATEMENTS[ast.AsyncFunctionDef])

    def _import(self, node: ast.stmt, name: str, names: list[str]) -> None:
        if name.startswith("."):
            help_text = "write the full name of the module"
            self.error(node, Refusal("relative-import", "a relative import", help_text))
        elif "*" in names:
            self.error(node, Refusal("star-import", "`import *` hides where names come from", "name what you import"))
        elif name == "typing":
            for wanted in set(names) - TYPING_NAMES or ({"typing"} if not names else set()):
                help_text = "annotate with the types of keelback.lang; of `typing` only Final, TYPE_CHECKING, NoReturn"
                self.error(node, Refusal("import", f"`{wanted}` is not available in compiled modules", help_text))
        elif not (name in ("__future__", "keelback.lang") or is_compiled_package(name) or self.is_sibling(name)):
            help_text = (
                "compiled modules import keelback.lang, keelback.abi, keelback.kernel, keelback.user and siblings"
            )
            self.error(node, Refusal("import", f"`{name}` is not a compiled module", help_text))

    def function(self, node: ast.FunctionDef) -> None:
        arguments = node.args
        for extra in (arguments.vararg, arguments.kwarg):
            if extra is not None:
                message = f"`{extra.arg}` takes any number of arguments"
                self.error(extra, Refusal("variadic", message, "name each parameter"))
        for statement in node.body:
            self._visit(statement)

    def _visit(self, node: ast.AST) -> None:
        refusal = STATEMENTS.get(type(node)) or EXPRESSIONS.get(type(node)) or self._refuse_special(node)
        if refusal is not None:
            self.error(node, refusal)
            return
        operator = self._operator(node)
        if operator is not None:
            self.error(node, operator)
            return
        for child in ast.iter_child_nodes(node):
            self._visit(child)

    def _operator(self, node: ast.AST) -> Refusal | None:
        if isinstance(node, ast.BinOp | ast.AugAssign | ast.UnaryOp):
            return OPERATORS.get(type(node.op))
        if isinstance(node, ast.Compare):
            return next((OPERATORS[type(op)] for op in node.ops if type(op) in OPERATORS), None)
        return None

    def _refuse_special(self, node: ast.AST) -> Refusal | None:
        if isinstance(node, ast.Constant):
            return self._refuse_constant(node)
        if isinstance(node, ast.While | ast.For) and node.orelse:
            return Refusal("loop-else", "`else` on a loop", "set a bool before `break` and test it after the loop")
        if isinstance(node, ast.Assign) and len(node.targets) > 1:
            return Refusal(
                "chained-assignment", "one value assigned to several targets", "write one assignment for each"
            )
        if isinstance(node, ast.Compare) and len(node.ops) > 2:
            return Refusal("long-chain", "a chain of more than two comparisons", "join shorter ones with `and`")
        if isinstance(node, ast.Call) and any(keyword.arg is None for keyword in node.keywords):
            return Refusal("star", "`**` unpacking is not available", "name each argument")
        return None

    def _refuse_constant(self, node: ast.Constant) -> Refusal | None:
        if isinstance(node.value, float | complex):
            return Refusal("float", "floating point is not available", "use integers, scaled if need be")
        if isinstance(node.value, bytes):
            return Refusal("bytes", "bytes literals are not available", "use `constants(u8, ...)` at module level")
        return None

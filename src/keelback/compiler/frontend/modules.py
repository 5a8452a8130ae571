"""One compiled module."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from types import ModuleType

from keelback.compiler.frontend.subset import functions_of
from keelback.compiler.source import Source


@dataclass(eq=False)
class Module:
    """A module of the compiled world. `deferred`: imports under `if TYPE_CHECKING:`, name -> (module, attribute)."""

    name: str
    source: Source
    tree: ast.Module
    python: ModuleType
    imports: list[str] = field(default_factory=list)
    deferred: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def namespace(self) -> dict[str, object]:
        return self.python.__dict__

    def functions(self) -> list[ast.FunctionDef]:
        """Its functions in the order of the source, methods of classes not among them."""
        return functions_of(self.tree.body)

    def classes(self) -> list[ast.ClassDef]:
        return [node for node in self.tree.body if isinstance(node, ast.ClassDef)]

    def assigned_names(self) -> list[tuple[str, ast.AST]]:
        """Names this module itself binds by assignment, each with the node that binds it."""
        return _assigned(self.tree.body)


def _assigned(body: list[ast.stmt]) -> list[tuple[str, ast.AST]]:
    found: list[tuple[str, ast.AST]] = []
    for node in body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                parts = target.elts if isinstance(target, ast.Tuple) else [target]
                found += [(part.id, part) for part in parts if isinstance(part, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found.append((node.target.id, node.target))
        elif isinstance(node, ast.If):
            found += _assigned(node.body) + _assigned(node.orelse)
    return found


def type_checking_imports(tree: ast.Module) -> dict[str, tuple[str, str]]:
    """Names imported under `if TYPE_CHECKING:`, which module level never sees but annotations use."""
    found: dict[str, tuple[str, str]] = {}
    for node in tree.body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for child in node.body:
                if isinstance(child, ast.ImportFrom) and child.module:
                    for alias in child.names:
                        found[alias.asname or alias.name] = (child.module, alias.name)
    return found

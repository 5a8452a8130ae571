"""Which source files a program is made of: its root and everything that imports reach, the language itself excepted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from keelback.sdk.system.errors import PACKAGE_FOLDER

PACKAGE = PACKAGE_FOLDER.name
TOOL_PACKAGES = ("lang", "compiler")
"""They make the program, but are not in it."""


def find_sources(root: str | Path, *extra: str) -> list[Path]:
    """Files of a component (a path) or of a module of the package (a dotted name), and of further root modules."""
    found: set[Path] = set()
    waiting = [path for name in (root, *extra) if (path := _path_of_root(name)) is not None]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported(path)
    return sorted(found)


def _path_of_root(root: str | Path) -> Path | None:
    return root.resolve() if isinstance(root, Path) else _path_of_module(root, PACKAGE_FOLDER)


def _path_of_module(name: str, beside: Path) -> Path | None:
    parts = name.split(".")
    if parts[0] == PACKAGE:
        if len(parts) > 1 and parts[1] in TOOL_PACKAGES:
            return None
        base = PACKAGE_FOLDER.joinpath(*parts[1:])
    else:
        base = beside.joinpath(*parts)
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path.resolve()
    return None


def _imported(path: Path) -> Iterator[Path]:
    if path.suffix != ".py":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            found = _path_of_module(name, path.parent)
            if found is not None:
                yield found

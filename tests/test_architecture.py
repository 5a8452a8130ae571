"""Imports go only along the arrows of ARCHITECTURE.md: the table there is read, and every other import is refused."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "keelback"
SOURCES = ROOT / "src" / PACKAGE
ROW = re.compile(r"^\| `(?P<package>[a-z._]+)` \|(?P<inside>[^|]*)\|(?P<outside>[^|]*)\|$", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    package: str
    inside: frozenset[str]
    outside: frozenset[str]

    def covers(self, module: str) -> bool:
        """Whether a module (named below `keelback`) is in this row's package."""
        return module == self.package or module.startswith(self.package + ".")

    def allows(self, module: str) -> bool:
        """Whether the row lets its modules import `module`: a door by its own name, anything below `name.*`."""
        return module in self.inside or any(
            module == name[:-2] or module.startswith(name[:-1]) for name in self.inside if name.endswith(".*")
        )

    def allows_outside(self, module: str) -> bool:
        """Whether a module that is not ours may be imported."""
        return module in self.outside or ("stdlib" in self.outside and module in sys.stdlib_module_names)


def read_table(text: str) -> list[Row]:
    """The rows of the import table, the longest package name first."""
    words = re.compile(r"`([^`]+)`")
    rows = [
        Row(found["package"], frozenset(words.findall(found["inside"])), frozenset(words.findall(found["outside"])))
        for found in ROW.finditer(text)
    ]
    return sorted(rows, key=lambda row: -len(row.package))


def row_of(module: str, table: list[Row]) -> Row | None:
    """The row whose package is the longest that fits."""
    return next((row for row in table if row.covers(module)), None)


def imported_modules(tree: ast.AST, is_module: set[str]) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported; `from a import b` is `a.b` where that is a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            for name in node.names:
                whole = f"{base}.{name.name}"
                yield node.lineno, whole if whole in is_module else base


def module_name(path: Path, root: Path) -> str:
    """`keelback.sdk.guest.apt` for a file below `root`."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def refused_imports(root: Path, table: list[Row]) -> list[str]:
    """Every import below `root` (the folder that holds `keelback`) that the table does not allow."""
    # A folder without __init__.py is no package: its files are material, like the template of a new system.
    files = sorted(path for path in (root / PACKAGE).rglob("*.py") if (path.parent / "__init__.py").exists())
    is_module = {module_name(path, root) for path in files}
    refused: dict[str, None] = {}  # in order, each once
    for path in files:
        module = module_name(path, root).removeprefix(PACKAGE).removeprefix(".")
        row = row_of(module, table)
        for line, imported in imported_modules(ast.parse(path.read_text()), is_module):
            if row is None or not _is_allowed(imported, row, table):
                refused[f"{path.relative_to(root)}:{line}: {module or PACKAGE} may not import {imported}"] = None
    return list(refused)


def _is_allowed(imported: str, row: Row, table: list[Row]) -> bool:
    if imported.split(".")[0] != PACKAGE:
        return row.allows_outside(imported.split(".")[0])
    inside = imported.removeprefix(PACKAGE).removeprefix(".")
    return row_of(inside, table) == row or row.allows(inside)


def read_architecture() -> list[Row]:
    return read_table((ROOT / "ARCHITECTURE.md").read_text())


def test_every_import_is_in_the_table() -> None:
    refused = refused_imports(ROOT / "src", read_architecture())
    assert not refused, "\n" + "\n".join(refused)


def test_the_table_names_only_folders_that_exist() -> None:
    table = read_architecture()
    assert len(table) >= 10
    names = {row.package for row in table} | {name.removesuffix(".*") for row in table for name in row.inside}
    missing = [
        name
        for name in sorted(names)
        if not (SOURCES / name.replace(".", "/")).is_dir()
        and not (SOURCES / name.replace(".", "/")).with_suffix(".py").is_file()
    ]
    assert missing == []


def test_every_package_has_a_row() -> None:
    table = read_architecture()
    folders = [path.name for path in SOURCES.iterdir() if (path / "__init__.py").exists()]
    assert [name for name in folders if row_of(name, table) is None] == []


@pytest.mark.parametrize(
    ("path", "line", "fine"),
    [
        ("abi/a.py", "from keelback.lang import u64", True),
        ("abi/a.py", "from keelback.lang.integers import u64", False),
        ("abi/a.py", "import os", False),
        ("kernel/a.py", "from keelback.user.runtime import call", False),
        ("kernel/a.py", "from keelback.abi import errors", True),
        ("kernel/a.py", "def f():\n    import sys", False),
        ("lang/a.py", "import llvmlite", False),
        ("user/vmm/a.py", "from keelback.user.services import console", False),
        ("sdk/a.py", "from keelback.kernel import state", False),
        ("sdk/a.py", "import keelback.cli", False),
        ("sdk/a.py", "from keelback import cli", False),
        ("reports/a.py", "import json", True),
        ("reports/a.py", "from keelback.sdk import System", False),
        ("newcomer/a.py", "import json", False),
    ],
)
def test_the_rule_itself(tmp_path: Path, path: str, line: str, fine: bool) -> None:
    for name in ("cli", "abi", "lang", "user/services"):
        (tmp_path / PACKAGE / name).mkdir(parents=True)
        (tmp_path / PACKAGE / name / "__init__.py").touch()
    file = tmp_path / PACKAGE / path
    file.parent.mkdir(parents=True, exist_ok=True)
    (file.parent / "__init__.py").touch()
    file.write_text(line + "\n")
    assert (refused_imports(tmp_path, read_architecture()) == []) == fine

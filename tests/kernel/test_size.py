"""How long a function of the kernel may be. (Lines in all are counted in tests/test_promises.py.)"""

from __future__ import annotations

import ast
from pathlib import Path

import keelback.kernel

SOURCES = sorted(Path(str(keelback.kernel.__file__)).parent.rglob("*.py"))


def test_no_function_is_long() -> None:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno is not None and node.end_lineno - node.lineno < 60, f"{source}: {node.name}"

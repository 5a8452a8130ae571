"""How large the kernel may be: what everybody has to trust."""

from __future__ import annotations

import ast
from pathlib import Path

import keelback.kernel
from keelback.reports.code_lines import count_file

SOURCES = sorted(Path(str(keelback.kernel.__file__)).parent.rglob("*.py"))
CODE_LINES_LIMIT = 4000
ASSEMBLY_LINES_LIMIT = 300


def assembly_lines(source: Path) -> int:
    """Lines of the templates of @asm and @naked in a module."""
    count = 0
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("asm", "naked"):
            template = node.args[0]
            assert isinstance(template, ast.Constant) and isinstance(template.value, str)
            count += sum(bool(line.strip()) for line in template.value.splitlines())
    return count


def test_the_kernel_stays_small() -> None:
    assert 0 < sum(count_file(source) for source in SOURCES) < CODE_LINES_LIMIT


def test_assembly_stays_small() -> None:
    assert 0 < sum(assembly_lines(source) for source in SOURCES) < ASSEMBLY_LINES_LIMIT


def test_no_function_is_long() -> None:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno is not None and node.end_lineno - node.lineno < 60, f"{source}: {node.name}"

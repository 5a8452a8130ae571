"""Counts lines of code: no blank lines, no comments, no docstrings. Knows Python, C and Zig."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from functools import cache
from pathlib import Path

_LAYOUT_TOKENS = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
)
_C_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|/\*.*?\*/|//[^\n]*', re.DOTALL)


@cache
def count_file(path: Path) -> int:
    """Lines of code in a file."""
    text = path.read_text()
    return count_python(text) if path.suffix == ".py" else count_c(text)


def count_python(text: str) -> int:
    """Lines with a token that is neither a comment nor part of a string that stands alone."""
    documentation = _standalone_strings(text)
    lines = text.splitlines()
    counted: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in _LAYOUT_TOKENS or token.start in documentation:
            continue
        spanned = range(token.start[0], token.end[0] + 1)
        counted |= {number for number in spanned if lines[number - 1].strip()}
    return len(counted)


def _standalone_strings(text: str) -> set[tuple[int, int]]:
    return {
        (node.lineno, node.col_offset)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def count_c(text: str) -> int:
    """Lines of C or Zig left when comments are taken out."""

    def without_comment(match: re.Match[str]) -> str:
        return match[0] if match[0].startswith('"') else "\n" * match[0].count("\n")

    return sum(bool(line.strip()) for line in _C_COMMENT.sub(without_comment, text).splitlines())

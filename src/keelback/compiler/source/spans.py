"""A source file and a stretch of its text. Columns count characters from 1, as editors do; `ast` counts UTF-8 bytes."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """One source file, read once."""

    path: Path
    text: str
    lines: tuple[str, ...] = field(repr=False, compare=False, default=())

    @staticmethod
    def read(path: Path) -> Source:
        return Source.of_text(path, path.read_text(encoding="utf-8"))

    @staticmethod
    def of_text(path: Path, text: str) -> Source:
        return Source(path, text, tuple(text.split("\n")))

    def line(self, number: int) -> str:
        """The text of line `number` (from 1), empty past the end."""
        return self.lines[number - 1] if 1 <= number <= len(self.lines) else ""

    def span(self, node: ast.AST) -> Span:
        """The stretch of text that `node` was parsed from."""
        line = getattr(node, "lineno", 1)
        end_line = getattr(node, "end_lineno", None) or line
        column = self._characters(line, getattr(node, "col_offset", 0))
        end_column = self._characters(end_line, getattr(node, "end_col_offset", None) or 0)
        return Span(self, line, column, end_line, end_column)

    def _characters(self, line: int, byte_offset: int) -> int:
        return len(self.line(line).encode()[:byte_offset].decode(errors="replace")) + 1


@dataclass(frozen=True)
class Span:
    """From (line, column) up to and not including (end_line, end_column); both count from 1."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def text(self) -> str:
        """The text itself; of a span over several lines, the part on its first line."""
        first = self.source.line(self.line)
        return first[self.column - 1 : self.end_column - 1] if self.line == self.end_line else first[self.column - 1 :]

    @property
    def where(self) -> str:
        return f"{self.source.path}:{self.line}:{self.column}"

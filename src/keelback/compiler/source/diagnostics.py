"""Errors a user reads: collected while compiling, rendered in this one place.

path:line:col: what is wrong
    the line of source
        ^^^^^^^
help: what to write instead
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from keelback.compiler.source.spans import Source, Span


@dataclass(frozen=True)
class Diagnostic:
    """One error. `rule` names its entry in docs/reference/diagnostics.md."""

    rule: str
    span: Span
    message: str
    help: str

    def render(self) -> str:
        line = self.span.source.line(self.span.line)
        lead = "".join(character if character == "\t" else " " for character in line[: self.span.column - 1])
        marks = "^" * max(1, len(self.span.text.rstrip()))
        return f"{self.span.where}: {self.message} [{self.rule}]\n    {line}\n    {lead}{marks}\nhelp: {self.help}"

    def __str__(self) -> str:
        return self.render()


class Diagnostics(Exception):
    """The program was refused; `errors` says why, in the order of the source."""

    def __init__(self, errors: Iterable[Diagnostic]) -> None:
        self.errors = list(errors)
        super().__init__("\n\n".join(error.render() for error in self.errors))


class Reporter:
    """Collects the errors of one compilation. Passes report and go on, so that a user sees all at once."""

    def __init__(self) -> None:
        self.errors: list[Diagnostic] = []
        self._seen: set[tuple[str, int, int, str]] = set()

    def report(self, rule: str, span: Span, message: str, help_text: str) -> None:
        key = (str(span.source.path), span.line, span.column, message)
        if key not in self._seen:
            self._seen.add(key)
            self.errors.append(Diagnostic(rule, span, message, help_text))

    def report_at(self, source: Source, node: ast.AST, rule: str, message: str, help_text: str) -> None:
        self.report(rule, source.span(node), message, help_text)

    def raise_if_any(self) -> None:
        if self.errors:
            order = sorted(
                self.errors, key=lambda error: (str(error.span.source.path), error.span.line, error.span.column)
            )
            raise Diagnostics(order)

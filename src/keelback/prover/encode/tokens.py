"""Splits a line of LLVM IR text into tokens, and walks over them."""

from __future__ import annotations

import re

from keelback.prover.encode.module import UnsupportedError

_TOKEN = re.compile(
    r"""\s*(?: (c?"(?:[^"\\]|\\.)*") | ([%@]"[^"]*") | ([%@!\#$]?[\w.$\-]+) | (\.\.\.|<\{|\}>|[()\[\]{}<>,=*:!]) )""",
    re.VERBOSE,
)


def split(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise UnsupportedError(f"not read: {text[position:]!r} in {text!r}")
        tokens.append(match.group(match.lastindex or 0))
        position = match.end()
    return tokens


class Tokens:
    """A cursor over the tokens of one line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = split(text)
        self._position = 0

    @property
    def next(self) -> str:
        """The next token, or nothing at the end."""
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def peek(self, ahead: int) -> str:
        place = self._position + ahead
        return self._tokens[place] if place < len(self._tokens) else ""

    def take(self) -> str:
        token = self.next
        if not token:
            raise self.error("more")
        self._position += 1
        return token

    def accept(self, *tokens: str) -> bool:
        """Take the next token if it is one of these."""
        if self.next in tokens and self.next:
            self._position += 1
            return True
        return False

    def expect(self, token: str) -> None:
        if not self.accept(token):
            raise self.error(f"{token!r}")

    def skip_parentheses(self) -> None:
        """Over `( ... )` with all inside."""
        depth = 0
        while True:
            token = self.take()
            depth += (token == "(") - (token == ")")
            if depth == 0:
                return

    def error(self, wanted: str) -> UnsupportedError:
        return UnsupportedError(f"expected {wanted} before {self.next!r} in: {self.text}")


def unquoted(name: str) -> str:
    """`threads` of `@threads`, `@"threads"`."""
    name = name[1:]
    return name[1:-1] if name.startswith('"') else name


def string_bytes(token: str) -> bytes:
    r"""The bytes of "..." or c"...": \XX is a byte."""
    body = token[token.index('"') + 1 : -1]
    return re.sub(rb"\\([0-9A-Fa-f]{2})", lambda match: bytes([int(match.group(1), 16)]), body.encode("latin-1"))

"""Where a system description says something, and the error that points there. Says nothing about what is right."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE_FOLDER = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, order=True)
class Location:
    """A line of a system description."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class DescriptionError(Exception):
    """One mistake in a system description: where it is, what is wrong, and what to write instead."""

    def __init__(self, location: Location, message: str, help_text: str = "") -> None:
        super().__init__(message)
        self.location = location
        self.message = message
        self.help_text = help_text

    def __str__(self) -> str:
        text = f"{self.location}: {self.message}"
        return f"{text}\n    help: {self.help_text}" if self.help_text else text


def find_caller() -> Location:
    """The line outside this package that called into it: the description's line that made an element."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    return Location(Path(frame.f_code.co_filename), frame.f_lineno)


@cache
def _is_ours(file_name: str) -> bool:
    return file_name.startswith("<") or Path(file_name).resolve().is_relative_to(PACKAGE_FOLDER)

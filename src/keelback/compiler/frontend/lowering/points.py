"""Points of a program that tell, on the host, whether they were reached: statements, ways of branches, traps.

Each is a byte of one array, 0 until it is reached. Without points nothing of a program's text changes.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import NamedTuple

REACHED = "keel.reached"
"""The array's symbol."""


class PointKind(Enum):
    """What is reached."""

    STATEMENT = "statement"
    NOT_TAKEN = "not taken"
    TAKEN = "taken"
    TRAP = "trap"


class Point(NamedTuple):
    """One point. Two of a function that lie at the same position have different numbers."""

    path: Path
    line: int
    column: int
    function: str
    number: int
    kind: PointKind
    detail: str = ""
    """Of a trap, its kind."""


def place_of(number: int) -> str:
    """Where a point's byte lies, as a constant."""
    return f"getelementptr (i8, ptr @{REACHED}, i64 {number})"


def points_text(count: int) -> str:
    """The array."""
    return f"@{REACHED} = global [{count} x i8] zeroinitializer"

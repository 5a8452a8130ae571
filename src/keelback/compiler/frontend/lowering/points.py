"""Points of a program that tell, on the host, whether they were reached: statements, ways of branches, traps.

Each is a byte of one array, 0 until it is reached. A program with points can also be told to end endless loops.
Without points nothing of a program's text changes.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import NamedTuple

REACHED = "keel.reached"
"""The array's symbol."""
ROUNDS = "keel.rounds"
"""Symbol of a word: so many more rounds of loops are run before the call ends by itself."""
ENDLESS = 15
"""What takes the place of a trap's kind then."""


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
    """The array, and what counts rounds."""
    return f"""@{REACHED} = global [{count} x i8] zeroinitializer
@{ROUNDS} = global i64 -1
define internal void @keel.round() {{
  %before = load i64, ptr @{ROUNDS}
  %left = sub i64 %before, 1
  store i64 %left, ptr @{ROUNDS}
  %none = icmp eq i64 %left, 0
  br i1 %none, label %end, label %more
end:
  call void @keel.trap(i32 {ENDLESS})
  unreachable
more:
  ret void
}}"""

"""What a statement about the kernel's tables is: one formula about one row, and how often things are counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from keelback.prover.encode import Term
from keelback.prover.hypotheses.view import View


@dataclass(frozen=True)
class Statement:
    """Holds of every row of `table` from row `first` on. `claims`: the invariants (`prover.invariants`) that say it."""

    table: str
    formula: Callable[[View, Term], Term]
    claims: tuple[str, ...]
    first: int = 0

    @property
    def name(self) -> str:
        return self.formula.__name__


@dataclass(frozen=True)
class Pair:
    """Holds of every two rows of `table`, row 0 left out."""

    table: str
    formula: Callable[[View, Term, Term], Term]
    claims: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.formula.__name__


Belongs = Callable[[View, Term, Term], Term]
"""Whether what is in a row (the second term) is counted by another row (the first)."""


@dataclass(frozen=True)
class Count:
    """`counter` of every row is how many rows of other tables belong to it. `members`: those tables, and for each the
    field whose reading or writing matters and what belongs."""

    name: str
    counter: str
    members: tuple[tuple[str, str, Belongs], ...]
    claims: tuple[str, ...]

    @property
    def table(self) -> str:
        return self.counter.partition(".")[0]


STATEMENTS: list[Statement] = []
PAIRS: list[Pair] = []
COUNTS: list[Count] = []


def states(table: str, *claims: str, first: int = 0) -> Callable[[Callable[[View, Term], Term]], Statement]:
    """A statement about the rows of a table."""

    def make(formula: Callable[[View, Term], Term]) -> Statement:
        made = Statement(table, formula, claims, first)
        STATEMENTS.append(made)
        return made

    return make

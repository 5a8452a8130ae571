"""All paths of a Python function that decides on conditions nobody knows: the function is run again and again, each
time with one more decision turned round.

A path is the list of conditions it decided on. Paths that no state takes are only left out where terms show it; a
solver finds out about the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from keelback.prover.encode import Term
from keelback.prover.encode import terms as t

Result = TypeVar("Result")

PATH_LIMIT = 4096


class NotModelledError(Exception):
    """A specification does something that a symbolic state does not do yet; the message says what."""


@dataclass
class Decisions:
    """Of one run: those to repeat, and those made."""

    planned: list[tuple[Term, bool]]
    made: list[tuple[Term, bool]] = field(default_factory=list[tuple[Term, bool]])
    known: dict[int, bool] = field(default_factory=dict[int, bool])

    def decide(self, condition: Term) -> bool:
        """What this path takes a condition for; true where it is not yet decided."""
        if condition.is_constant:
            return condition is t.TRUE
        if condition.op == "not":
            return not self.decide(condition.arguments[0])
        known = self.known.get(condition.number)
        if known is not None:
            return known
        if condition.op in ("and", "or") and all(self._is_known(part) for part in condition.arguments):
            given = [self.decide(part) for part in condition.arguments]
            return all(given) if condition.op == "and" else any(given)
        place = len(self.made)
        chosen = True
        if place < len(self.planned):
            expected, chosen = self.planned[place]
            assert expected is condition, "a specification that does not do the same twice"
        self.made.append((condition, chosen))
        self.known[condition.number] = chosen
        return chosen

    def _is_known(self, condition: Term) -> bool:
        if condition.op == "not":
            return self._is_known(condition.arguments[0])
        return condition.is_constant or condition.number in self.known

    @property
    def condition(self) -> Term:
        """Of the path."""
        return t.all_of(term if chosen else t.not_(term) for term, chosen in self.made)


@dataclass(frozen=True)
class Path(Generic[Result]):
    """What a run came to, where `condition` holds."""

    condition: Term
    result: Result


def paths(run: Callable[[Decisions], Result]) -> Iterator[Path[Result]]:
    """All paths of `run`, which must ask its argument whatever it decides on."""
    planned: list[tuple[Term, bool]] | None = []
    count = 0
    while planned is not None:
        decisions = Decisions(planned)
        result = run(decisions)
        count += 1
        if count > PATH_LIMIT:
            raise NotModelledError(f"more than {PATH_LIMIT} paths")
        yield Path(decisions.condition, result)
        planned = _next(decisions.made)


def _next(made: list[tuple[Term, bool]]) -> list[tuple[Term, bool]] | None:
    """The last decision for true, turned round."""
    for place in reversed(range(len(made))):
        condition, chosen = made[place]
        if chosen:
            return [*made[:place], (condition, False)]
    return None

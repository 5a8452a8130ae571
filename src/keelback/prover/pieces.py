"""A kernel taken apart for the search of checks: every function is looked at once, for all its callers.

A function that is called is not followed (it is a *piece*): what it stores keeps the ranges, which is shown of it by
itself, so afterwards every field is any value in its range. What it is given is what its callers give: for each
parameter the largest value that any call can pass is found by rounds that only ever make it larger, starting from
callers that nobody calls. Functions that only find something out, give an index back, or are given the address of
something that is not a row of a table, are followed where they are called.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from keelback.prover.encode import Program, Run, Term
from keelback.prover.encode import terms as t
from keelback.prover.encode.addresses import WORD
from keelback.prover.encode.executor import Outcome
from keelback.prover.encode.module import CallTarget, Function
from keelback.prover.encode.shapes import ArrayShape
from keelback.prover.encode.types import IntegerType, VoidType, width_of
from keelback.prover.ranges import STATE

TABLES: Final = {"Core": "cores", "Thread": "threads", "Vcpu": "vcpus", "Slot": "slots", "Interrupt": "interrupts"}
"""Structs that parameters point to -> the table whose rows they are."""
READS: Final = ("mrs ", "brk ")
"""Assembly that changes nothing."""
ROUNDS: Final = 4
"""So often the largest value of a parameter may grow; after that it may be any."""


@dataclass(frozen=True)
class Given:
    """A call of a piece: under a condition, with these arguments; rows of tables as their numbers."""

    name: str
    guard: Term
    arguments: tuple[Term, ...]


@dataclass
class PiecewiseRun(Run):
    """A run of one function that notes what other pieces are given."""

    given: list[Given] = field(default_factory=list[Given])

    def call(self, name: str, arguments: list[Any], guard: Term, effect: Term | None, node: int) -> Outcome:
        if self.callers and is_piece(self.program, name):
            numbers = [self._number(name, i, value, guard) for i, value in enumerate(arguments)]
            if all(number is not None for number in numbers):
                self.given.append(Given(name, guard, tuple(number for number in numbers if number is not None)))
                self.forget_all(guard, node)
                return Outcome(guard, self._result(name), effect, node)
        return super().call(name, arguments, guard, effect, node)

    def _number(self, name: str, number: int, value: Any, guard: Term) -> Term | None:
        """An argument, or the number of the row that it is the address of; None if it is no row's."""
        table = table_of(self.program, name, number)
        if table is None:
            return value if isinstance(value, Term) else None
        start, _ = self.table(table)
        first = next(place for _, place, _ in self.places(t.const(start, WORD), guard, name))
        rows: Term | None = None
        for condition, place, _ in self.places(value, guard, f"an argument of {name}"):
            if place is None or first is None or place.name != first.name or place.offset:
                return None
            if any(index is not t.const(0, index.width) for index in place.indices[1:]):
                return None
            one = place.indices[0] if place.indices else t.const(0, WORD)  # a table of one row has no index
            row = t.zext(one, WORD) if one.width < WORD else one
            rows = row if rows is None else t.ite(condition, row, rows)
        return rows

    def _result(self, name: str) -> Term | None:
        kind = self.program.module.functions[name].result
        return None if isinstance(kind, VoidType) else self.fresh(f"result of {name}", width_of(kind))

    def as_given(self, function: Function) -> list[Any]:
        """What a piece is given, as unknowns: numbers as they are, rows by their addresses."""
        made: list[Any] = []
        for number, parameter in enumerate(function.parameters):
            table = table_of(self.program, function.name, number)
            symbol = t.symbol(name_of(function.name, number), width_of(parameter.type) if table is None else WORD)
            if table is None:
                made.append(symbol)
                continue
            start, shape = self.table(table)
            self.hypotheses.append(t.ult(symbol, t.const(shape.count, WORD)))
            made.append(t.add(t.const(start, WORD), t.mul(symbol, t.const(shape.stride, WORD))))
        return made


def name_of(function: str, number: int) -> str:
    """How the unknown is called that stands for a parameter."""
    return f"given to {function} {number}"


def table_of(program: Program, function: str, number: int) -> str | None:
    """The table whose row a parameter is the address of."""
    struct = program.module.pointed_at.get((function, number), "").rsplit(".", 1)[-1]
    return TABLES.get(struct)


def stores(program: Program, name: str) -> bool:
    """Whether a function, or one that it calls, may store something, or does what only assembly can."""
    pending, seen = [name], set[str]()
    while pending:
        function = program.module.functions.get(pending.pop())
        if function is None or function.name in seen:
            continue
        seen.add(function.name)
        for instruction in (one for block in function.blocks.values() for one in block):
            if instruction.op == "store":
                return True
            target = instruction.detail
            if isinstance(target, CallTarget) and target.template is not None:
                if any(not line.lstrip().startswith(READS) for line in target.template.split("\n")):
                    return True
            elif isinstance(target, CallTarget) and not target.name.startswith("llvm."):
                if target.name not in program.module.functions:
                    return True
                pending.append(target.name)
            elif isinstance(target, CallTarget) and target.name.startswith("llvm.mem"):
                return True
    return False


@lru_cache(maxsize=1024)
def is_piece(program: Program, name: str) -> bool:
    """Whether a function is looked at by itself: it changes something. Others only find out."""
    function = program.module.functions[name]
    if not stores(program, function.name):
        return False
    if not isinstance(function.result, VoidType) and not (
        isinstance(function.result, IntegerType) and width_of(function.result) != 32
    ):
        return False
    for number, parameter in enumerate(function.parameters):
        table = table_of(program, function.name, number)
        is_row = table is not None
        if not is_row and not isinstance(parameter.type, IntegerType):
            return False
        if is_row and not isinstance(program.shapes.get(f"{STATE}{table}"), ArrayShape):
            return False
    return True


def integers(program: Program, function: Function) -> Iterator[int]:
    """The numbers of the parameters that are integers."""
    for number in range(len(function.parameters)):
        if table_of(program, function.name, number) is None:
            yield number


@dataclass
class Limits:
    """For each integer parameter of a piece: a number that no argument reaches, by the unknown's name. `known` gets
    those that say anything."""

    known: dict[str, int]
    _of: dict[str, int] = field(default_factory=dict[str, int])
    _grown: dict[str, int] = field(default_factory=dict[str, int])

    def widen(self, name: str, top: int, width: int) -> bool:
        """Let an argument be as large as `top`. Whether that is news."""
        if top < self._of.get(name, 0):
            return False
        grown = self._grown[name] = self._grown.get(name, 0) + 1
        limit = self._of[name] = top + 1 if grown <= ROUNDS else 1 << width
        if limit < 1 << width:
            self.known[name] = limit
        else:
            self.known.pop(name, None)
        return True

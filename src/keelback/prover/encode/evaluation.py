"""The value of a term when every unknown has one: for counterexamples, and for tests against real machines."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from keelback.prover.encode.shaping import walk
from keelback.prover.encode.terms import EFFECT, Term, mask, signed

Value: TypeAlias = Hashable
"""An int (of a Boolean 0 or 1); of an effect, its history as nested tuples."""


@dataclass
class Interpretation:
    """What symbols and functions mean. The defaults are what a model leaves open."""

    symbol: Callable[[str, int], Value]
    function: Callable[[str, tuple[Value, ...], int], Value]


def evaluate(roots: Iterable[Term], meaning: Interpretation) -> dict[Term, Value]:
    """Values of all terms below `roots`."""
    values: dict[Term, Value] = {}
    for term in walk(roots):
        values[term] = _value(term, [values[argument] for argument in term.arguments], meaning)
    return values


def _value(term: Term, given: list[Value], meaning: Interpretation) -> Value:
    if term.op == "const":
        return term.value
    if term.op == "symbol":
        found = meaning.symbol(term.name, term.width)
        return found if term.width == EFFECT else _number(found) & mask(max(1, term.width))
    if term.op == "apply":
        found = meaning.function(term.name, tuple(given), term.width)
        return found if term.width == EFFECT else _number(found) & mask(max(1, term.width))
    if term.op == "ite":
        return given[1] if _number(given[0]) else given[2]
    if term.op == "eq":
        return int(given[0] == given[1])
    if len(given) == 1:
        return _ONE[term.op](term, _number(given[0]))
    return _TWO[term.op](term, _number(given[0]), _number(given[1]))


def _number(value: Value) -> int:
    assert isinstance(value, int)
    return value


def _shift(shift: Callable[[int, int], int]) -> Callable[[Term, int, int], int]:
    return lambda term, a, b: shift(a, b) & mask(term.width) if b < term.width else 0


def _sdiv(term: Term, a: int, b: int) -> int:
    x, y = signed(a, term.width), signed(b, term.width)
    if y == 0:
        return mask(term.width) if x >= 0 else 1
    return (abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)) & mask(term.width)


def _srem(term: Term, a: int, b: int) -> int:
    x, y = signed(a, term.width), signed(b, term.width)
    return a if y == 0 else (abs(x) % abs(y) * (-1 if x < 0 else 1)) & mask(term.width)


def _ashr(term: Term, a: int, b: int) -> int:
    return (signed(a, term.width) >> min(b, term.width - 1)) & mask(term.width)


def _slt(term: Term, a: int, b: int) -> int:
    width = term.arguments[0].width
    return int(signed(a, width) < signed(b, width))


_ONE: dict[str, Callable[[Term, int], int]] = {
    "not": lambda t, a: 1 - a,
    "bool": lambda t, a: a,
    "bnot": lambda t, a: a ^ mask(t.width),
    "extract": lambda t, a: (a >> t.bounds[1]) & mask(t.width),
    "ctlz": lambda t, a: t.width - a.bit_length(),
    "cttz": lambda t, a: (a & -a).bit_length() - 1 if a else t.width,
    "zext": lambda t, a: a,
    "sext": lambda t, a: signed(a, t.arguments[0].width) & mask(t.width),
}

_TWO: dict[str, Callable[[Term, int, int], int]] = {
    "and": lambda t, a, b: a & b,
    "or": lambda t, a, b: a | b,
    "ult": lambda t, a, b: int(a < b),
    "slt": _slt,
    "add": lambda t, a, b: (a + b) & mask(t.width),
    "sub": lambda t, a, b: (a - b) & mask(t.width),
    "mul": lambda t, a, b: (a * b) & mask(t.width),
    "udiv": lambda t, a, b: a // b if b else mask(t.width),
    "urem": lambda t, a, b: a % b if b else a,
    "sdiv": _sdiv,
    "srem": _srem,
    "band": lambda t, a, b: a & b,
    "bor": lambda t, a, b: a | b,
    "bxor": lambda t, a, b: a ^ b,
    "shl": _shift(lambda a, b: a << b),
    "lshr": _shift(lambda a, b: a >> b),
    "ashr": _ashr,
    "concat": lambda t, a, b: a << t.arguments[1].width | b,
}

"""Numbers that nobody knows are Python's numbers, and all paths of a function are found."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from typing import Any

from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.encode.evaluation import Interpretation, Value, evaluate
from keelback.prover.refinement.numbers import WIDE, Condition, Number, wide
from keelback.prover.refinement.paths import Decisions, paths

OPERATIONS: tuple[Callable[[Any, Any], Any], ...] = (
    *(operator.add, operator.sub, operator.and_, operator.or_, operator.xor),
    *(operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge),
)
CONSTANTS = (0, 1, 31, 0xFF, 0xFFFF_FFFF, (1 << 64) - 1)


def value_of(term: Term, values: dict[str, int]) -> int:
    def unknown(name: str, _: tuple[Value, ...], __: int) -> Value:
        return values[name]

    found = evaluate([term], Interpretation(lambda name, _: values[name], unknown))[term]
    assert isinstance(found, int)
    return found if term.width == t.BOOLEAN else t.signed(found, WIDE)


def test_numbers_compute_as_python_does() -> None:
    chance = random.Random(1)
    decisions = Decisions([])
    a, b = (Number(wide(t.symbol(name, width)), decisions) for name, width in (("a", 64), ("b", 32)))
    for _ in range(200):
        values = {"a": chance.getrandbits(chance.choice((3, 33, 64))), "b": chance.getrandbits(chance.choice((3, 32)))}
        constant = chance.choice(CONSTANTS)
        for operation in OPERATIONS:
            for left, right, x, y in (
                (a, b, values["a"], values["b"]),
                (a - b, b, values["a"] - values["b"], values["b"]),
                (b - a, constant, values["b"] - values["a"], constant),
                (constant, b, constant, values["b"]),
            ):
                found = operation(left, right)
                assert isinstance(found, Number | Condition)
                assert value_of(found.term, values) == operation(x, y), (operation, values, constant)
        assert value_of((~a & 0xFF | (b << 8)).term, values) == (~values["a"] & 0xFF | values["b"] << 8)
        assert value_of(((a - b) // 16 + a % 8 + (a >> 7)).term, values) == (
            (values["a"] - values["b"]) // 16 + values["a"] % 8 + (values["a"] >> 7)
        )


def test_every_path_is_taken_once_and_exactly_one_holds() -> None:
    def classify(decisions: Decisions) -> str:
        number = Number(wide(t.symbol("n", 8)), decisions)
        if number < 10:
            return "small" if number < 10 else "impossible"
        return "odd" if number & 1 and number != 11 else "other"

    found = list(paths(classify))
    assert sorted(path.result for path in found) == ["odd", "other", "other", "small"]
    for n in range(256):
        holding = [path.result for path in found if value_of(path.condition, {"n": n})]
        assert holding == ["small" if n < 10 else "odd" if n & 1 and n != 11 else "other"]

"""One state that satisfies what goals assume: it shows that their hypotheses do not contradict each other, without
asking a solver. One thread runs on core 0, in an address space of its own, with an empty capability table; all else is
as nobody left it.

Whether it does satisfy them is evaluated, term by term (`satisfies`): nothing rests on what is written here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from keelback.prover.encode import Term
from keelback.prover.encode.evaluation import Interpretation, Value, evaluate
from keelback.prover.encode.executor import LATER
from keelback.prover.ranges import STATE
from keelback.prover.state import Activity

THREAD: Final = 1
"""The row of the thread, of its table and of its address space."""
SYMBOLS: Final = {"caller": THREAD}


def _only(value: int) -> Callable[[int], int]:
    return lambda row: value if row == THREAD else 0


FIELDS: Final[Mapping[str, Callable[[int], int]]] = {
    "cores.current": lambda row: THREAD if row == 0 else 0,
    "cores.number": lambda row: row,
    "cores.best_rank": lambda row: 256 * row,
    "interrupts.line": lambda row: 32 + row % 512 if row else 0,
    "threads.state": _only(Activity.READY),
    "threads.header.live": _only(1),
    "threads.rank": _only(1),
    "threads.table": _only(THREAD),
    "threads.space": _only(THREAD),
    "tables.header.live": _only(1),
    "tables.threads": _only(1),
    "translations.header.live": _only(1),
    "translations.level": _only(1),
    "translations.users": _only(1),
}
"""By row; what is not named is 0."""


def _value(name: str, row: Value) -> int:
    field = FIELDS.get(name.rpartition(LATER)[2].removeprefix(STATE))
    return field(row) if field is not None and isinstance(row, int) else 0


def _symbol(name: str, _: int) -> Value:
    """What exists once is the field of a row 0."""
    return SYMBOLS.get(name, _value(name, 0))


def _function(name: str, given: tuple[Value, ...], _: int) -> Value:
    return _value(name, given[0])


def satisfies(claims: Iterable[Term]) -> bool:
    """Whether all of them hold in this state."""
    roots = list(claims)
    values = evaluate(roots, Interpretation(_symbol, _function))
    return all(values[root] == 1 for root in roots)

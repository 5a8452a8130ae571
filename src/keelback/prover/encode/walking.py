"""Runs blocks in order and lets paths meet: the same for LLVM IR and for machine code.

An edge carries its guard and the values that are needed behind it. Loops run round by round until no edge leads back; a
round that changed nothing (it polls a device) stands for all its rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Generic, TypeAlias

from keelback.prover.encode.flow import B, Loop, Step
from keelback.prover.encode.memory import Timeline
from keelback.prover.encode.module import UnsupportedError
from keelback.prover.encode.shaping import any_of
from keelback.prover.encode.terms import FALSE, Term, and_, eq, ite

Value: TypeAlias = "Term | tuple[Value, ...]"
Key: TypeAlias = "str | int | tuple[int, int]"
Environment = dict[Key, Value]

EFFECT_KEY = "!effect"
ROUND_LIMIT = 128


@dataclass(frozen=True)
class Edge:
    """A way into a block, from a node of the timeline."""

    guard: Term
    values: Environment
    node: int


def choose(condition: Term, a: Value, b: Value) -> Value:
    """`a` if the condition holds; of tuples, member by member."""
    if a is b:
        return a
    if isinstance(a, tuple):
        assert isinstance(b, tuple)
        return tuple(choose(condition, x, y) for x, y in zip(a, b, strict=True))
    assert isinstance(b, Term)
    return ite(condition, a, b)


def meet(edges: Sequence[Edge]) -> tuple[Term, Environment]:
    """Guard and values where edges meet; values that not all edges carry are gone."""
    if len(edges) == 1:
        return edges[0].guard, dict(edges[0].values)
    guard = any_of(edge.guard for edge in edges)
    values: Environment = dict(edges[-1].values)
    for edge in reversed(edges[:-1]):
        values = {
            key: choose(edge.guard, edge.values[key], value) for key, value in values.items() if key in edge.values
        }
    return guard, values


CASES = 160


def separate(edge: Edge, keys: Sequence[Key]) -> list[Edge]:
    """One edge for each constant that one of these values can be."""
    result = [edge]
    for key in keys:
        value = edge.values.get(key)
        cases = constants_of(value) if isinstance(value, Term) and value.op == "ite" else []
        if cases:
            assert isinstance(value, Term)
            result = [
                Edge(guard, {**one.values, key: case}, one.node)
                for one in result
                for case in cases
                if (guard := and_(one.guard, eq(value, case))) is not FALSE
            ]
    return result


def constants_of(value: Term) -> list[Term]:
    """The constants that a choice is among; empty if it is not one among a few constants."""
    found: dict[int, Term] = {}
    stack = [value]
    steps = 0
    while stack:
        term = stack.pop()
        steps += 1
        if term.op == "ite" and steps < 16 * CASES:
            stack += term.arguments[1:]
        elif term.is_constant and len(found) < CASES:
            found[term.number] = term
        else:
            return []
    return sorted(found.values(), key=lambda term: term.value)


class Walker(Generic[B]):
    """Calls `execute(block, guard, values, node)` for each block that can run."""

    def __init__(self, timeline: Timeline, name: str, changes: Callable[[], int]) -> None:
        self.timeline = timeline
        self.name = name
        self._changes = changes  # a number that grows with every write to memory
        self._pending: dict[B, list[Edge]] = {}

    def execute(self, block: B, guard: Term, values: Environment, node: int) -> None:
        raise NotImplementedError

    def go(self, block: B, guard: Term, values: Environment, node: int) -> None:
        """Lead a path on to a block."""
        if guard is not FALSE:
            self._pending.setdefault(block, []).append(Edge(guard, values, node))

    def run(self, steps: Sequence[Step[B]]) -> None:
        for step in steps:
            if isinstance(step, Loop):
                self._run_loop(step)
            else:
                edges = self._pending.pop(step, [])
                if edges:
                    guard, values = meet(edges)
                    self.execute(step, guard, values, self.timeline.after([edge.node for edge in edges]))

    def counters(self, block: B) -> Set[Key]:
        """Values that count a loop's rounds: paths on which they differ do not meet at its header."""
        return frozenset()

    def _next_round(self, header: B, edges: Sequence[Edge]) -> tuple[list[Edge], list[Edge]]:
        """Edges that agree on the counters, the lowest first; and all others, to be run afterwards."""
        counters = sorted(self.counters(header), key=str)
        split: list[tuple[tuple[int, ...], Edge]] = []
        for edge in edges:
            for one in separate(edge, counters):
                known = [one.values[key] for key in counters if key in one.values]
                split.append((tuple(v.value for v in known if isinstance(v, Term) and v.is_constant), one))
        first = min((numbers for numbers, _ in split), default=())
        return [e for numbers, e in split if numbers == first], [e for numbers, e in split if numbers != first]

    def waits(self, loop: Loop[B]) -> bool:
        """Whether a loop goes on until something outside happens: its rounds are not counted, see `cut`."""
        return False

    def cut(self, loop: Loop[B], guard: Term, values: Environment, node: int) -> Environment:
        """Forget what earlier rounds may have changed: values with which any round may begin."""
        raise NotImplementedError

    def again(self, loop: Loop[B], edge: Edge) -> None:
        """A round of a cut loop has ended and another one follows."""

    def _run_any_round(self, loop: Loop[B]) -> None:
        entering = self._pending.pop(loop.header, [])
        if not entering:
            return
        guard, values = meet(entering)
        node = self.timeline.after([edge.node for edge in entering])
        self.go(loop.header, guard, self.cut(loop, guard, values, node), node)
        self.run(loop.body)
        for edge in self._pending.pop(loop.header, []):
            self.again(loop, edge)

    def _run_loop(self, loop: Loop[B]) -> None:
        if self.waits(loop):
            self._run_any_round(loop)
            return
        for _ in range(ROUND_LIMIT):
            entering = self._pending.get(loop.header)
            if not entering:
                return
            entering, later = self._next_round(loop.header, entering)
            if not entering:
                del self._pending[loop.header]
                return
            guard, values = meet(entering)
            node = self.timeline.after([edge.node for edge in entering])
            self._pending[loop.header] = [Edge(guard, values, node)]
            before = self._changes()
            self.run(loop.body)
            back = self._pending.get(loop.header, [])
            if later:
                self._pending[loop.header] = back + later
            elif back and self._changes() == before and all(_same(edge.values, values) for edge in back):
                del self._pending[loop.header]
                return
        raise UnsupportedError(f"{self.name}: a loop of more than {ROUND_LIMIT} rounds, at {loop.header}")


def _same(a: Mapping[Key, Value], b: Mapping[Key, Value]) -> bool:
    return all(key == EFFECT_KEY or b.get(key) is value for key, value in a.items())

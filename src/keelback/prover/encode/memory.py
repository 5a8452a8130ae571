"""Memory as one function per field of each global, and a log of guarded writes over it.

A read is a choice over the writes that can have come before it; what happened on other paths is left out with the help
of `Timeline`. Fields that are never written stay plain functions of the first state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from keelback.prover.encode.addresses import Place, index_bits
from keelback.prover.encode.terms import TRUE, Term, all_of, and_, apply, concat, eq, extract, ite


class Timeline:
    """Which pieces of a run come before which: one node per executed block."""

    def __init__(self) -> None:
        self._before: list[int] = []
        self._always_before: list[int] = []

    def after(self, nodes: list[int]) -> int:
        """A new node behind these."""
        own = 1 << len(self._before)
        before, always = 0, -1 if nodes else 0
        for node in nodes:
            before |= self._before[node]
            always &= self._always_before[node]
        self._before.append(before | own)
        self._always_before.append(always | own)
        return len(self._before) - 1

    def precedes(self, first: int, second: int) -> bool:
        """On some path."""
        return bool(self._before[second] >> first & 1)

    def dominates(self, first: int, second: int) -> bool:
        """On every path to `second`."""
        return bool(self._always_before[second] >> first & 1)


Indices = tuple[Term, ...]


@dataclass(frozen=True)
class Write:
    """At `indices` (or wherever `covers` holds) the field became `value`, in `node`, if `guard`.

    `alone` is the guard without that of the node.
    """

    guard: Term
    alone: Term
    indices: Indices
    value: Term | Callable[[Indices], Term]
    node: int
    covers: Callable[[Indices], Term] | None = None

    def hits(self, indices: Indices) -> Term:
        if self.covers is not None:
            return self.covers(indices)
        return all_of(eq(own, other) for own, other in zip(self.indices, indices, strict=True))

    def value_at(self, indices: Indices) -> Term:
        return self.value if isinstance(self.value, Term) else self.value(indices)


@dataclass
class Field:
    """One leaf of one global."""

    name: str
    counts: tuple[int, ...]
    width: int
    is_boolean: bool = False
    writes: list[Write] = field(default_factory=list[Write])
    known_first: Callable[[Indices], Term] | None = None  # where something is known of its first contents

    @property
    def index_widths(self) -> tuple[int, ...]:
        return tuple(index_bits(count) for count in self.counts)

    def first(self, indices: Indices) -> Term:
        """The value before anything ran."""
        return apply(self.name, indices, self.width) if self.known_first is None else self.known_first(indices)


class Memory:
    """All fields; created with the globals' leaves."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.fields: dict[str, Field] = {}
        self.constants: dict[str, Callable[[Indices], Term]] = {}

    def written(self) -> Iterator[Field]:
        return (found for found in self.fields.values() if found.writes)

    def read(self, name: str, indices: Indices, node: int) -> Term:
        """The whole leaf, as it is at the end (so far) of `node`."""
        constant = self.constants.get(name)
        if constant is not None:
            return constant(indices)
        found = self.fields[name]
        chain: list[tuple[Term, Term]] = []
        result: Term | None = None
        for write in reversed(found.writes):
            if not self.timeline.precedes(write.node, node):
                continue
            hits = write.hits(indices)
            if hits is TRUE and write.alone is TRUE and self.timeline.dominates(write.node, node):
                result = write.value_at(indices)
                break
            condition = and_(write.guard, hits)
            if not condition.is_constant or condition is TRUE:
                chain.append((condition, write.value_at(indices)))
        if result is None:
            result = found.first(indices)
        for condition, value in reversed(chain):
            result = ite(condition, value, result)
        return result

    def write(self, name: str, indices: Indices, value: Term, guard: Term, alone: Term, node: int) -> None:
        self.fields[name].writes.append(Write(guard, alone, indices, value, node))

    def read_bytes(self, place: Place, count: int, node: int) -> Term:
        """`count` bytes of a leaf, from the place's offset on."""
        assert place.leaf is not None
        whole = self.read(place.name, place.indices, node)
        return extract(whole, 8 * (place.offset + count) - 1, 8 * place.offset)

    def write_bytes(self, place: Place, value: Term, guard: Term, alone: Term, node: int) -> None:
        """Some bytes of a leaf; the others stay."""
        assert place.leaf is not None
        count, width = value.width // 8, place.leaf.size * 8
        if count < place.leaf.size:
            old = self.read(place.name, place.indices, node)
            if place.offset:
                value = concat(value, extract(old, 8 * place.offset - 1, 0))
            if value.width < width:
                value = concat(extract(old, width - 1, value.width), value)
        self.write(place.name, place.indices, value, guard, alone, node)

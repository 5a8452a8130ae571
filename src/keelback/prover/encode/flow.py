"""The order in which blocks run: topological, loops as units inside. Knows nothing of what blocks do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from keelback.prover.encode.module import UnsupportedError

B = TypeVar("B", str, int)


@dataclass(frozen=True)
class Loop(Generic[B]):
    """A loop entered at `header` only. `is_endless`: no edge leaves it."""

    header: B
    body: tuple[Step[B], ...]
    is_endless: bool


Step: TypeAlias = "B | Loop[B]"


def plan(entry: B, successors: Mapping[B, Sequence[B]]) -> tuple[Step[B], ...]:
    """All blocks that can be reached, in an order in which each comes behind all that lead to it."""
    return _plan(_reachable(entry, successors), entry, None, successors)


def _reachable(entry: B, successors: Mapping[B, Sequence[B]]) -> set[B]:
    seen: set[B] = {entry}
    stack = [entry]
    while stack:
        for other in successors[stack.pop()]:
            if other not in seen:
                seen.add(other)
                stack.append(other)
    return seen


def _plan(
    blocks: Collection[B], entry: B, header: B | None, successors: Mapping[B, Sequence[B]]
) -> tuple[Step[B], ...]:
    def inside(block: B) -> list[B]:
        return [other for other in successors[block] if other in blocks and other != header]

    steps: list[Step[B]] = []
    for component in _components(blocks, inside):
        block = component[0]
        if len(component) == 1 and block not in inside(block):
            steps.append(block)
            continue
        members = set(component)
        entries = {other for start in blocks if start not in members for other in inside(start) if other in members}
        if entry in members:
            entries.add(entry)
        if len(entries) != 1:
            raise UnsupportedError(f"a loop with several entries: {sorted(map(str, entries))}")
        start = entries.pop()
        endless = not any(other not in members for block in members for other in successors[block])
        steps.append(Loop(start, _plan(members, start, start, successors), endless))
    return tuple(steps)


def _components(blocks: Collection[B], inside: Callable[[B], list[B]]) -> list[list[B]]:
    """Strongly connected components, first ones first (Tarjan's algorithm without recursion)."""
    number: dict[B, int] = {}
    low: dict[B, int] = {}
    path: list[B] = []
    on_path: set[B] = set()
    result: list[list[B]] = []
    for root in blocks:
        if root in number:
            continue
        work: list[tuple[B, list[B]]] = [(root, inside(root))]
        number[root] = low[root] = len(number)
        path.append(root)
        on_path.add(root)
        while work:
            block, left = work[-1]
            if left:
                other = left.pop()
                if other not in number:
                    number[other] = low[other] = len(number)
                    path.append(other)
                    on_path.add(other)
                    work.append((other, inside(other)))
                elif other in on_path:
                    low[block] = min(low[block], number[other])
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[block])
            if low[block] == number[block]:
                at = path.index(block)
                result.append(path[at:])
                on_path.difference_update(path[at:])
                del path[at:]
    return result[::-1]

"""The shape of a routine: its blocks in an order in which no jump goes back, loops within it as one piece each.

A routine is all that is reached from where a call begins without returning: other functions too, where calls are jumps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from keelback.reports.latency.branches import Blocks
from keelback.reports.latency.errors import UnboundedCode
from keelback.reports.latency.machine_code import STACK_POINTER
from keelback.reports.latency.states import STACK_TOP, State, join, widen
from keelback.reports.latency.values import UNKNOWN, exactly

JOINS_BEFORE_WIDENING = 3
CLOBBERED = (*range(19), 30)  # by a call, Arm IHI 0055, 6.1.1
Edges: TypeAlias = dict[int, set[int]]


@dataclass(frozen=True)
class Loop:
    """Blocks that can be executed again, entered at `head` only; `items` begin with the head's block."""

    head: int
    items: tuple[Item, ...]


Item: TypeAlias = "int | Loop"


def head_of(item: Item) -> int:
    """Where a block or loop begins."""
    return item.head if isinstance(item, Loop) else item


def shape_of(blocks: Blocks, entry: int, ends: frozenset[int]) -> tuple[Item, ...]:
    """The shape of the routine at `entry`. Blocks in `ends` are where nothing is followed any more."""
    edges = find_edges(blocks, entry, ends)
    return tuple(_arrange(blocks, entry, set(edges), edges))


def find_edges(blocks: Blocks, entry: int, ends: frozenset[int]) -> Edges:
    """Which blocks can follow which, whatever the registers are when the routine begins."""
    start = State({STACK_POINTER: exactly(STACK_TOP)})
    known: dict[int, State] = {entry: start}
    joins: dict[int, int] = {}
    edges: Edges = {entry: set()}
    waiting = [entry]
    while waiting:
        address = waiting.pop()
        if address in ends:
            continue
        for target, state in _successors(blocks, address, known[address].copy()):
            edges[address].add(target)
            edges.setdefault(target, set())
            if target not in known:
                known[target] = state
                waiting.append(target)
                continue
            joined = join(known[target], state)
            joins[target] = joins.get(target, 0) + 1
            if joins[target] > JOINS_BEFORE_WIDENING:
                joined = widen(known[target], joined)
            if not joined.covers(known[target]) or not known[target].covers(joined):
                known[target] = joined
                waiting.append(target)
    return edges


def _successors(blocks: Blocks, address: int, state: State) -> list[tuple[int, State]]:
    block = blocks.at(address)
    blocks.run(block, state)
    name = block.last.mnemonic
    if name in ("ret", "eret", "brk", "udf"):
        return []
    if name in ("bl", "blr"):
        for register in CLOBBERED:
            state.write(register, UNKNOWN)
        state.words.clear()
        state.comparison = None
        return [(block.next, state)]
    return blocks.follow(block, state)


def _arrange(blocks: Blocks, entry: int, members: set[int], edges: Edges) -> list[Item]:
    """The strongly connected parts in the order of execution, each as a block or as a loop."""
    items: list[Item] = []
    for part in _components(entry, members, edges):
        if len(part) == 1 and next(iter(part)) not in edges[next(iter(part))]:
            items.append(next(iter(part)))
            continue
        entered = {target for source in members - part for target in edges[source] if target in part}
        heads = entered | ({entry} & part)
        if len(heads) != 1:
            places = ", ".join(blocks.code.describe(head) for head in sorted(heads))
            raise UnboundedCode(f"a loop is entered at several places: {places}")
        head = heads.pop()
        inner = {source: {target for target in edges[source] if target != head} for source in part}
        items.append(Loop(head, tuple(_arrange(blocks, head, part, inner))))
    return items


def _components(entry: int, members: set[int], edges: Edges) -> list[set[int]]:
    """Strongly connected parts of what is reached from `entry` (Tarjan 1972), first executed first."""
    order: dict[int, int] = {}
    lowest: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[set[int]] = []
    work = [(entry, iter(sorted(edges[entry] & members)))]
    order[entry] = lowest[entry] = 0
    stack.append(entry)
    on_stack.add(entry)
    while work:
        node, rest = work[-1]
        following = next(rest, None)
        if following is None:
            work.pop()
            if work:
                lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[node])
            if lowest[node] == order[node]:
                part = set[int]()
                while node not in part:
                    part.add(stack.pop())
                on_stack -= part
                found.append(part)
        elif following not in order:
            order[following] = lowest[following] = len(order)
            stack.append(following)
            on_stack.add(following)
            work.append((following, iter(sorted(edges[following] & members))))
        elif following in on_stack:
            lowest[node] = min(lowest[node], order[following])
    return found[::-1]

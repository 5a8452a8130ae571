"""The longest path from an exception vector to `eret`, found by executing the kernel on what is known.

Where ways meet, what is known on both is kept and the longer one counts. A loop is gone round as often as what is known
lets it; a call is followed with what is known at the call. `wfi` ends a path and begins another: the core has waited.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from keelback.reports.latency.branches import Block, Blocks
from keelback.reports.latency.errors import UnboundedCode
from keelback.reports.latency.loops import Item, Loop, head_of, shape_of
from keelback.reports.latency.machine_code import MachineCode
from keelback.reports.latency.states import State, join, widen
from keelback.reports.latency.values import exactly

ROUND_LIMIT = 4096
IDLE_ROUNDS = 3
"""Rounds that teach nothing new may still make the path longer: the first ones of a loop that waits for interrupts."""

EXCLUSIVE_LOADS = ("ldaxr", "ldxr", "ldaxrb", "ldxrb", "ldaxrh", "ldxrh", "ldaxp", "ldxp")
Trail: TypeAlias = "tuple[int, int, Trail] | None"


class Path(NamedTuple):
    """So many instructions since the path began; `trail` is where: (address, instructions, trail before)."""

    length: int
    trail: Trail = None


class Paths(NamedTuple):
    """The longest paths to a point: from the vector, and from a wait for interrupts."""

    entered: Path | None
    woken: Path | None = None


@dataclass
class Arrival:
    """A point reached: what is known there, and the longest ways to it."""

    state: State
    paths: Paths


Arrivals: TypeAlias = dict[int, Arrival]


@dataclass
class Finished:
    """The longest complete paths of one entry. `locks`: how often it takes a lock, by address of the loop."""

    entered: Path | None = None
    woken: Path | None = None
    locks: set[int] = field(default_factory=set[int])

    def end(self, paths: Paths) -> None:
        """Something has come to its end."""
        self.entered = longer(self.entered, paths.entered)
        self.woken = longer(self.woken, paths.woken)


def longer(first: Path | None, second: Path | None) -> Path | None:
    """The longer one of those that there are."""
    if first is None or second is None:
        return second if first is None else first
    return first if first.length >= second.length else second


def _extend(path: Path | None, address: int, count: int) -> Path | None:
    return None if path is None else Path(path.length + count, (address, count, path.trail))


def _is_within(paths: Paths, others: Paths) -> bool:
    pairs = zip(paths, others, strict=True)
    return all(path is None or (other is not None and path.length <= other.length) for path, other in pairs)


def _meet(arrivals: Arrivals, target: int, state: State, paths: Paths) -> None:
    found = arrivals.get(target)
    if found is None:
        arrivals[target] = Arrival(state, paths)
    else:
        found.state = join(found.state, state)
        found.paths = Paths(longer(found.paths.entered, paths.entered), longer(found.paths.woken, paths.woken))


class Explorer:
    """Explores one program from as many entries as wanted. `ends`: routines whose beginning ends a path uncounted."""

    def __init__(self, code: MachineCode, ends: frozenset[int], rounds: dict[str, int] | None = None) -> None:
        self.code = code
        self._blocks = Blocks(code)
        self._ends = ends
        self._rounds = rounds or {}
        self._shapes: dict[int, tuple[Item, ...]] = {}
        self._active: list[int] = []
        self._finished = Finished()

    def explore(self, entry: int, state: State) -> Finished:
        """The longest paths from `entry`, with what is known there. UnboundedCode when there is no longest."""
        self._finished = Finished()
        self._active = []
        if self._call(entry, Arrival(state, Paths(Path(0)))) is not None:
            raise UnboundedCode(f"{self.code.describe(entry)}: returns, though nobody called it")
        return self._finished

    def _call(self, entry: int, arrival: Arrival) -> Arrival | None:
        """Follow a call; what is known at its return, None if it does not return."""
        if entry in self._ends:
            return None
        if entry in self._active:
            cycle = [*self._active[self._active.index(entry) :], entry]
            raise UnboundedCode("recursion: " + " -> ".join(self.code.function(address) for address in cycle))
        if entry not in self._shapes:
            self._shapes[entry] = shape_of(self._blocks, entry, self._ends)
        self._active.append(entry)
        returns: Arrivals = {}
        arrivals = {entry: arrival}
        self._walk(self._shapes[entry], arrivals, returns)
        self._active.pop()
        if arrivals:
            raise UnboundedCode(f"{self.code.describe(next(iter(arrivals)))}: reached on a way that was not foreseen")
        return returns.get(0)

    def _walk(self, items: tuple[Item, ...], arrivals: Arrivals, returns: Arrivals) -> None:
        """Execute blocks and loops in order. `arrivals` are where it begins; in the end where it left the items to."""
        for item in items:
            arrival = arrivals.pop(head_of(item), None)
            if arrival is None:
                continue
            if isinstance(item, Loop):
                self._walk_loop(item, arrival, arrivals, returns)
            elif item not in self._ends:
                self._run(self._blocks.at(item), arrival, arrivals, returns)

    def _walk_loop(self, loop: Loop, arrival: Arrival, arrivals: Arrivals, returns: Arrivals) -> None:
        """Go round with what is known, until nothing leads back to the head any more."""
        if self._is_lock(loop):
            self._finished.locks.add(loop.head)
            self._walk_rounds(loop, arrival, arrivals, returns, 1)
            return
        given = self._given_rounds(loop)
        if given is not None:
            self._walk_rounds(loop, arrival, arrivals, returns, given)
            return
        idle = 0
        for _ in range(ROUND_LIMIT):
            before = Arrival(arrival.state.copy(), arrival.paths)
            back = self._round(loop, arrival, arrivals, returns)
            if back is None:
                return
            if before.state.covers(back.state):
                if _is_within(back.paths, before.paths):
                    return
                idle += 1
                if idle > IDLE_ROUNDS:
                    break
            arrival = back
        raise UnboundedCode(f"{self.code.describe(loop.head)}: no bound is known for the loop at {loop.head:#x}")

    def _round(self, loop: Loop, arrival: Arrival, arrivals: Arrivals, returns: Arrivals) -> Arrival | None:
        inner = {loop.head: arrival}
        self._walk(loop.items, inner, returns)
        back = inner.pop(loop.head, None)
        for target, left in inner.items():
            _meet(arrivals, target, left.state, left.paths)
        return back

    def _walk_rounds(self, loop: Loop, arrival: Arrival, arrivals: Arrivals, returns: Arrivals, rounds: int) -> None:
        """A loop with a given number of rounds: what holds in all rounds, and the longest round that often."""
        state, paths = arrival.state, arrival.paths
        while True:
            back = self._round(loop, Arrival(state.copy(), paths), {}, {})
            if back is None or state.covers(back.state):
                break
            state = widen(state, back.state)
        for name, before in paths._asdict().items():
            after = getattr(back.paths, name) if back is not None else None
            if before is not None and after is not None:
                added = (rounds - 1) * (after.length - before.length)
                paths = paths._replace(**{name: _extend(before, loop.head, added)})
        self._round(loop, Arrival(state, paths), arrivals, returns)

    def _run(self, block: Block, arrival: Arrival, arrivals: Arrivals, returns: Arrivals) -> None:
        """Execute a block, and go on from there."""
        state = arrival.state
        self._blocks.run(block, state)
        paths = Paths(*(_extend(path, block.start, block.count) for path in arrival.paths))
        name = block.last.mnemonic
        if name == "eret":
            self._finished.end(paths)
        elif name == "ret":
            _meet(returns, 0, state, paths)
        elif name in ("bl", "blr"):
            self._run_call(block, Arrival(state, paths), arrivals)
        elif name == "wfi":
            self._finished.end(paths)
            _meet(arrivals, block.next, state, Paths(None, Path(0)))
        elif name not in ("brk", "udf"):
            for target, there in self._blocks.follow(block, state):
                _meet(arrivals, target, there, paths)

    def _run_call(self, block: Block, arrival: Arrival, arrivals: Arrivals) -> None:
        called = [block.last.operands[0].number] if block.last.mnemonic == "bl" else []
        for target in called or self._blocks.targets(block, arrival.state):
            state = arrival.state.copy()
            state.write(30, exactly(block.next))
            found = self._call(target, Arrival(state, arrival.paths))
            if found is None:
                continue
            back = found.state.read(30).constant
            if back is not None and back != block.next:
                raise UnboundedCode(f"{self.code.describe(target)}: returns to {back:#x}, not to its caller")
            _meet(arrivals, block.next, found.state, found.paths)

    def _is_lock(self, loop: Loop) -> bool:
        """Whether it waits for another core: it loads exclusively, and calls nothing."""
        return any(
            instruction.mnemonic in EXCLUSIVE_LOADS
            for item in loop.items
            if not isinstance(item, Loop)
            for instruction in self._blocks.at(item).body
        )

    def _given_rounds(self, loop: Loop) -> int | None:
        text = self.code.source_line(loop.head)
        return next((rounds for part, rounds in self._rounds.items() if part in text), None)

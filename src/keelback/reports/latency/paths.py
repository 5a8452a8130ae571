"""The longest path from an exception vector to `eret`, found by executing the kernel on what is known.

Where ways meet, what is known on both is kept and the longer one counts; ways on which the last call returned 0, 1 or
something else are kept apart until the next one, since what they do depends on it, and so are ways that are about to
return such. A loop is gone round as often as what is known lets it; a call is followed with what is known at the call.
`wfi` ends a path and begins another: the core has waited.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from keelback.reports.latency.branches import Block, Blocks
from keelback.reports.latency.errors import UnboundedCode
from keelback.reports.latency.loops import Item, Loop, head_of, shape_of
from keelback.reports.latency.machine_code import STACK_POINTER, MachineCode
from keelback.reports.latency.states import State, join, widen
from keelback.reports.latency.values import Value, exactly

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
    result: int | None = None  # what the last call returned, if it is in RESULTS


Key: TypeAlias = frozenset[tuple[int, int]]
Parts: TypeAlias = dict[Key, Arrival]
"""Ways to one point that are kept apart, by the registers whose value is known (register, value)."""

Arrivals: TypeAlias = dict[int, Parts]
TOGETHER: Key = frozenset()
CALLED, RETURNED = -1, 0
"""In a key, in place of a register: what the last call returned; what this routine may be about to return."""
PART_LIMIT = 12
COUNTERS = range(8, 29)
"""Registers by which ways are kept apart: those that hold something for longer than a call's arguments."""
RESULTS = (0, 1)
"""Of calls, by which ways are kept apart: no error, and yes or no."""


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


def _merge(found: Arrival, state: State, paths: Paths) -> None:
    found.state = join(found.state, state)
    found.paths = Paths(longer(found.paths.entered, paths.entered), longer(found.paths.woken, paths.woken))


def _together(parts: Parts) -> Arrival | None:
    """All ways as one."""
    whole: Arrival | None = None
    for part in parts.values():
        if whole is None:
            whole = part
        else:
            _merge(whole, part.state, part.paths)
    return whole


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
        self._waits: dict[tuple[int, ...], list[State]] = {}
        self._apart = False  # in a loop with loops in it, ways that differ in a counter are kept apart

    def explore(self, entry: int, state: State) -> Finished:
        """The longest paths from `entry`, with what is known there. UnboundedCode when there is no longest."""
        self._finished = Finished()
        self._active, self._apart = [], False
        if self._call(entry, Arrival(state, Paths(Path(0)))):
            raise UnboundedCode(f"{self.code.describe(entry)}: returns, though nobody called it")
        return self._finished

    def _call(self, entry: int, arrival: Arrival) -> Parts:
        """Follow a call; what is known at its returns."""
        if entry in self._ends:
            return {}
        if entry in self._active:
            cycle = [*self._active[self._active.index(entry) :], entry]
            raise UnboundedCode("recursion: " + " -> ".join(self.code.function(address) for address in cycle))
        if entry not in self._shapes:
            self._shapes[entry] = shape_of(self._blocks, entry, self._ends)
        self._active.append(entry)
        apart, self._apart = self._apart, False
        returns: Arrivals = {}
        arrivals: Arrivals = {entry: {TOGETHER: arrival}}
        self._walk(self._shapes[entry], arrivals, returns)
        self._active.pop()
        self._apart = apart
        if arrivals:
            raise UnboundedCode(f"{self.code.describe(next(iter(arrivals)))}: reached on a way that was not foreseen")
        return returns.get(0, {})

    def _meet(self, arrivals: Arrivals, target: int, state: State, paths: Paths, result: int | None) -> None:
        """A way has come to `target`."""
        present = state.read(0).constant
        named = ((CALLED, result), (RETURNED, present if present in RESULTS else None))
        known = [(register, value) for register, value in named if value is not None]
        if self._apart:
            counted = ((register, state.read(register).constant) for register in COUNTERS)
            known += [(register, value) for register, value in counted if value is not None]
        key = frozenset(known)
        parts = arrivals.setdefault(target, {})
        if key not in parts and len(parts) >= PART_LIMIT:
            key = next(iter(parts))
            parts[key].result = None
        if key in parts:
            _merge(parts[key], state, paths)
        else:
            parts[key] = Arrival(state, paths, result)

    def _walk(self, items: tuple[Item, ...], arrivals: Arrivals, returns: Arrivals) -> None:
        """Execute blocks and loops in order. `arrivals` are where it begins; in the end where it left the items to."""
        for item in items:
            for arrival in arrivals.pop(head_of(item), {}).values():
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
        nested = any(isinstance(item, Loop) for item in loop.items)
        parts: Parts = {TOGETHER: arrival}
        idle = 0
        for _ in range(ROUND_LIMIT):
            before = {key: Arrival(part.state.copy(), part.paths) for key, part in parts.items()}
            parts = self._round(loop, parts, arrivals, returns, nested)
            known = [key for key, part in parts.items() if key in before and before[key].state.covers(part.state)]
            idle += bool(known)
            for key in known:
                if _is_within(parts[key].paths, before[key].paths):
                    del parts[key]
            if not parts:
                return
            if idle > IDLE_ROUNDS:
                break
        raise UnboundedCode(f"{self.code.describe(loop.head)}: no bound is known for the loop at {loop.head:#x}")

    def _round(self, loop: Loop, parts: Parts, arrivals: Arrivals, returns: Arrivals, apart: bool) -> Parts:
        """Once round from each of `parts`; what comes back to the head."""
        inner: Arrivals = {loop.head: parts}
        outside, self._apart = self._apart, self._apart or apart
        self._walk(loop.items, inner, returns)
        self._apart = outside
        back = inner.pop(loop.head, {})
        for target, left in inner.items():
            for part in left.values():
                self._meet(arrivals, target, part.state, part.paths, part.result)
        return back

    def _walk_rounds(self, loop: Loop, arrival: Arrival, arrivals: Arrivals, returns: Arrivals, rounds: int) -> None:
        """A loop with a given number of rounds: what holds in all rounds, and the longest round that often."""
        state, paths = arrival.state, arrival.paths
        while True:
            back = _together(self._round(loop, {TOGETHER: Arrival(state.copy(), paths)}, {}, {}, False))
            if back is None or state.covers(back.state):
                break
            state = widen(state, back.state)
        for name, before in paths._asdict().items():
            after = getattr(back.paths, name) if back is not None else None
            if before is not None and after is not None:
                added = (rounds - 1) * (after.length - before.length)
                paths = paths._replace(**{name: _extend(before, loop.head, added)})
        self._round(loop, {TOGETHER: Arrival(state, paths)}, arrivals, returns, False)

    def _run(self, block: Block, arrival: Arrival, arrivals: Arrivals, returns: Arrivals) -> None:
        """Execute a block, and go on from there."""
        state = arrival.state
        self._blocks.run(block, state)
        paths = Paths(*(_extend(path, block.start, block.count) for path in arrival.paths))
        name = block.last.mnemonic
        if name == "eret":
            self._finished.end(paths)
        elif name == "ret":
            value = state.read(0).constant
            self._meet(returns, 0, state, paths, value if value in RESULTS else None)
        elif name in ("bl", "blr"):
            self._run_call(block, Arrival(state, paths), arrivals)
        elif name == "wfi":
            self._finished.end(paths)
            woken = self._wake(block, state)
            if woken is not None:
                self._meet(arrivals, block.next, woken, Paths(None, Path(0)), None)
        elif name not in ("brk", "udf"):
            for target, there in self._blocks.follow(block, state):
                self._meet(arrivals, target, there, paths, arrival.result)

    def _wake(self, block: Block, state: State) -> State | None:
        """What is known after waiting for an interrupt; None if all of it was followed before. Only where calls return
        to is kept, so that it need not be followed for every entry."""
        known = self._waits.setdefault((block.start, *self._active), [])
        if any(before.covers(state) for before in known):
            return None
        words = {address: word for address, word in state.words.items() if self._is_code(word[1])}
        woken = State({STACK_POINTER: state.read(STACK_POINTER)}, words)
        known.append(woken.copy())
        return woken

    def _is_code(self, value: Value) -> bool:
        return value.constant is not None and self.code.is_code(value.constant)

    def _run_call(self, block: Block, arrival: Arrival, arrivals: Arrivals) -> None:
        called = [block.last.operands[0].number] if block.last.mnemonic == "bl" else []
        for target in called or self._blocks.targets(block, arrival.state):
            state = arrival.state.copy()
            state.write(30, exactly(block.next))
            for found in self._call(target, Arrival(state, arrival.paths)).values():
                back = found.state.read(30).constant
                if back is not None and back != block.next:
                    raise UnboundedCode(f"{self.code.describe(target)}: returns to {back:#x}, not to its caller")
                self._meet(arrivals, block.next, found.state, found.paths, found.result)

    def _is_lock(self, loop: Loop) -> bool:
        """Whether it waits for another core: it loads exclusively, and neither calls nor loops within."""
        if any(isinstance(item, Loop) for item in loop.items):
            return False
        blocks = [self._blocks.at(head_of(item)) for item in loop.items]
        loads = any(instruction.mnemonic in EXCLUSIVE_LOADS for block in blocks for instruction in block.body)
        return loads and not any(block.last.mnemonic in ("bl", "blr") for block in blocks)

    def _given_rounds(self, loop: Loop) -> int | None:
        text = self.code.source_line(loop.head)
        return next((rounds for part, rounds in self._rounds.items() if part in text), None)

"""Which trap checks of a kernel no execution after boot can fail: what `keel build` may leave out.

Assumed of the tables are the `ranges` and the `RELATIONS` below, and both are shown to be kept by every function, for
all its callers (`pieces`); so nothing rests on invariants that are only tested. Places in boot and panic code, which
are not modelled, keep their checks, and so does all that they reach.
"""

from __future__ import annotations

import multiprocessing
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from keelback.abi import limits
from keelback.prover.encode import Obligation, Program, Run, Term, UnsupportedError, parse_module, query
from keelback.prover.encode import terms as t
from keelback.prover.encode.addresses import index_bits
from keelback.prover.encode.evaluation import evaluate
from keelback.prover.encode.executor import LATER
from keelback.prover.encode.module import CallTarget, Function, GlobalName
from keelback.prover.encode.shapes import ArrayShape
from keelback.prover.encode.shaping import any_of_all, walk
from keelback.prover.goals import (
    BEHIND_A_CALL,
    RANGES,
    Goal,
    arguments_of,
    goals_of,
    meaning_of,
    prepare,
    rows_kept,
    serves,
)
from keelback.prover.goals import step_arguments as arguments_of_step
from keelback.prover.hypotheses import authority, threads
from keelback.prover.pieces import Given, Limits, PiecewiseRun, integers, name_of
from keelback.prover.ranges import Ranges
from keelback.prover.rows import Rows
from keelback.prover.solvers import ask_cvc5, ask_z3

NOT_MODELLED = ("kernel_boot", "kernel_secondary", "kernel_panic")
"""Entries before components run, and when none runs any more."""
AFTER_BOOT: Final = ("keelback.kernel.entry.idle",)
"""Where boot ends, if no thread is ready: from there on the tables are as boot left them, which is what is assumed."""
RELATIONS: Final = (
    threads.slots_of_a_thread_exist,
    authority.tables_lie_in_slots,
    authority.capabilities_are_of_entries,
)
"""What is assumed of rows beyond ranges."""
SITE = re.compile(r"\bbrk #(\d+)\b")
TRAP = "trap"
INDEX_BITS: Final = 32
CHUNK = 40
SECONDS = 40.0
TRAP_SECONDS = 5.0
"""For one place: what has to be shown is worth more time than a check that may stay."""
CHUNK_SECONDS = 3.0
FUNCTION_SECONDS = 200.0
"""After this, what is left of a function counts as not proven."""


@dataclass(frozen=True)
class Found:
    """What was found of one function. `broken`: what keeps ranges and relations from being known to be kept; then
    nothing may go. `reached`: sites, by number, that were not proven to be unreachable in it."""

    name: str
    reached: frozenset[int]
    broken: tuple[str, ...]
    assumed: frozenset[str] = frozenset()
    seconds: float = 0.0


@dataclass
class Part:
    """A function that was run; what is to be shown of rows where it calls others, and where it ends."""

    run: PiecewiseRun
    relations: list[Obligation] = field(default_factory=list[Obligation])
    unsupported: str = ""


class Known:
    """What is assumed wherever something is read: ranges, relations, and how large parameters get."""

    def __init__(self, program: Program, space_count: int) -> None:
        self.ranges, self.rows = Ranges(program), Rows(program, RELATIONS, space_count)
        self.limits = self.ranges.limits

    def hypotheses(self, terms: Iterable[Term]) -> list[Term]:
        given = list(terms)
        related = self.rows.hypotheses(given)
        return [*related, *self.ranges.hypotheses([*given, *related])]


class Parts:
    """All functions of a kernel that components, guests and devices can get to run, each run once."""

    def __init__(
        self, ir: str, layouts: Mapping[str, Any], calls: Mapping[str, int], space_count: int = limits.SPACE_COUNT
    ) -> None:
        sys.setrecursionlimit(50_000)
        self.program = prepare(ir, layouts)
        self.known = Known(self.program, space_count)
        self.parts: dict[str, Part] = {}
        goals = [goal for goal in goals_of(ir, calls) if goal.kind == RANGES and goal.entry not in NOT_MODELLED]
        waiting: list[tuple[str, Goal | None]] = [(goal.entry, Goal(goal.entry, RANGES)) for goal in goals]
        while waiting:
            name, goal = waiting.pop()
            key = name if goal is not None else called(name)
            if key not in self.parts:
                self.parts[key] = self._run(name, goal)
                waiting += [(one.name, None) for one in self.parts[key].run.given]
        self._bound_parameters()

    def _run(self, name: str, goal: Goal | None) -> Part:
        run = PiecewiseRun(self.program)
        part = Part(run)
        rows, function = self.known.rows, self.program.module.functions[name]
        run.between = lambda guard, node: part.relations.extend(rows.kept(run, guard, node))
        try:
            given = run.as_given(function) if goal is None else _arguments(run, function, goal)
            outcome = run.start(name, given)
        except UnsupportedError as problem:
            part.unsupported = str(problem)
        else:
            part.relations += rows_kept(run, rows, outcome)
        return part

    def _bound_parameters(self) -> None:
        """Let parameters grow until no call gives more; of those that may then be anything, see what they name."""
        limits, news = Limits(self.known.limits), True
        while news:
            news, tops = False, dict[Term, int]()
            for part in self.parts.values():
                for one in part.run.given:
                    for number in integers(self.program, self.program.module.functions[one.name]):
                        value = one.arguments[number]
                        top = _top(value, self.known, tops)
                        news |= limits.widen(name_of(one.name, number), top, value.width)
        self._bound_indices()

    def _bound_indices(self) -> None:
        """Parameters of 32 bits that may be anything, as far as the largest values tell, are below the length of a
        table, if every call shows it: each begins with the shortest, and gets the next where a call may give more."""
        lengths = {shape.count for shape in self.program.shapes.values() if isinstance(shape, ArrayShape)}
        candidates = sorted({*(length for length in lengths if length > 1), self.known.rows.sizes.space_count})
        calls = self._index_calls()
        places = dict.fromkeys(calls, 0)
        self.known.limits.update((name, candidates[0]) for name in calls)
        waiting = set(calls)
        while waiting:
            name = min(waiting)
            waiting.discard(name)
            before = places[name]
            while name in self.known.limits and not all(self._is_given(name, *call) for call in calls[name]):
                places[name] += 1
                self.known.limits.pop(name)
                if places[name] < len(candidates):
                    self.known.limits[name] = candidates[places[name]]
            if places[name] != before:  # what its piece gives others rests on what it is given
                own = called(calls[name][0][1].name)
                waiting |= {other for other, uses in calls.items() if any(caller == own for caller, *_ in uses)}

    def _index_calls(self) -> dict[str, list[tuple[str, Given, int]]]:
        """For each parameter of 32 bits without a limit the calls: who calls, with what, and the parameter's number."""
        made: dict[str, list[tuple[str, Given, int]]] = {}
        for caller, part in self.parts.items():
            for one in part.run.given:
                for number in integers(self.program, self.program.module.functions[one.name]):
                    name = name_of(one.name, number)
                    if one.arguments[number].width == INDEX_BITS and name not in self.known.limits:
                        made.setdefault(name, []).append((caller, one, number))
        return made

    def _is_given(self, name: str, caller: str, one: Given, number: int) -> bool:
        """Whether a call shows that an argument is below its parameter's limit."""
        value, run = one.arguments[number], self.parts[caller].run
        inside = t.ult(value, t.const(self.known.limits[name], value.width))
        claim = Obligation(one.guard, inside, "range", name)
        return not _unproven(run, self.known, [claim], time.monotonic() + TRAP_SECONDS, TRAP_SECONDS)

    def decide(self, name: str) -> Found:
        """What is found of one function."""
        started, part = time.monotonic(), self.parts[name]
        if part.unsupported:
            return Found(name, frozenset(), (f"not modelled: {part.unsupported}",))
        run, end = part.run, started + FUNCTION_SECONDS
        needed = [o for o in run.obligations if o.kind != TRAP] + self.known.ranges.kept(run) + part.relations
        left = _unproven(run, self.known, _each_once(needed), end, SECONDS)
        broken = [f"{o.kind}: {o.where}" for o in left] + _overwritten(run, self.known)
        if self._is_contradictory(run, needed):
            broken.append("what is assumed contradicts itself")
        traps = [o for o in run.obligations if o.kind == TRAP]
        reached = {_site(o) for o in _unproven(run, self.known, _each_once(traps), end, TRAP_SECONDS)}
        seconds = time.monotonic() - started
        return Found(name, frozenset(reached), tuple(broken), frozenset(run.assumed), seconds)

    def _is_contradictory(self, run: PiecewiseRun, needed: Sequence[Obligation]) -> bool:
        """Whether it is not known that something satisfies what is assumed of a function: then what was shown may mean
        nothing."""
        claims = [term for o in (*needed, *run.obligations) for term in (o.guard, o.condition)]
        given = [term for one in run.given for term in (one.guard, *one.arguments)]
        base = [t.TRUE, *run.hypotheses]
        return ask_z3(query([*base, *self.known.hypotheses([*base, *claims, *given])]), SECONDS).verdict != "sat"


def called(name: str) -> str:
    """What a function is called where it is run as others call it."""
    return f"{name} as called"


def look(parts: Parts, jobs: int) -> Iterator[Found]:
    """Look at all functions of a kernel, `jobs` at a time."""
    largest_first = sorted(parts.parts, key=lambda name: -len(parts.parts[name].run.obligations))
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), _take_over, (parts,)) as executor:
        yield from executor.map(_decide, largest_first)


_ours: list[Parts] = []


def _take_over(parts: Parts) -> None:
    sys.setrecursionlimit(50_000)
    _ours[:] = [parts]


def _decide(name: str) -> Found:
    return _ours[0].decide(name)


def _arguments(run: Run, function: Function, goal: Goal) -> list[Any]:
    if goal.entry in BEHIND_A_CALL:
        _, shape = run.table("threads")
        caller = t.symbol("caller", index_bits(shape.count))
        run.hypotheses.append(t.ult(t.zext(caller, 64), t.const(shape.count, 64)))
        run.assume_caller(caller)
        run.assumed.add("Core.context is the address of a thread when its call has been carried out")
    by_stub = function.keeps_nothing or serves(run.program, function)
    return arguments_of_step(run, function) if by_stub else arguments_of(function, goal)


def _site(trap: Obligation) -> int:
    """Which site an obligation is about; -1: LLVM's own trap, which belongs to none."""
    found = SITE.search(trap.where)
    return int(found.group(1)) >> 4 if found is not None else -1


def _each_once(obligations: Sequence[Obligation]) -> list[Obligation]:
    return list({(o.guard.number, o.condition.number, o.where): o for o in obligations}.values())


def _overwritten(run: Run, ranges: Known) -> list[str]:
    """Fields with a range that assembly may have stored anything in. What others left while the kernel waited is not
    meant: they kept the ranges."""
    made: list[str] = []
    for found in run.memory.written():
        if found.name in ranges.limits:
            values = [write.value for write in found.writes if not isinstance(write.value, Term)]
            sample = tuple(t.const(0, width) for width in found.index_widths)
            if any(LATER not in value(sample).name for value in values):
                made.append(f"assembly stores in {found.name}")
    return made


def _unproven(run: Run, ranges: Known, obligations: list[Obligation], end: float, seconds: float) -> list[Obligation]:
    """Those of the obligations that are not shown to hold."""
    found: list[Obligation] = []
    tops: dict[Term, int] = {}
    obligations = [o for o in obligations if not _is_below(o.condition, ranges, tops)]
    waiting = [obligations[first : first + CHUNK] for first in range(0, len(obligations), CHUNK)]
    while waiting:
        left = waiting.pop()
        if time.monotonic() > end:
            found += left
            continue
        base = [any_of_all(t.and_(o.guard, t.not_(o.condition)) for o in left), *run.hypotheses]
        text = query([*base, *ranges.hypotheses(base)])
        answer = ask_z3(text, seconds if len(left) == 1 else CHUNK_SECONDS)
        if answer.verdict == "unsat" or (len(left) == 1 and answer.verdict == "unknown" and _is_refuted(text, seconds)):
            continue
        broken = left if len(left) == 1 else []
        if answer.model is not None:
            values = evaluate([term for o in left for term in (o.guard, o.condition)], meaning_of(answer.model))
            broken = [o for o in left if values[o.guard] == 1 and values[o.condition] == 0] or broken
        found += broken
        numbers = {id(o) for o in broken}
        rest = [o for o in left if id(o) not in numbers]
        half = len(rest) if broken else len(rest) // 2
        waiting += [part for part in (rest[:half], rest[half:]) if part]
    return found


def _is_below(claim: Term, ranges: Known, tops: dict[Term, int]) -> bool:
    """Whether a comparison holds whatever the path, by the largest values that both sides can have."""
    if claim.op == "and":
        return all(_is_below(part, ranges, tops) for part in claim.arguments)
    if claim.op != "ult" or not claim.arguments[1].is_constant:
        return False
    return _top(claim.arguments[0], ranges, tops) < claim.arguments[1].value


def _top(term: Term, ranges: Known, tops: dict[Term, int]) -> int:
    """No value of a term is larger, if all that was read is in its range."""
    for part in walk([term]):
        if part not in tops:
            tops[part] = min(_top_of(part, ranges, tops), (1 << part.width) - 1)
    return tops[term]


def _top_of(term: Term, ranges: Known, tops: dict[Term, int]) -> int:
    given, most = term.arguments, (1 << term.width) - 1
    if term.is_constant:
        return term.value
    match term.op:
        case "symbol" | "apply":
            return ranges.limits.get(term.name.rsplit(LATER, 1)[-1], most + 1) - 1
        case "zext":
            return tops[given[0]]
        case "ite":
            return max(tops[given[1]], tops[given[2]])
        case "band":
            return min(tops[one] for one in given)
        case "concat":
            return (tops[given[0]] << given[1].width) + tops[given[1]]
        case _:
            return most


def _is_refuted(text: str, seconds: float) -> bool:
    return ask_cvc5(text, seconds).verdict == "unsat"


@dataclass(frozen=True)
class Verdict:
    """Of a whole kernel: the sites that no entry reaches, of all that its optimised IR has; and why there are none."""

    proven: frozenset[int]
    sites: frozenset[int]
    broken: tuple[str, ...] = ()
    assumed: tuple[str, ...] = field(default_factory=tuple)


def verdict_of(ir: str, found: Sequence[Found], emitted: Iterable[int] = ()) -> Verdict:
    """What the functions' results say together. Sites that code reaches that is not modelled stay. Of those that were
    `emitted` the ones that LLVM's IR does not have go too: they never fail where all the others are, and as little when
    some are left out that never fail."""
    own = sites_of(ir)
    sites = frozenset(number for numbers in own.values() for number in numbers)
    broken = tuple(f"{one.name}: {text}" for one in found for text in one.broken)
    outside = {number for name in reached_from(ir, NOT_MODELLED, AFTER_BOOT) for number in own.get(name, ())}
    reached = outside.union(*(one.reached for one in found))
    assumed = sorted(frozenset().union(*(one.assumed for one in found)))
    return Verdict(frozenset() if broken else sites.union(emitted) - reached, sites, broken, tuple(assumed))


@lru_cache(maxsize=2)
def sites_of(ir: str) -> Mapping[str, frozenset[int]]:
    """The sites in each function of optimised IR."""
    made: dict[str, frozenset[int]] = {}
    for function in parse_module(ir).functions.values():
        targets = [i.detail for block in function.blocks.values() for i in block if isinstance(i.detail, CallTarget)]
        found = [SITE.search(target.template or "") for target in targets]
        made[function.name] = frozenset(int(one.group(1)) >> 4 for one in found if one is not None)
    return made


def reached_from(ir: str, entries: Sequence[str], without: Sequence[str] = ()) -> frozenset[str]:
    """Functions that these may run: what is named in them, and in those, and so on, but for some."""
    functions = parse_module(ir).functions
    pending, seen = [name for name in entries if name in functions], set[str]()
    while pending:
        name = pending.pop()
        if name not in seen and name not in without:
            seen.add(name)
            pending += [other for other in _named(functions[name]) if other in functions]
    return frozenset(seen)


def _named(function: Function) -> set[str]:
    made: set[str] = set()
    for block in function.blocks.values():
        for instruction in block:
            if isinstance(instruction.detail, CallTarget):
                made.add(instruction.detail.name)
            for operand in instruction.operands:
                if isinstance(operand.value, GlobalName):
                    made.add(operand.value.name)
    return made

"""Which trap checks of a kernel no execution after boot can fail: what `keel build` may leave out.

Nothing but `ranges` is assumed of the tables, and that is shown to be kept by every step of every entry, so nothing
rests on invariants that are only tested. Each value that is read is any value in its range: what was stored before is
not looked at. It is enough that each value that is stored is in range, whatever was read before it. Places in boot and
panic code, which are not modelled, keep their checks, and so does all that they reach.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from keelback.prover.encode import Obligation, Program, Run, Term, UnsupportedError, parse_module, query
from keelback.prover.encode import terms as t
from keelback.prover.encode.addresses import index_bits
from keelback.prover.encode.evaluation import evaluate
from keelback.prover.encode.executor import LATER
from keelback.prover.encode.memory import Memory
from keelback.prover.encode.module import CallTarget, Function, GlobalName
from keelback.prover.encode.shaping import any_of_all, walk
from keelback.prover.goals import BEHIND_A_CALL, RANGES, Goal, arguments_of, goals_of, meaning_of, prepare, serves
from keelback.prover.goals import step_arguments as arguments_of_step
from keelback.prover.ranges import Ranges
from keelback.prover.solvers import ask_cvc5, ask_z3

NOT_MODELLED = ("kernel_boot", "kernel_secondary", "kernel_panic", "kernel_failure")
"""Entries before components run, and when none runs any more."""
SITE = re.compile(r"\bbrk #(\d+)\b")
TRAP = "trap"
CHUNK = 40
FEW = 1000
"""Entries with fewer places that could go wrong are looked at with all that was stored before."""
SECONDS = 8.0
CHUNK_SECONDS = 3.0
ENTRY_SECONDS = 100.0
"""After this, what is left of an entry counts as not proven."""


@dataclass(frozen=True)
class Search:
    """One entry, or system call, of a kernel."""

    goal: Goal
    ir: str
    layouts: Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """What was found of one entry. `broken`: what keeps the ranges from being known to be kept; then nothing may go.
    `reached`: sites, by number, that were not proven to be unreachable in it."""

    name: str
    reached: frozenset[int]
    broken: tuple[str, ...]
    assumed: frozenset[str] = frozenset()
    seconds: float = 0.0


class AnyInRange(Memory):
    """Memory of which a read tells nothing but that the value is in its range; writes are noted."""

    def __init__(self, program: Program, run: Run) -> None:
        super().__init__(run.timeline)
        self.fields, self.constants = run.memory.fields, run.memory.constants
        self._reads = 0

    def read(self, name: str, indices: tuple[Term, ...], node: int) -> Term:
        found = self.fields.get(name)
        if found is None or (found.known_first is not None and not found.writes):
            return super().read(name, indices, node)
        self._reads += 1
        return t.apply(f"read {self._reads}{LATER}{name}", indices, found.width)


def searches(ir: str, layouts: Mapping[str, Any], calls: Mapping[str, int]) -> list[Search]:
    """All entries of a kernel that are modelled, the slow ones (as it happens, the last) first."""
    goals = [goal for goal in goals_of(ir, calls) if goal.kind == RANGES and goal.entry not in NOT_MODELLED]
    return [Search(goal, ir, layouts) for goal in goals[::-1]]


def search(given: Search) -> Found:
    """Look at one entry."""
    sys.setrecursionlimit(20_000)
    started = time.monotonic()
    program, goal = prepare(given.ir, given.layouts), given.goal
    run = Run(program)
    run.memory = AnyInRange(program, run)
    ranges = Ranges(program)
    try:
        run.start(goal.entry, _arguments(run, program.module.functions[goal.entry], goal))
        if len(run.obligations) < FEW:  # then what was stored can be looked at
            run = Run(program)
            run.start(goal.entry, _arguments(run, program.module.functions[goal.entry], goal))
    except UnsupportedError as problem:
        return Found(goal.name, frozenset(), (f"not modelled: {problem}",))
    needed = [o for o in run.obligations if o.kind != TRAP] + ranges.kept(run)
    left = _unproven(run, ranges, _each_once(needed), started + ENTRY_SECONDS)
    broken = [f"{o.kind}: {o.where}" for o in left] + _overwritten(run, ranges)
    traps = [o for o in run.obligations if o.kind == TRAP]
    reached = {_site(o) for o in _unproven(run, ranges, _each_once(traps), started + ENTRY_SECONDS)}
    seconds = time.monotonic() - started
    return Found(goal.name, frozenset(reached), tuple(broken), frozenset(run.assumed), seconds)


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


def _overwritten(run: Run, ranges: Ranges) -> list[str]:
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


def _unproven(run: Run, ranges: Ranges, obligations: list[Obligation], end: float) -> list[Obligation]:
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
        answer = ask_z3(text, SECONDS if len(left) == 1 else CHUNK_SECONDS)
        if answer.verdict == "unsat" or (len(left) == 1 and answer.verdict == "unknown" and _is_refuted(text)):
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


def _is_below(claim: Term, ranges: Ranges, tops: dict[Term, int]) -> bool:
    """Whether a comparison holds whatever the path, by the largest values that both sides can have."""
    if claim.op == "and":
        return all(_is_below(part, ranges, tops) for part in claim.arguments)
    if claim.op != "ult" or not claim.arguments[1].is_constant:
        return False
    return _top(claim.arguments[0], ranges, tops) < claim.arguments[1].value


def _top(term: Term, ranges: Ranges, tops: dict[Term, int]) -> int:
    """No value of a term is larger, if all that was read is in its range."""
    for part in walk([term]):
        if part not in tops:
            tops[part] = min(_top_of(part, ranges, tops), (1 << part.width) - 1)
    return tops[term]


def _top_of(term: Term, ranges: Ranges, tops: dict[Term, int]) -> int:
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


def _is_refuted(text: str) -> bool:
    return ask_cvc5(text, SECONDS).verdict == "unsat"


@dataclass(frozen=True)
class Verdict:
    """Of a whole kernel: the sites that no entry reaches, of all that its optimised IR has; and why there are none."""

    proven: frozenset[int]
    sites: frozenset[int]
    broken: tuple[str, ...] = ()
    assumed: tuple[str, ...] = field(default_factory=tuple)


def verdict_of(ir: str, found: Sequence[Found]) -> Verdict:
    """What the entries' results say together. Sites that code reaches that is not modelled stay."""
    own = sites_of(ir)
    sites = frozenset(number for numbers in own.values() for number in numbers)
    broken = tuple(f"{one.name}: {text}" for one in found for text in one.broken)
    outside = {number for name in reached_from(ir, NOT_MODELLED) for number in own.get(name, ())}
    reached = outside.union(*(one.reached for one in found))
    assumed = sorted(frozenset().union(*(one.assumed for one in found)))
    return Verdict(frozenset() if broken else sites - reached, sites, broken, tuple(assumed))


@lru_cache(maxsize=2)
def sites_of(ir: str) -> Mapping[str, frozenset[int]]:
    """The sites in each function of optimised IR."""
    made: dict[str, frozenset[int]] = {}
    for function in parse_module(ir).functions.values():
        targets = [i.detail for block in function.blocks.values() for i in block if isinstance(i.detail, CallTarget)]
        found = [SITE.search(target.template or "") for target in targets]
        made[function.name] = frozenset(int(one.group(1)) >> 4 for one in found if one is not None)
    return made


def reached_from(ir: str, entries: Sequence[str]) -> frozenset[str]:
    """Functions that these may run: what is named in them, and in those, and so on."""
    functions = parse_module(ir).functions
    pending, seen = [name for name in entries if name in functions], set[str]()
    while pending:
        name = pending.pop()
        if name not in seen:
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

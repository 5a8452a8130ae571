"""`call::refinement`: the code of a system call leaves in the kernel's tables what its specification leaves in the
abstract state, the status and every register among it.

Shown of `kernel_system_call` with the call's number, from its first instruction to its return, and of x8, which
`kernel_called` then sets to what it returns. Compared are all fields of `representation.MEANINGS`, at any row, on each
path that the specification can take, and that what is `unread` stays as it was. Not compared is what only the kernel
sees: counts, bitmaps and copies, of which `invariants` speak. What the processor does apart from the tables is not part
of the state. A call that ends in a stub, and never returns, is not modelled.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from keelback.abi import errors
from keelback.prover.encode import Obligation, Term, UnsupportedError
from keelback.prover.encode import terms as t
from keelback.prover.encode.shaping import any_of_all
from keelback.prover.goals import NOT_MODELLED, PROVEN, Goal, Job, Result, prepare
from keelback.prover.ranges import STATE
from keelback.prover.refinement.call import NOW, Assumptions, Call
from keelback.prover.refinement.deciding import settle
from keelback.prover.refinement.facts import ASSUMED
from keelback.prover.refinement.numbers import WIDE, Number, term_of, wide
from keelback.prover.refinement.paths import Decisions, NotModelledError, Path, paths
from keelback.prover.refinement.representation import (
    MEANINGS,
    REGISTER_COUNT,
    Meaning,
    can_be_named,
    unread,
)
from keelback.prover.refinement.symbolic import Store, SymbolicState
from keelback.prover.specs.step import perform

MISSING_SECONDS = 5.0
"""To show that a path which is not modelled cannot be taken."""
STATUS_NAMES = {value: name for name, value in vars(errors).items() if name.isupper() and type(value) is int}


@dataclass(frozen=True)
class End:
    """What a path of a specification comes to: a status, or what it cannot do."""

    store: Store
    status: Term | None
    problem: str = ""
    not_modelled: bool = False


def specified(call: Call) -> Iterator[Path[End]]:
    """All paths of the call's specification."""

    def run(decisions: Decisions) -> End:
        store = Store(call.before, decisions)
        here: Any = Number(wide(call.core), decisions) if not call.core.is_constant else call.core.value
        state: Any = SymbolicState(store, here, Number(wide(t.symbol(NOW, 64)), decisions))
        try:
            return End(store, term_of(perform(state, call.number)))
        except NotModelledError as problem:
            return End(store, None, str(problem), not_modelled=True)
        except (KeyError, IndexError, AssertionError, AttributeError) as problem:
            return End(store, None, f"{type(problem).__name__}: {problem}")

    return paths(run)


def prove_refinement(job: Job) -> Result:
    """Run the goal."""
    started = time.monotonic()
    goal: Goal = job.goal
    assert goal.case is not None

    def not_modelled(reason: str) -> Result:
        return Result(goal.name, NOT_MODELLED, time.monotonic() - started, reason=reason)

    program = prepare(job.ir, job.layouts)
    try:
        call = Call(program, goal.case)
        if call.is_never_back:
            return not_modelled("the call leaves the kernel without a return")
        obligations = list(compare(call))
    except (UnsupportedError, NotModelledError) as problem:
        return not_modelled(str(problem))
    assumptions = Assumptions(call)
    missing = [obligation for obligation in obligations if obligation.kind == NOT_MODELLED]
    if settle(assumptions.of, missing, min(job.seconds, MISSING_SECONDS))[0] != PROVEN:  # not shown to be impossible
        return not_modelled("; ".join(sorted({obligation.where for obligation in missing})))
    left = [obligation for obligation in obligations if obligation.kind != NOT_MODELLED]
    status, findings, solver = settle(assumptions.of, left, job.seconds)
    assumed = tuple(sorted({*call.run.assumed, *ASSUMED}))
    return Result(goal.name, status, time.monotonic() - started, len(obligations), solver, findings, assumed)


def compare(call: Call) -> Iterator[Obligation]:
    """What has to hold for the code to do what the specification says."""
    finals: dict[str, tuple[tuple[Term, ...], Term, Term]] = {}
    for name, meaning in MEANINGS.items():
        sample, inside = sample_of(meaning, call)
        finals[name] = sample, inside, meaning.formula(call.after, *sample)
    yield from unread_stays(call)
    claims = Claims()
    for path in specified(call):
        end, guard = path.result, t.and_(path.condition, call.outcome.guard)
        if end.status is None:
            claims.add(NOT_MODELLED if end.not_modelled else "specification", guard, t.FALSE, end.problem, "")
            continue
        for name, (sample, inside, final) in finals.items():
            same = t.eq(final, end.store.term(name, sample))
            if same is not t.TRUE:
                claims.add("refinement", guard, t.implies(inside, same), name, status_name(end.status))
    yield from claims.obligations()


class Claims:
    """What paths claim, each claim once, with all paths that make it."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, int, str], tuple[Term, list[Term], set[str]]] = {}

    def add(self, kind: str, guard: Term, claim: Term, what: str, status: str) -> None:
        _, guards, statuses = self._made.setdefault((kind, claim.number, what), (claim, [], set()))
        guards.append(guard)
        statuses.add(status)

    def obligations(self) -> Iterator[Obligation]:
        for (kind, _, what), (claim, guards, statuses) in self._made.items():
            said = f" where the specification says {', '.join(sorted(statuses))}" if any(statuses) else ""
            yield Obligation(any_of_all(guards), claim, kind, what + said)


def status_name(status: Term) -> str:
    return STATUS_NAMES.get(status.value, str(status.value)) if status.is_constant else "a status"


def unread_stays(call: Call) -> Iterator[Obligation]:
    """What specifications cannot read or write yet is what it was."""
    for name in unread(call.shape):
        found = call.run.memory.fields[STATE + name]
        if found.writes:
            place = tuple(t.symbol(f"any {name} {n}", width) for n, width in enumerate(found.index_widths))
            same = t.eq(call.run.memory.read(found.name, place, call.outcome.node), found.first(place))
            yield Obligation(call.outcome.guard, same, "refinement", f"{name} stays as it was")


def sample_of(meaning: Meaning, call: Call) -> tuple[tuple[Term, ...], Term]:
    """Any place of a field, and that it is one."""
    store = Store(call.before, Decisions([]))
    counts, domain = call.shape.counts, meaning.domain
    place = tuple(t.symbol(f"any {domain} {n}", width) for n, width in enumerate(store.widths(meaning.name)))
    if domain == "objects":
        return place, can_be_named(call.shape, *place)
    if domain == "capabilities":
        return place, t.and_(is_row(place[0], counts["tables"]), t.ult(place[1], call.before("tables.count", place[0])))
    if domain == "entries":
        return place, is_row(place[0], counts["translations"], 0)
    if domain == "records":
        newest, size = call.after("cores.trace_next", place[0]), counts["trace_records"] // 4 // counts["cores"]
        is_kept = t.ult(t.sub(t.sub(newest, place[1]), t.const(1, 64)), t.const(size, 64))
        return place, t.and_(is_row(place[0], counts["cores"], 0), t.and_(is_kept, t.ult(place[1], newest)))
    table = meaning.name.split(".")[0]
    table = "threads" if table == "sleeping" else table
    inside = is_row(place[0], counts[table], 0 if table == "cores" else 1)
    if domain in ("registers", "vcpu registers"):
        inside = t.and_(inside, t.ult(place[1], t.const(REGISTER_COUNT, place[1].width)))
    return place, inside


def is_row(index: Term, count: int, first: int = 1) -> Term:
    """Whether an index is one of a table's."""
    low, high = t.const(first, WIDE), t.const(count, WIDE)
    number = t.zext(index, WIDE)
    return t.and_(t.ule(low, number), t.ult(number, high))

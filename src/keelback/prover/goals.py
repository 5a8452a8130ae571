"""Goals: what is shown of one entry of the kernel, each with a name by which it can be run alone.

`no-trap`: no trap, no index outside its array, nothing that LLVM leaves undefined. `ranges` and `invariants`: the
statements of `ranges`, and those of `hypotheses` (which `rows` and `counts` make of them), hold again at the end. All
three assume all these statements of the state before. `machine`: see `machine.equivalence`. Specifications are not
compared here. `stack`: see `machine.stack`; `bound`: see `bound`.
"""

from __future__ import annotations

import json
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from keelback.lang import Layout
from keelback.prover.cases import CASE_SECONDS, is_refuted_by_cases
from keelback.prover.counts import first_reader
from keelback.prover.encode import Obligation, Outcome, Program, Run, Term, UnsupportedError, parse_module, query
from keelback.prover.encode import terms as t
from keelback.prover.encode.addresses import index_bits
from keelback.prover.encode.evaluation import Interpretation, Value, evaluate
from keelback.prover.encode.module import Function
from keelback.prover.encode.shaping import any_of_all, walk
from keelback.prover.encode.types import StructType, width_of
from keelback.prover.example import satisfies
from keelback.prover.hypotheses import View, sizes_of
from keelback.prover.hypotheses.view import is_set, is_zero
from keelback.prover.machine import (
    Comparison,
    Image,
    addresses_in,
    are_equal,
    compare,
    deepest,
    describe_stack,
    read_elf,
    stack_room,
)
from keelback.prover.ranges import STATE, Ranges
from keelback.prover.rows import Rows
from keelback.prover.solvers import Answer, Model, Table, ask_cvc5, ask_z3, decide

NO_TRAP, RANGES, KEPT = "no-trap", "ranges", "invariants"
PROPERTIES = (NO_TRAP, RANGES, KEPT)
MACHINE, STACK, BOUND = "machine", "stack", "bound"
OF_THE_IMAGE = (MACHINE, STACK, BOUND)
"""Goals about the linked kernel."""
WHOLE_KERNEL = "kernel"
"""The subject of a goal about all of it."""
PROVEN, REFUTED, UNKNOWN, NOT_MODELLED = "proven", "counterexample", "unknown", "not modelled"
DISPATCHER = "kernel_system_call"
"""The entry behind `svc`: it takes the number of the call. Goals about it are one for each call."""
UNKNOWN_CALL = "unknown_call"
"""Stands for all numbers that no call has."""
BEHIND_A_CALL = ("kernel_called",)
BY_COMPONENTS = (DISPATCHER, "kernel_call", "kernel_reply_receive", "kernel_finish_call", "kernel_vcpu_run")
"""Entries that a component's `svc` leads to; and one that follows when the call has been carried out."""
CHUNK = 60
"""Obligations that are decided together at first; half of them, where they take longer than CHUNK_SECONDS."""
CHUNK_SECONDS = 6.0
MACHINE_SECONDS = 5.0
"""Time for a function's machine code as a whole, before it is looked at step by step."""
STEPS_SECONDS = 40.0
GOAL_SECONDS = 60.0
"""After this no further chunk of a goal is begun."""
CLAUSE_SECONDS = (2.0, 8.0)
"""Time of each solver for one invariant of one goal, and of all its parts together the double; and at a second try,
when the others have been decided."""
CLAUSES_SECONDS = 45.0
"""After this no further invariant of a goal is begun."""
FEWER_SECONDS = 10.0
"""The solver's time for one invariant that stayed open, with fewer assumptions."""
FEWERS_SECONDS = 45.0
"""Time for all of these."""
CASES_SECONDS = 120.0
"""Time for all invariants of one goal that are left, with fewer assumptions and then case by case."""
FINDINGS = 12
"""Failing places that are told of one goal; there may be more."""


Assume = Callable[[list[Term]], list[Term]]
"""What is assumed of the rows that some terms read."""


@dataclass(frozen=True)
class Goal:
    """`entry` is a function; `case` the value of its first parameter, the number of the system call `case_name`; or
    that parameter is any number from `others_from` on, which no call has."""

    entry: str
    kind: str
    case: int | None = None
    case_name: str = ""
    others_from: int = 0

    @property
    def name(self) -> str:
        return f"{self.case_name or self.entry}::{self.kind}"


@dataclass(frozen=True)
class Finding:
    """One place that can fail, and the state in which it does: fields as `threads[3].queue`, values."""

    kind: str
    where: str
    state: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Result:
    """`obligations`: how many places were looked at. `reason` of what is not modelled, or a figure. `clauses`: of
    a goal about invariants, the status of each that reads anything the goal writes."""

    goal: str
    status: str
    seconds: float
    obligations: int = 0
    solver: str = ""
    findings: tuple[Finding, ...] = ()
    assumed: tuple[str, ...] = ()
    reason: str = ""
    clauses: Mapping[str, str] = field(default_factory=dict[str, str])

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        given: dict[str, Any] = dict(data)
        given["findings"] = tuple(Finding(**found) for found in data["findings"])
        given["assumed"] = tuple(data["assumed"])
        return cls(**given)


@dataclass(frozen=True)
class Job:
    """A goal with all that a worker needs, so that it can run in another process or on another machine. `image` is the
    linked kernel's bytes in base 64, for goals about its machine code."""

    goal: Goal
    ir: str
    layouts: Mapping[str, Any]
    seconds: float
    image: str = ""


def goals_of(ir: str, calls: Mapping[str, int], *, with_machine: bool = False) -> list[Goal]:
    """All goals of a kernel: per property one for each system call, through the dispatcher, and one for each entry;
    `with_machine` also one for the machine code of each function, and one for the depth of the stack."""
    functions = parse_module(ir).functions.values()
    entries = [function.name for function in functions if not function.is_internal]
    made: list[Goal] = []
    if DISPATCHER in entries:
        entries.remove(DISPATCHER)
        made = [Goal(DISPATCHER, kind, n, name) for name, n in calls.items() for kind in PROPERTIES]
        others = max(calls.values(), default=-1) + 1
        made += [Goal(DISPATCHER, kind, None, UNKNOWN_CALL, others) for kind in PROPERTIES]
    if with_machine:
        made += [Goal(WHOLE_KERNEL, STACK), *(Goal(function.name, MACHINE) for function in functions)]
    return made + [Goal(entry, kind) for entry in entries for kind in PROPERTIES]


@lru_cache(maxsize=2)
def _program(ir: str, layouts: tuple[tuple[str, str], ...]) -> Program:
    return Program(parse_module(ir), {name: Layout.from_json(json.loads(text)) for name, text in layouts})


def frozen(layouts: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, json.dumps(data, sort_keys=True)) for name, data in sorted(layouts.items()))


def prepare(ir: str, layouts: Mapping[str, Any]) -> Program:
    """The program, kept for the next goal of the same kernel."""
    return _program(ir, frozen(layouts))


def prove(job: Job) -> Result:
    """Run one goal."""
    sys.setrecursionlimit(20_000)
    started = time.monotonic()
    if job.goal.kind == MACHINE:
        return prove_machine(job)
    if job.goal.kind == STACK:
        return prove_stack(job)
    program = prepare(job.ir, job.layouts)
    goal = job.goal
    run = Run(program)
    function = program.module.functions[goal.entry]
    by_stub = function.keeps_nothing or serves(program, function)
    enter(run, goal.entry)
    ranges, rows = Ranges(program), Rows(program)
    checked_between: list[Obligation] = []
    if goal.kind == KEPT:
        run.between = lambda guard, node: checked_between.extend(rows.kept(run, guard, node))
    try:
        given = step_arguments(run, function) if by_stub else arguments_of(function, goal)
        outcome = run.start(goal.entry, given)
    except UnsupportedError as problem:
        return Result(goal.name, NOT_MODELLED, time.monotonic() - started, reason=str(problem))
    obligations = run.obligations
    lost = next((o for o in obligations if o.kind == "bounds" and o.guard is t.TRUE and o.condition is t.FALSE), None)
    if lost is not None and goal.kind != NO_TRAP:
        reason = f"an address of which nothing is known: {lost.where}"
        return Result(goal.name, NOT_MODELLED, time.monotonic() - started, reason=reason)
    if goal.kind == RANGES:
        obligations = ranges.kept(run)
    elif goal.kind == KEPT:
        obligations = [*checked_between, *rows_kept(run, rows, outcome)]

    def hypotheses(terms: list[Term]) -> list[Term]:
        related = rows.hypotheses(terms)
        return [*related, *ranges.hypotheses([*terms, *related])]

    def uncounted(terms: list[Term]) -> list[Term]:
        related = rows.hypotheses(terms, with_counts=False)
        return [*related, *ranges.hypotheses([*terms, *related])]

    def near(terms: list[Term]) -> list[Term]:
        related = rows.hypotheses(terms, rounds=1)
        return [*related, *ranges.hypotheses([*terms, *related])]

    clauses: dict[str, str] = {}
    if goal.kind == KEPT:
        clauses, findings, solver = settle_clauses(run, (hypotheses, uncounted, near), obligations, job.seconds)
        verdict = whole_status(clauses.values())
    else:
        verdict, findings, solver = settle(run, hypotheses, _different(obligations), job.seconds)
    seconds = time.monotonic() - started
    assumed = tuple(sorted(run.assumed))
    return Result(goal.name, verdict, seconds, len(obligations), solver, findings, assumed, clauses=clauses)


def serves(program: Program, function: Function) -> bool:
    """Whether a function is one that the stub finds in the table of calls: it is given the thread that calls."""
    is_told = program.module.pointed_at.get((function.name, 0), "").rsplit(".", 1)[-1] == "Thread"
    return is_told and len(function.parameters) == 1 and not function.is_internal and not function.keeps_nothing


def enter(run: Run, entry: str) -> None:
    """What is known when components call: the present thread does, or, once its call has been carried out, one did."""
    if entry in BEHIND_A_CALL:
        _, shape = run.table("threads")
        caller = t.symbol("caller", index_bits(shape.count))
        run.hypotheses += [is_set(caller), t.ult(t.zext(caller, 64), t.const(shape.count, 64))]
        run.assume_caller(caller)
        run.assumed.add("Core.context is the address of a thread, not 0, when its call has been carried out")
    if entry in BY_COMPONENTS or serves(run.program, run.program.module.functions[entry]):
        sizes = sizes_of(run.program)
        before = View(sizes, first_reader(sizes, ""))
        current = before.get("cores.current", t.symbol("this_core", 64))
        run.hypotheses += [is_set(current), is_zero(before.get("threads.guest", current))]
        run.assumed.add("who calls is threads[Core.current], neither thread 0 nor in VCPU_RUN")


@lru_cache(maxsize=2)
def _linked(ir: str, layouts: tuple[tuple[str, str], ...], image: str) -> tuple[Program, Image]:
    elf = read_elf(b64decode(image))
    module = parse_module(ir)
    known = {name: Layout.from_json(json.loads(text)) for name, text in layouts}
    return Program(module, known, addresses_in(module, elf)), elf


def prove_machine(job: Job) -> Result:
    """Whether a function's machine code does what its IR does."""
    started = time.monotonic()
    name, goal = job.goal.entry, job.goal.name
    program, image = _linked(job.ir, frozen(job.layouts), job.image)
    try:
        found = compare(program, image, name)
    except UnsupportedError as problem:
        return Result(goal, NOT_MODELLED, time.monotonic() - started, reason=str(problem))
    if ask_z3(query([t.TRUE, *found.hypotheses]), job.seconds).verdict == "unsat":
        reason = f"{name} reads or writes what the IR alone does not tell the place of: a parameter that is an address"
        return Result(goal, NOT_MODELLED, time.monotonic() - started, reason=reason)
    wrong = [t.and_(o.guard, t.not_(o.condition)) for o in found.obligations]
    whole = query([any_of_all(wrong), *found.hypotheses])
    answer = decide(whole, min(job.seconds, MACHINE_SECONDS))
    if answer.verdict == "unknown" and _is_equal_step_by_step(found, wrong, job.seconds):
        answer = Answer("unsat", "cvc5 z3", 0.0)
    if answer.verdict == "unknown" and job.seconds > MACHINE_SECONDS:
        answer = decide(whole, job.seconds)
    status = PROVEN if answer.verdict == "unsat" else REFUTED if answer.verdict == "sat" else UNKNOWN
    findings = (Finding("machine", f"{name} and its machine code differ"),) if status == REFUTED else ()
    seconds = time.monotonic() - started
    assumed = tuple(sorted(found.assumed))
    return Result(goal, status, seconds, found.instruction_count, answer.solver, findings, assumed)


def _is_equal_step_by_step(found: Comparison, wrong: list[Term], seconds: float) -> bool:
    """The same in small claims: the histories pair by pair, and then all other places."""
    first, second = found.history
    if not are_equal(first, second, found.hypotheses, seconds, STEPS_SECONDS):
        return False
    return decide(query([any_of_all(wrong[1:]), *found.hypotheses]), seconds).verdict == "unsat"


def prove_stack(job: Job) -> Result:
    """Whether the kernel's stack is large enough for the deepest path; `reason` says how deep it gets."""
    started = time.monotonic()
    program, image = _linked(job.ir, frozen(job.layouts), job.image)
    try:
        depth, room = deepest(image), stack_room(program)
    except UnsupportedError as problem:
        return Result(job.goal.name, NOT_MODELLED, time.monotonic() - started, reason=str(problem))
    told = describe_stack(image, depth, room)
    status = PROVEN if depth.size_bytes <= room else REFUTED
    findings = () if status == PROVEN else (Finding("stack", told),)
    seconds = time.monotonic() - started
    return Result(job.goal.name, status, seconds, len(image.functions), "", findings, reason=told)


def step_arguments(run: Run, function: Function) -> list[Any]:
    """Of an entry that a stub leaves its core, and perhaps the thread that calls, in registers for; all else is
    unknown."""
    core = run.core_address()
    made: list[Any] = []
    for number, parameter in enumerate(function.parameters):
        struct = run.program.module.pointed_at.get((function.name, number), "").rsplit(".", 1)[-1]
        if struct == "Core":
            made.append(core)
        elif struct == "Thread":
            made.append(run.present_thread(core, t.TRUE, 0, function.name))
        else:
            made.append(t.symbol(parameter.name, width_of(parameter.type)))
    return made


def arguments_of(function: Function, goal: Goal) -> list[Any]:
    """Unknowns; the first one is the number of the call, if the goal is about one."""
    made: list[Any] = []
    for parameter in function.parameters:
        if isinstance(parameter.type, StructType):
            made.append(
                tuple(t.symbol(f"{parameter.name}.{n}", width_of(m)) for n, m in enumerate(parameter.type.members))
            )
        else:
            made.append(t.symbol(parameter.name, width_of(parameter.type)))
    if goal.case is not None:
        made[0] = t.const(goal.case, made[0].width)
    if goal.others_from:  # the number is in the 16 bits of `svc`
        more = t.zext(t.symbol("number", 16), made[0].width)
        made[0] = t.add(more, t.const(goal.others_from, made[0].width))
    return made


def _different(obligations: Sequence[Obligation]) -> list[Obligation]:
    """Each claim once."""
    return list({(o.guard.number, o.condition.number): o for o in obligations}.values())


def rows_kept(run: Run, rows: Rows, outcome: Outcome) -> list[Obligation]:
    """The row invariants, wherever a run ends without a trap."""
    ends = [stop for stop in run.stops if stop.number <= 0]
    guards = [outcome.guard, *(stop.guard for stop in ends)]
    node = run.timeline.after([outcome.node, *(stop.node for stop in ends)])
    return rows.kept(run, any_of_all(guards), node)


def settle_clauses(
    run: Run, choices: Sequence[Assume], obligations: Sequence[Obligation], seconds: float
) -> tuple[dict[str, str], tuple[Finding, ...], str]:
    """Decide each invariant by itself, those with few terms first, so that none keeps the others from being decided.
    `choices`: what to assume; what stays open with all of it may be shown with less, of which solvers make more."""
    hypotheses = choices[0]
    parts: dict[str, list[Obligation]] = {}
    for obligation in obligations:
        parts.setdefault(obligation.where, []).append(obligation)
    end = time.monotonic() + CLAUSES_SECONDS
    statuses = dict.fromkeys(parts, UNKNOWN)
    findings: list[Finding] = []
    solvers: set[str] = set()
    sizes = {name: sum(1 for _ in walk([o.condition for o in claims])) for name, claims in parts.items()}
    for allowed in CLAUSE_SECONDS:
        for name in sorted((name for name in parts if statuses[name] == UNKNOWN), key=lambda name: sizes[name]):
            own = min(seconds, allowed)
            room = min(end - time.monotonic(), 2 * own)
            if room > 0:
                claims = _different(parts[name])
                statuses[name], found, solver = settle(run, hypotheses, claims, min(own, room), room)
                findings += found
                solvers.update(solver.split())
    end = time.monotonic() + CASES_SECONDS
    settle_with_fewer(run, choices[1:], parts, statuses, min(seconds, FEWER_SECONDS))
    settle_by_cases(run, hypotheses, parts, statuses, end)
    return statuses, tuple(findings[:FINDINGS]), " ".join(sorted(solvers))


def settle_with_fewer(
    run: Run,
    choices: Sequence[Assume],
    parts: Mapping[str, list[Obligation]],
    statuses: dict[str, str],
    seconds: float,
) -> None:
    """Show some of the invariants that stayed open from less, FEWERS_SECONDS in all."""
    end = time.monotonic() + FEWERS_SECONDS
    for fewer in choices:
        for name in [name for name, status in statuses.items() if status == UNKNOWN]:
            room = min(seconds, end - time.monotonic())
            if room > 0 and is_shown(run, fewer, parts[name], room):
                statuses[name] = PROVEN


def is_shown(run: Run, hypotheses: Assume, claims: Sequence[Obligation], seconds: float) -> bool:
    """Whether these follow from what is assumed, which does not contradict itself."""
    wrong = [any_of_all(t.and_(o.guard, t.not_(o.condition)) for o in claims), *run.hypotheses]
    assumed = hypotheses(wrong)
    is_unsat = ask_z3(query([*wrong, *assumed]), seconds).verdict == "unsat"
    return is_unsat and agree([*assumed, *run.hypotheses], seconds)


def settle_by_cases(
    run: Run,
    hypotheses: Assume,
    parts: Mapping[str, list[Obligation]],
    statuses: dict[str, str],
    end: float,
) -> None:
    """Show some of the invariants that stayed open. Their time is shared: what one leaves is for those behind it."""
    waiting = [name for name, status in statuses.items() if status == UNKNOWN]
    for number, name in enumerate(waiting):
        room = (end - time.monotonic()) / (len(waiting) - number)
        claim = [any_of_all(t.and_(o.guard, t.not_(o.condition)) for o in parts[name]), *run.hypotheses]
        if is_refuted_by_cases(claim, hypotheses, lambda assumed: agree(assumed, CASE_SECONDS), room):
            statuses[name] = PROVEN


def agree(assumed: Sequence[Term], seconds: float) -> bool:
    """Whether hypotheses do not contradict each other: they hold in a state that is known, or in one that is found."""
    return satisfies(assumed) or ask_z3(query([t.TRUE, *assumed]), seconds).verdict == "sat"


def whole_status(parts: Iterable[str]) -> str:
    """Of a goal, from those of its parts."""
    known = set(parts)
    return REFUTED if REFUTED in known else PROVEN if known <= {PROVEN} else UNKNOWN


def settle(
    run: Run,
    hypotheses: Assume,
    obligations: list[Obligation],
    seconds: float,
    room: float = GOAL_SECONDS,
) -> tuple[str, tuple[Finding, ...], str]:
    """Decide the obligations, some at a time; take out those that a counterexample breaks, and go on with the rest.
    Nothing is begun when `room` seconds are over."""
    findings: dict[str, Finding] = {}
    end = time.monotonic() + room
    undecided = False
    solvers: set[str] = set()
    waiting = [obligations[first : first + CHUNK] for first in range(0, len(obligations), CHUNK)][::-1]
    while waiting and len(findings) < FINDINGS:
        left = [o for o in waiting.pop() if o.where not in findings]
        if time.monotonic() > end:
            undecided = True
            break
        base = [any_of_all(t.and_(o.guard, t.not_(o.condition)) for o in left), *run.hypotheses]
        assumed = hypotheses(base)
        text = query([*base, *assumed])
        answer = ask_z3(text, seconds if len(left) == 1 else min(seconds, CHUNK_SECONDS))
        if answer.verdict == "unknown" and len(left) > 1:
            half = len(left) // 2
            waiting += [left[half:], left[:half]]
            continue
        if answer.verdict == "unknown":
            answer = ask_cvc5(text, seconds)
        solvers.add(answer.solver)
        if answer.verdict == "unsat":
            if not agree([*assumed, *run.hypotheses], seconds):
                undecided = True  # what is assumed contradicts itself, or may
            continue
        broken = _broken(left, answer, findings) if answer.model is not None else set[int]()
        undecided = undecided or not broken
        rest = [o for o in left if id(o) not in broken]
        if broken and rest:
            waiting.append(rest)
    undecided = undecided or bool(waiting)
    status = REFUTED if findings else UNKNOWN if undecided else PROVEN
    return status, tuple(findings.values()), " ".join(sorted(solvers))


def _broken(left: list[Obligation], answer: Answer, findings: dict[str, Finding]) -> set[int]:
    """Which obligations a model breaks; they are added to the findings."""
    assert answer.model is not None
    roots = [term for o in left for term in (o.guard, o.condition)]
    values = evaluate(roots, meaning_of(answer.model))
    broken = [o for o in left if values[o.guard] == 1 and values[o.condition] == 0]
    for found in broken:
        if found.where not in findings and len(findings) < FINDINGS:
            state = state_of([found.guard, found.condition], values)
            findings[found.where] = Finding(found.kind, found.where, state)
    return {id(found) for found in broken}


def meaning_of(model: Model) -> Interpretation:
    """A solver's model for `evaluate`; what it leaves open is 0."""

    def symbol(name: str, _: int) -> Value:
        found = model.get(name, 0)
        return found.default if isinstance(found, Table) else found

    def function(name: str, given: tuple[Value, ...], _: int) -> Value:
        found = model.get(name, 0)
        if isinstance(found, int):
            return found
        return found.entries.get(tuple(x for x in given if isinstance(x, int)), found.default)

    return Interpretation(symbol, function)


def state_of(roots: Sequence[Term], values: Mapping[Term, Value]) -> dict[str, int]:
    """The fields that matter to these terms, with their values."""
    made: dict[str, int] = {}
    for term in walk(roots):
        value = values[term]
        if term.op in ("symbol", "apply") and isinstance(value, int):
            made[describe(term, [values[argument] for argument in term.arguments])] = value
    return made


def describe(term: Term, given: Sequence[Value]) -> str:
    """`threads[3].queue` of a field's function and its indices."""
    name = term.name.replace(STATE, "")
    if not given:
        return name
    head, dot, rest = name.partition(".")
    whole = f"{head}[{given[0]}]{dot}{rest}"
    return whole + "".join(f"[{index}]" for index in given[1:])

"""`call::integrity`: what a system call changes, it could reach: rows of the tables change only where the caller, its
capabilities, or what those name says so.

Shown for every write of the code, whatever the specification says, even of what was there before: its row is within
reach. (Of fields that are written by the stretch: any row, if its contents are others afterwards.) Witnesses are the
live capabilities, of any right, in those slots of the caller's own table that x0 to x3 and x8 name. Within reach are

* the caller, and the object of each witness;
* what those are bound to (LINKS), and what a thread found so is bound to in turn (FURTHER): the client that is
  answered, the server that is called; who is first in line at an endpoint, and
  who waits there to be called;
* of objects with a header, whatever a pool among the witnesses owns, or owns the owner of;
* slots of the caller's table and of a table among the witnesses; of another thread within reach, the slot in which it
  accepts capabilities, and the counts of its table;
* entries of translation tables within reach, and what these entries point to before;
* of any thread, the links of queues, and whose turn it is; of any scheduling context, how much is left (SCHEDULING);
* where the processor's registers are kept for whoever has them on this core;
* row 0 of each table of objects, which is nobody (what may be there is said by an invariant, nobody_is_nobody);
* this core, its trace, and what it asks of others (`asked`, `stopping`); with a capability to the trace, any
  core's mask.

Which right each change needs, and how many objects change, is `refinement`. That the caller could name an object is not
asked of the specification: it is asked of the code.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from keelback.abi import mappings
from keelback.prover.abstraction import SINGLETONS, TABLE_OF_KIND
from keelback.prover.encode import Obligation, Term, UnsupportedError
from keelback.prover.encode import terms as t
from keelback.prover.goals import NOT_MODELLED, PROVEN, Finding, Job, Result, prepare
from keelback.prover.ranges import STATE
from keelback.prover.refinement.call import Assumptions, Call
from keelback.prover.refinement.deciding import settle, settle_each
from keelback.prover.refinement.facts import ASSUMED
from keelback.prover.refinement.representation import MEANINGS, View, timer_queues

WITNESSES: Final = (0, 1, 2, 3, 8)
LINKS: Final = {
    "threads": {
        "client": "threads",
        "server": "threads",
        "reply": "replies",
        "serves": "endpoints",
        "endpoint": "endpoints",
        "notification": "notifications",
        "budget": "times",
        "vcpu": "vcpus",
        "space": "translations",
        "table": "tables' counts",
    },
    "endpoints": {"server": "threads"},
    "notifications": {"thread": "threads"},
    "replies": {"client": "threads"},
    "vcpus": {"thread": "threads", "space": "translations"},
    "times": {"thread": "threads"},
    "translations": {"parent": "translations"},
}
"""Field of a table's rows -> the table whose row it names."""
FURTHER: Final = {
    "client": "threads",
    "server": "threads",
    "reply": "replies",
    "notification": "notifications",
    "table": "tables' counts",
}
SCHEDULING: Final = (
    *("threads.next", "threads.previous", "threads.queue", "queues.head", "queues.tail", "threads.quiet"),
    *("times.remaining", "times.last"),
)
HEADED: Final = {*TABLE_OF_KIND.values(), *SINGLETONS.values()}
Reached: TypeAlias = "dict[str, list[tuple[Term, Term]]]"
"""Rows by table, each under a condition."""


class Authority:
    """What is within reach of the present thread of a core, before its call."""

    def __init__(self, view: View, core: Term) -> None:
        self._view, self._core = view, core
        self._caller = view("cores.current", core)
        self.reached: Reached = {"threads": [(t.TRUE, self._caller)]}
        self.witnesses: Reached = {}
        for number in WITNESSES:
            self._add_witness(t.const(number, 5))
        first = [(table, row) for table, rows in self.reached.items() for row in rows]
        for table, row in first:
            self._follow(LINKS.get(table, {}), table, row)
        for row in list(self.reached.get("endpoints", ())):
            self._add_first_in_line(row)
        for row in list(self.reached["threads"])[1:]:
            self._follow(FURTHER, "threads", row)

    def _add_first_in_line(self, endpoint: tuple[Term, Term]) -> None:
        """Who has waited longest at an endpoint."""
        condition, index = endpoint
        first = timer_queues(self._view) - self._view.shape.counts["endpoints"]
        head = self._view("queues.head", t.add(index, t.const(first, 32)))
        self.reached["threads"].append((t.and_(condition, t.to_bool(head)), head))

    def _add_witness(self, register: Term) -> None:
        view = self._view
        number = view("threads.context.registers", self._caller, register)
        place = t.add(view("threads.slots_first", self._caller), t.extract(number, 31, 0))
        inside = t.ult(number, t.zext(view("threads.slots_count", self._caller), 64))
        kind, named = view("slots.kind", place), view("slots.object", place)
        header = t.extract(MEANINGS["objects.generation"].formula(view, kind, named), 31, 0)
        grant = view("slots.grant", place)
        is_granted = t.eq(view("slots.grant_generation", place), view("grants.header.generation", grant))
        is_alive = t.and_(
            t.eq(view("slots.generation", place), header), t.or_(t.not_(view.flag("slots.grant", place)), is_granted)
        )
        holds = t.and_(inside, is_alive)
        for known, table in (*TABLE_OF_KIND.items(), *SINGLETONS.items()):
            row = t.and_(holds, t.eq(kind, t.const(known, 8))), named
            self.reached.setdefault(table, []).append(row)
            self.witnesses.setdefault(table, []).append(row)

    def _follow(self, links: dict[str, str], table: str, row: tuple[Term, Term]) -> None:
        condition, index = row
        for name, other in links.items():
            named = self._view(f"{table}.{name}", index)
            self.reached.setdefault(other, []).append((t.and_(condition, t.to_bool(named)), named))

    def is_among(self, table: str, index: Term, rows: Reached | None = None) -> Term:
        """Whether a row is within reach."""
        result = t.FALSE
        for condition, other in (self.reached if rows is None else rows).get(table, ()):
            width = max(index.width, other.width)
            result = t.or_(result, t.and_(condition, t.eq(t.zext(index, width), t.zext(other, width))))
        return result

    def is_owned(self, table: str, given: tuple[Term, ...]) -> Term:
        """Whether a pool among the witnesses owns an object, or owns the owner."""
        if table not in HEADED:
            return t.FALSE
        owner = self._view(f"{table}.header.owner", *given)
        above = self._view("pools.header.owner", owner)
        return t.or_(self.is_among("pools", owner, self.witnesses), self.is_among("pools", above, self.witnesses))

    def may_change(self, name: str, given: tuple[Term, ...]) -> Term:
        """Whether a field, by its name below the state, may be another one afterwards at these indices."""
        table, counts = name.split(".")[0], self._view.shape.counts
        if name in SCHEDULING:
            return t.TRUE
        if table in ("slots", "entries", "targets", "trace_records", "cores", "fp_states"):
            special: Callable[[str, tuple[Term, ...]], Term] = getattr(self, f"_{table}")
            return special(name, given)
        row = given[0] if given and counts[table] > 1 else t.const(1, 32)
        result = t.or_(
            self.is_among(table, row), self.is_owned(table, given[:1] if table not in SINGLETONS.values() else ())
        )
        if given and counts[table] > 1:
            result = t.or_(result, t.eq(row, t.const(0, row.width)))
        if name in ("tables.used", "tables.threads"):
            result = t.or_(result, t.or_(self.is_among("tables' counts", row), self._is_owned_table(row)))
        if table in ("frames", "translations"):
            result = t.or_(result, self._is_pointed_at(row))
        if table == "pools":
            result = t.or_(result, self._owns_pool(row))
        for holder, whose in (("component", "threads"), ("loaded", "vcpus")):
            if table == whose:
                result = t.or_(result, t.eq(t.zext(row, 32), self._view(f"cores.{holder}", self._core)))
        return result

    def _is_owned_table(self, row: Term) -> Term:
        return t.eq(t.zext(row, 32), self._view("threads.table", self._caller))

    def _owns_pool(self, row: Term) -> Term:
        """A pool that owns a witness, or what x0 and x1 name: its count changes when that gets another owner."""
        kind, index = (self._view("threads.context.registers", self._caller, t.const(n, 5)) for n in (0, 1))
        owner = MEANINGS["objects.owner"].formula(self._view, t.extract(kind, 7, 0), t.extract(index, 31, 0))
        is_owner = t.eq(t.zext(row, 80), owner)
        named = (t.extract(kind, 7, 0), t.extract(index, 31, 0))
        reach = t.or_(
            *(self.is_among("pools", t.extract(part, 31, 0), self.witnesses) for part in (owner, self._above(*named)))
        )
        return t.and_(is_owner, reach)

    def _above(self, kind: Term, index: Term) -> Term:
        owner = t.extract(MEANINGS["objects.owner"].formula(self._view, kind, index), 31, 0)
        return self._view("pools.header.owner", owner)

    def _slots(self, _: str, given: tuple[Term, ...]) -> Term:
        view, place = self._view, t.zext(given[0], 32)
        first, count = (view(f"threads.{name}", self._caller) for name in ("slots_first", "slots_count"))
        result = t.ult(t.sub(place, first), count)
        for condition, table in self.reached.get("tables", ()):
            inside = t.ult(t.sub(place, view("tables.first", table)), view("tables.count", table))
            result = t.or_(result, t.and_(condition, inside))
        for condition, thread in self.reached["threads"]:
            accepted = t.add(view("threads.slots_first", thread), view("threads.accept", thread))
            result = t.or_(
                result, t.and_(condition, t.and_(view.flag("threads.accept", thread), t.eq(place, accepted)))
            )
        return result

    def _is_pointed_at(self, row: Term) -> Term:
        """By an entry, of a translation table that is a witness, which x0 names."""
        view = self._view
        entry = view("threads.context.registers", self._caller, t.const(0, 5))
        result = t.FALSE
        for condition, table in self.witnesses.get("translations", ()):
            place = t.add(t.mul(table, t.const(mappings.ENTRY_COUNT, 32)), t.extract(entry, 31, 0))
            target = view("targets", place)
            result = t.or_(result, t.and_(condition, t.eq(t.zext(row, 32), target)))
        return result

    def _entries(self, _: str, given: tuple[Term, ...]) -> Term:
        bits = mappings.ENTRY_COUNT.bit_length() - 1
        return self.is_among("translations", t.extract(t.zext(given[0], 32), 31, bits))

    _targets = _entries

    def _trace_records(self, _: str, given: tuple[Term, ...]) -> Term:
        counts = self._view.shape.counts
        size = counts["trace_records"] // counts["cores"]
        start = t.mul(t.extract(t.zext(self._core, 64), 31, 0), t.const(size, 32))
        return t.ult(t.sub(t.zext(given[0], 32), start), t.const(size, 32))

    def _cores(self, name: str, given: tuple[Term, ...]) -> Term:
        if self._view.shape.counts["cores"] == 1 or name in ("cores.asked", "cores.stopping"):
            return t.TRUE
        here = t.eq(t.zext(given[0], 64), self._core)
        return t.or_(here, self.is_among("trace_object", t.const(1, 32))) if name == "cores.trace_mask" else here

    def _fp_states(self, _: str, given: tuple[Term, ...]) -> Term:
        row, first = t.zext(given[0], 32), self._view.shape.counts["threads"]
        vcpu = t.add(t.sub(row, t.const(first, 32)), t.const(0, 32))
        is_thread = t.ult(row, t.const(first, 32))
        of_thread = t.or_(self.is_among("threads", row), self.is_owned("threads", (row,)))
        of_vcpu = t.or_(self.is_among("vcpus", vcpu), self.is_owned("vcpus", (vcpu,)))
        held = t.eq(row, self._view("cores.fp_owner", self._core))
        return t.or_(held, t.ite(is_thread, of_thread, of_vcpu))


def changes(call: Call) -> Iterator[Obligation]:
    """That each field is written only where it may change."""
    authority = Authority(call.before, call.core)
    for found in call.run.memory.written():
        if not found.name.startswith(STATE):
            continue
        name = found.name.removeprefix(STATE)
        what = f"{name} changes within reach only"
        if all(write.covers is None for write in found.writes):
            for write in found.writes:
                guard = t.and_(call.outcome.guard, write.guard)
                yield Obligation(guard, authority.may_change(name, write.indices), "integrity", what)
            continue
        place = tuple(t.symbol(f"any {name} {n}", width) for n, width in enumerate(found.index_widths))
        inside = t.all_of(
            t.ult(t.zext(index, 64), t.const(count, 64)) for index, count in zip(place, found.counts, strict=True)
        )
        changed = t.not_(t.eq(call.run.memory.read(found.name, place, call.outcome.node), found.first(place)))
        guard = t.all_of((call.outcome.guard, inside, changed))
        yield Obligation(guard, authority.may_change(name, place), "integrity", what)


def prove_integrity(job: Job) -> Result:
    """Run the goal."""
    started = time.monotonic()
    goal = job.goal
    assert goal.case is not None
    try:
        call = Call(prepare(job.ir, job.layouts), goal.case)
        if call.is_never_back:
            raise UnsupportedError("the call leaves the kernel without a return")
        obligations = list(changes(call))
    except UnsupportedError as problem:
        return Result(goal.name, NOT_MODELLED, time.monotonic() - started, reason=str(problem))
    assumptions = Assumptions(call)
    findings: tuple[Finding, ...] = ()
    status, solver = settle_each(assumptions.few, obligations, job.seconds), "z3"
    if status != PROVEN:
        assumed_here = assumptions.of([obligation.guard for obligation in obligations])
        status, findings, solver = settle(lambda _: assumed_here, obligations, job.seconds)
    seconds = time.monotonic() - started
    assumed = tuple(sorted({*call.run.assumed, *ASSUMED}))
    return Result(goal.name, status, seconds, len(obligations), solver, findings, assumed)

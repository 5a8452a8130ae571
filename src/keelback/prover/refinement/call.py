"""The code of a system call, run from any state that the invariants allow."""

from __future__ import annotations

from functools import cached_property

from keelback.prover.encode import Outcome, Program, Run, Term, UnsupportedError
from keelback.prover.encode import terms as t
from keelback.prover.ranges import STATE, Ranges
from keelback.prover.refinement.facts import facts, present_thread
from keelback.prover.refinement.representation import Shape, View

ENTRY = "kernel_system_call"
NOW = "now"


class CallRun(Run):
    """A run in which the counter always says the same."""

    def fresh(self, hint: str, width: int) -> Term:
        return t.symbol(NOW, width) if "cntpct_el0" in hint and "mrs" in hint else super().fresh(hint, width)


class Call:
    """A system call's code, run from any state."""

    def __init__(self, program: Program, number: int) -> None:
        self.shape = Shape(program)
        self.run = CallRun(program)
        self.number = number
        self.outcome: Outcome = self.run.start(ENTRY, [t.const(number, 64)])
        if not isinstance(self.outcome.value, Term):
            raise UnsupportedError(f"{ENTRY} gives no status")
        self.before = View(self.shape, lambda name, given: self.run.memory.fields[name].first(given))
        self.after = View(self.shape, self._read_after)
        self.core = t.symbol("this_core", 64) if self.shape.counts["cores"] > 1 else t.const(0, 64)

    def _read_after(self, name: str, given: tuple[Term, ...]) -> Term:
        """The contents when the status is in x8."""
        found = self.run.memory.read(name, given, self.outcome.node)
        if name != f"{STATE}threads.context.registers":
            return found
        assert isinstance(self.outcome.value, Term)
        caller = self.shape.indices("threads.accept", (self.before("cores.current", self.core),))[0]
        is_status = t.and_(t.eq(given[0], caller), t.eq(given[1], t.const(8, given[1].width)))
        return t.ite(is_status, self.outcome.value, found)

    @cached_property
    def is_never_back(self) -> bool:
        """Whether some path leaves the kernel from inside."""
        return any(stop.number <= 0 for stop in self.run.stops)


class Assumptions:
    """What is assumed of the state before."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._ranges = Ranges(call.run.program)

    def of(self, terms: list[Term]) -> list[Term]:
        base = present_thread(self._call.before, self._call.core)
        known = facts(self._call.before, [*terms, *base])
        ranges = self._ranges.hypotheses([*terms, *base, *known])
        return [*self._call.run.hypotheses, *base, *known, *ranges]

    def few(self, terms: list[Term]) -> list[Term]:
        """Without what invariants say of rows: less for a solver to look at, and enough for some claims."""
        base = present_thread(self._call.before, self._call.core)
        return [*self._call.run.hypotheses, *base, *self._ranges.hypotheses([*terms, *base])]

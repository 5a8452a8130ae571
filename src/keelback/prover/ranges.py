"""The first invariants: every field that names an entry of a table is below that table's length, and every Boolean is
0 or 1. They are assumed of the state before a call (`hypotheses`) and shown of every value that is stored (`kept`).

Which field names what goes by the field's name; a wrong guess is not unsound, it shows as a range that is not kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from keelback.abi import limits
from keelback.prover.encode import Field, Obligation, Program, Run, Term
from keelback.prover.encode import terms as t
from keelback.prover.encode.executor import LATER
from keelback.prover.encode.shapes import ArrayShape
from keelback.prover.encode.shaping import walk

STATE: Final = "keelback.kernel.state."

TABLE_OF: Final = {
    "threads": ("thread", "client", "server", "next", "previous", "current", "head", "tail", "component"),
    "endpoints": ("endpoint", "serves", "fault_endpoint"),
    "notifications": ("notification",),
    "vcpus": ("vcpu", "guest", "loaded"),
    "times": ("budget",),
    "replies": ("reply",),
    "tables": ("table",),
    "translations": ("space", "parent", "shared_space"),
    "pools": ("owner",),
    "queues": ("queue",),
    "grants": ("grant",),
    "windows": ("window", "windows.next"),
    "cores": ("number",),
    "fp_states": ("fp_owner",),
}
"""Table -> the fields that name its entries, wherever they are; with a table's name in front, only there."""
LINE_OWNERS: Final = "keelback.kernel.objects.interrupt.line_owners"
"""For each line of the interrupt controller the entry of `interrupts` that has it."""
_TABLES: Final = {name: table for table, names in TABLE_OF.items() for name in names}


def _table_named_by(name: str) -> str | None:
    """The table whose entries a field of the kernel's state names."""
    return _TABLES.get(name.removeprefix(STATE)) or _TABLES.get(name.rsplit(".", 1)[1])


class Ranges:
    """Limits of a program's fields by the fields' names."""

    def __init__(self, program: Program) -> None:
        self.limits: dict[str, int] = {}
        for name, found in program.memory_fields().items():
            limit = self._limit(program, name, found)
            if limit is not None and limit < 1 << found.width:
                self.limits[name] = limit

    def _limit(self, program: Program, name: str, found: Field) -> int | None:
        if found.is_boolean:
            return 2
        if name == LINE_OWNERS:
            owners = program.shapes.get(f"{STATE}interrupts")
            return owners.count if isinstance(owners, ArrayShape) else None
        if name in (f"{STATE}threads.rank", f"{STATE}cores.best_rank"):
            cores = program.shapes.get(f"{STATE}cores")
            return limits.PRIORITY_COUNT * (cores.count if isinstance(cores, ArrayShape) else 1)
        table = _table_named_by(name) if name.startswith(STATE) and found.width in (16, 32) else None
        shape = program.shapes.get(f"{STATE}{table}") if table else None
        return shape.count if isinstance(shape, ArrayShape) else None

    def hypotheses(self, terms: Iterable[Term]) -> list[Term]:
        """That the ranges hold, for every value of the first state (or of one at which rounds of waiting begin) below
        these terms."""
        found: list[Term] = []
        for term in walk(terms):
            if term.op in ("symbol", "apply"):
                limit = self.limits.get(term.name.rsplit(LATER, 1)[-1])
                if limit is not None and limit < 1 << term.width:  # else it says nothing, and has no constant
                    found.append(t.ult(term, t.const(limit, term.width)))
        return found

    def kept(self, run: Run) -> list[Obligation]:
        """What is to be shown of the values that a run stored."""
        made: list[Obligation] = []
        for found in run.memory.written():
            limit = self.limits.get(found.name)
            for write in found.writes if limit is not None else ():
                if isinstance(write.value, Term):
                    inside = t.ult(write.value, t.const(limit or 0, found.width))
                    if inside is not t.TRUE:
                        made.append(Obligation(write.guard, inside, "range", f"stored in {found.name}: below {limit}"))
        return made

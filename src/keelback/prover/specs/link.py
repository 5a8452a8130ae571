"""LINK."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.refusal import require
from keelback.prover.specs.tables import check_entry, named_table
from keelback.prover.state import Link, State, Thread


def link(state: State, caller: Thread) -> None:
    """An entry that is free points to a page table of the next level, to which nothing points yet."""
    table = state.translations[named_table(state, caller)]
    target = held(state, caller, caller.registers[1], objects.PAGE_TABLE, rights.CONTROL)
    number = check_entry(caller)
    require(state.translations[target].level == table.level + 1, errors.BAD_ARGUMENT)
    require(number not in table.entries, errors.OCCUPIED)
    require(state.parent(target) is None, errors.STATE)
    table.entries[number] = Link(target)

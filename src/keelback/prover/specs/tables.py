"""Translation tables and their entries, as the calls on them name these."""

from __future__ import annotations

from keelback.abi import errors, mappings, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def named_table(state: State, caller: Thread) -> int:
    """The address space or page table that x8 names."""
    found = state.capabilities.get(caller.table, {}).get(caller.registers[8])
    is_space = found is not None and found.kind == objects.ADDRESS_SPACE
    kind = objects.ADDRESS_SPACE if is_space else objects.PAGE_TABLE
    return held(state, caller, caller.registers[8], kind, rights.WRITE)


def named_page_table(state: State, caller: Thread, right: int) -> int:
    """The page table that x8 names."""
    return held(state, caller, caller.registers[8], objects.PAGE_TABLE, right)


def check_entry(caller: Thread) -> int:
    """The number of an entry in x0."""
    require(caller.registers[0] < mappings.ENTRY_COUNT, errors.BAD_ARGUMENT)
    return caller.registers[0]

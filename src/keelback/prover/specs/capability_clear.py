"""CAPABILITY_CLEAR."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread

AT_ONCE = 16


def capability_clear(state: State, caller: Thread) -> None:
    """A piece of a table is empty; x0 = where the next piece begins."""
    table = held(state, caller, caller.registers[8], objects.CAPABILITY_TABLE, rights.WRITE)
    first = caller.registers[0]
    require(first < state.tables[table], errors.BAD_SLOT)
    for number in range(AT_ONCE):
        state.capabilities[table].pop(first + number, None)
    following = first + AT_ONCE
    caller.registers[0] = following if following < state.tables[table] else 0

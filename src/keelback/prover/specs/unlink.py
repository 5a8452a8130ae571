"""UNLINK."""

from __future__ import annotations

from keelback.abi import errors, rights
from keelback.prover.specs.refusal import require
from keelback.prover.specs.tables import named_page_table
from keelback.prover.state import State, Thread


def unlink(state: State, caller: Thread) -> None:
    """Nothing points to a page table any more."""
    parent = state.parent(named_page_table(state, caller, rights.CONTROL))
    require(parent is not None, errors.STATE)
    assert parent is not None
    table, number = parent
    del state.translations[table].entries[number]

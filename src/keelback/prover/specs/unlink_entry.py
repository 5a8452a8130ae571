"""UNLINK_ENTRY."""

from __future__ import annotations

from keelback.abi import errors
from keelback.prover.specs.refusal import require
from keelback.prover.specs.tables import check_entry, named_table
from keelback.prover.state import Link, State, Thread


def unlink_entry(state: State, caller: Thread) -> None:
    """An entry points to no table any more."""
    entries = state.translations[named_table(state, caller)].entries
    number = check_entry(caller)
    require(isinstance(entries.get(number), Link), errors.STATE)
    del entries[number]

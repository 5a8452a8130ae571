"""UNMAP."""

from __future__ import annotations

from keelback.abi import errors, rights
from keelback.prover.specs.refusal import require
from keelback.prover.specs.tables import check_entry, named_page_table
from keelback.prover.state import Mapping, State, Thread


def unmap(state: State, caller: Thread) -> None:
    """An entry maps its frame no longer."""
    entries = state.translations[named_page_table(state, caller, rights.WRITE)].entries
    number = check_entry(caller)
    require(isinstance(entries.get(number), Mapping), errors.STATE)
    del entries[number]

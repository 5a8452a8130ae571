"""What a kernel's tables mean, after each step: the abstract state, and every invariant. Only what changed is read."""

from __future__ import annotations

from keelback.prover.abstraction import StateWatch, abstract_state
from keelback.prover.incremental import Watch
from keelback.prover.invariants import InvariantWatch, contradictions
from keelback.prover.state import Sizes, State
from keelback.prover.tables import Tables


class Observer:
    """Follows the tables of one kernel."""

    def __init__(self, tables: Tables, sizes: Sizes) -> None:
        self._tables = tables
        self._sizes = sizes
        self._watch = Watch(tables)
        self._invariants = InvariantWatch(self._watch)
        self._state = StateWatch(self._watch, sizes)

    @property
    def state(self) -> State:
        """The abstract state at the last `look`; to be read only."""
        return self._state.state

    def look(self) -> list[str]:
        """Take over what changed; what contradicts an invariant now."""
        try:
            self._watch.refresh()
        except (LookupError, ValueError) as problem:
            return [f"the tables mean nothing: {problem!r}"]
        return self._invariants.contradictions()

    def is_up_to_date(self) -> bool:
        """Whether computing everything anew gives what is kept. If not, the comparison itself is wrong."""
        same_state = abstract_state(self._tables, self._sizes) == self.state
        return same_state and sorted(contradictions(self._tables)) == sorted(self._invariants.contradictions())

"""CAPABILITY_MINT."""

from __future__ import annotations

from keelback.abi import errors, rights
from keelback.prover.specs.authority import held_any, put, table_argument
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def capability_mint(state: State, caller: Thread) -> None:
    """As CAPABILITY_COPY, with a badge, which a capability gets once."""
    slot, mask, badge, table = caller.registers[:4]
    capability = held_any(state, caller, caller.registers[8], rights.GRANT)
    require(capability.badge == 0, errors.BAD_ARGUMENT)
    destination = table_argument(state, caller, table)
    put(state, destination, slot, capability._replace(rights=capability.rights & mask, badge=badge))

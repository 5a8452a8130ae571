"""CAPABILITY_MINT."""

from __future__ import annotations

from keelback.abi import errors, rights
from keelback.prover.specs.authority import free_slot, held
from keelback.prover.specs.refusal import require
from keelback.prover.state import State, Thread


def capability_mint(state: State, caller: Thread) -> None:
    """As CAPABILITY_COPY, with a badge, which a capability gets once."""
    destination, mask, badge = caller.registers[:3]
    capability = held(state, caller, caller.registers[8], rights.GRANT)
    require(capability.badge == 0, errors.BAD_ARGUMENT)
    free_slot(state, caller, destination)
    made = capability._replace(rights=capability.rights & mask, badge=badge)
    state.capabilities[caller.table][destination] = made

"""SYSTEM_OFF."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.refusal import Refused
from keelback.prover.state import State, Thread


def system_off(state: State, caller: Thread) -> None:
    """The board goes off, or is reset. There is a state afterwards only if the firmware refuses."""
    held(state, caller, caller.registers[8], objects.PLATFORM, rights.CONTROL)
    raise Refused(errors.BAD_ARGUMENT)

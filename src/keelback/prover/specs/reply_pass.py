"""REPLY_PASS."""

from __future__ import annotations

from keelback.abi import objects, rights
from keelback.prover.specs.authority import held, held_any
from keelback.prover.specs.messaging import LOW, pass_capability
from keelback.prover.specs.reply import answer_through
from keelback.prover.state import State, Thread


def reply_pass(state: State, caller: Thread) -> None:
    """A reply with a capability. One that answers a fault carries none."""
    slot, passed = caller.registers[8] & LOW, caller.registers[8] >> 32
    index = held(state, caller, slot, objects.REPLY, rights.CONTROL)
    held_any(state, caller, passed, rights.GRANT)
    waiting = state.threads.get(state.replies.get(index, 0))
    has_faulted = waiting is not None and waiting.fault is not None
    client = answer_through(state, caller, slot)
    if not has_faulted:
        client.registers[10] = pass_capability(state, caller, passed, client)

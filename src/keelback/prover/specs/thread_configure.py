"""THREAD_CONFIGURE."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held, held_or_none, owner
from keelback.prover.specs.refusal import require
from keelback.prover.specs.registers_elsewhere import NOWHERE, let_go
from keelback.prover.state import Activity, State, Thread


def thread_configure(state: State, caller: Thread) -> None:
    """A stopped thread gets an address space, a capability table, and a handler of its faults."""
    space_slot, table_slot, handler_slot, badge = caller.registers[:4]
    index = held(state, caller, caller.registers[8], objects.THREAD, rights.CONTROL)
    space = held(state, caller, space_slot, objects.ADDRESS_SPACE, rights.CONTROL)
    table = held(state, caller, table_slot, objects.CAPABILITY_TABLE, rights.CONTROL)
    handler = held_or_none(state, caller, handler_slot, objects.ENDPOINT, rights.WRITE)
    target, pool = state.threads[index], owner(state, objects.THREAD, index)
    require(target.activity == Activity.STOPPED, errors.STATE)
    require(owner(state, objects.ADDRESS_SPACE, space) == pool, errors.STATE)
    require(owner(state, objects.CAPABILITY_TABLE, table) == pool, errors.STATE)
    let_go(state, index, 0, NOWHERE)
    target.space, target.table = space, table
    generation = state.objects[objects.ENDPOINT, handler].generation if handler else 0
    target.fault_endpoint = (handler, generation)
    target.fault_badge = badge if handler else 0

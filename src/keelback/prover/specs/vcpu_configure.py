"""VCPU_CONFIGURE."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held, owner
from keelback.prover.specs.ownership import is_running
from keelback.prover.specs.refusal import require
from keelback.prover.specs.registers_elsewhere import NOWHERE, let_go
from keelback.prover.state import State, Thread


def vcpu_configure(state: State, caller: Thread) -> None:
    """A vcpu that does not run gets a monitor without another vcpu, and an address space for its guest."""
    index = held(state, caller, caller.registers[8], objects.VCPU, rights.CONTROL)
    monitor = held(state, caller, caller.registers[0], objects.THREAD, rights.CONTROL)
    space = held(state, caller, caller.registers[1], objects.ADDRESS_SPACE, rights.CONTROL)
    vcpu = state.vcpus[index]
    require(not is_running(state, index), errors.BUSY)
    require(state.threads[monitor].vcpu in (0, index), errors.STATE)
    require(owner(state, objects.VCPU, index) == owner(state, objects.ADDRESS_SPACE, space), errors.STATE)
    let_go(state, 0, index, NOWHERE)
    if vcpu.monitor:
        state.threads[vcpu.monitor].vcpu = 0
    vcpu.monitor, vcpu.space = monitor, space
    state.threads[monitor].vcpu = index

"""VCPU_RESET."""

from __future__ import annotations

from keelback.abi import errors, objects, rights, vcpu
from keelback.prover.specs.authority import held
from keelback.prover.specs.ownership import is_running
from keelback.prover.specs.refusal import require
from keelback.prover.specs.registers_elsewhere import get_within_reach
from keelback.prover.specs.thread_start import forget_floating_point
from keelback.prover.state import State, Thread

RESET_SCTLR = 0x30D0_0800
"""SCTLR_EL1 after reset: its reserved bits, MMU and caches off (Arm DDI 0487, D17.2.118)."""
RESET_STATE = 0x3C5
"""EL1h with D, A, I and F masked (Arm DDI 0487, D1.7.1)."""


def vcpu_reset(state: State, caller: Thread) -> None:
    """A guest that does not run forgets everything but who it is."""
    index = held(state, caller, caller.registers[8], objects.VCPU, rights.CONTROL)
    require(not is_running(state, index), errors.BUSY)
    get_within_reach(state, index)
    reset(state, index)


def reset(state: State, index: int) -> None:
    """What stays is MPIDR, MIDR, and the priority of its timer."""
    target = state.vcpus[index]
    if target.loaded_on:
        state.core.loaded = target.loaded_on = 0
    target.registers = [0] * len(target.registers)
    target.registers[vcpu.PSTATE] = RESET_STATE
    target.el1 = dict.fromkeys(target.el1, 0) | {"sctlr": RESET_SCTLR}
    target.interrupts, target.arriving = {}, {}
    target.interface = (0, 0, 0)
    target.access = None
    target.timer_enabled = target.timer_due = target.wants_room = False
    forget_floating_point(state, floating_point_owner(state, index))


def floating_point_owner(state: State, index: int) -> int:
    """A vcpu's number among the owners of floating-point registers: they follow the threads."""
    return len(state.threads) + 1 + index

"""Registers of threads and guests that a core still holds although others run there."""

from __future__ import annotations

from keelback.abi import errors
from keelback.prover.specs.refusal import Refused
from keelback.prover.specs.scheduling import ask
from keelback.prover.state import State

UNLOAD = 2
"""Core.asked: save the loaded vcpu, and the floating-point registers."""
NOWHERE = -1


def let_go(state: State, thread: int, vcpu: int, core: int) -> None:
    """No core but `core` may hold anything of a thread and a vcpu (0: none). This one saves it at once, others are
    asked to, and the call is refused."""
    vcpu_owner = len(state.threads) + 1 + vcpu
    is_done = True
    for number, other in state.cores.items():
        holds_thread = thread != 0 and thread in (other.component, other.floating_point_owner)
        holds_vcpu = vcpu != 0 and (other.loaded == vcpu or other.floating_point_owner == vcpu_owner)
        if number == core or not (holds_thread or holds_vcpu):
            continue
        if number != state.here:
            ask(state, number, UNLOAD)
            is_done = False
            continue
        if other.component == thread:
            other.component = 0
        if other.loaded == vcpu != 0:
            other.loaded = state.vcpus[vcpu].loaded_on = 0
        if other.floating_point_owner in (thread, vcpu_owner):
            other.floating_point_owner = 0
    if not is_done:
        raise Refused(errors.PENDING)


def get_within_reach(state: State, vcpu: int) -> None:
    """A vcpu that another core holds has to be saved there first: ask for that, and refuse."""
    place = state.vcpus[vcpu].loaded_on
    if place not in (0, state.here + 1):
        ask(state, place - 1, UNLOAD)
        raise Refused(errors.PENDING)

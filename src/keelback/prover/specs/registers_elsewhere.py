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
    """No core but `core` may hold anything of a thread and a vcpu (0: none). Others are asked to save it, and the call
    is refused; if there are none, this one saves it at once."""
    vcpu_owner = len(state.threads) + 1 + vcpu
    holding: list[int] = []
    for number, other in state.cores.items():
        holds_thread = thread != 0 and thread in (other.component, other.floating_point_owner)
        holds_vcpu = vcpu != 0 and (other.loaded == vcpu or other.floating_point_owner == vcpu_owner)
        if number != core and (holds_thread or holds_vcpu):
            holding.append(number)
    elsewhere = [number for number in holding if number != state.here]
    for number in elsewhere:
        ask(state, number, UNLOAD)
    if elsewhere:
        raise Refused(errors.PENDING)
    if holding:
        here = state.core
        if here.component == thread:
            here.component = 0
        if here.loaded == vcpu != 0:
            here.loaded = state.vcpus[vcpu].loaded_on = 0
        if here.floating_point_owner in (thread, vcpu_owner):
            here.floating_point_owner = 0


def get_within_reach(state: State, vcpu: int) -> None:
    """A vcpu that another core holds has to be saved there first: ask for that, and refuse."""
    place = state.vcpus[vcpu].loaded_on
    if place not in (0, state.here + 1):
        ask(state, place - 1, UNLOAD)
        raise Refused(errors.PENDING)

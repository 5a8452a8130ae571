"""Pools: what they own, and what depends on it. Ownership is a tree, whose root owns itself."""

from __future__ import annotations

from keelback.abi import errors, objects, rights
from keelback.prover.specs.authority import held
from keelback.prover.specs.refusal import require
from keelback.prover.state import Activity, Object, State, Thread

ALWAYS_THERE = (objects.FRAME, objects.TRACE, objects.PLATFORM, objects.CORE)
"""Kinds that always live."""
TABLES = (objects.PAGE_TABLE, objects.ADDRESS_SPACE)


def acting_pool(state: State, caller: Thread) -> int:
    """The pool that x8 names."""
    return held(state, caller, caller.registers[8], objects.POOL, rights.CONTROL)


def named_object(state: State, caller: Thread) -> tuple[tuple[int, int], Object]:
    """The object (x0, x1), that can be named."""
    kind, index = caller.registers[:2]
    require((kind, index) in state.objects, errors.BAD_ARGUMENT)
    return (kind, index), state.objects[kind, index]


def owned_object(state: State, caller: Thread) -> tuple[tuple[int, int], Object]:
    """The object (x0, x1), which the pool in x8 owns."""
    pool = acting_pool(state, caller)
    name, named = named_object(state, caller)
    require(named.owner == pool, errors.NOT_OWNED)
    return name, named


def is_busy(state: State, kind: int, index: int) -> bool:
    """Whether something depends on an object, so that it cannot be destroyed now."""
    if kind == objects.POOL:
        return any(named.owner == index for named in state.objects.values())
    if kind == objects.CAPABILITY_TABLE:
        return bool(state.capabilities[index]) or any(thread.table == index for thread in state.threads.values())
    if kind in TABLES:
        is_linked = state.parent(index) is not None
        return bool(state.translations[index].entries) or state.users(index) != 0 or is_linked
    if kind == objects.THREAD:
        thread = state.threads[index]
        return thread.activity != Activity.STOPPED or thread.client != 0
    if kind == objects.ENDPOINT:
        return bool(state.endpoints[index].callers)
    if kind == objects.VCPU:
        return is_running(state, index) or state.vcpus[index].loaded_on != 0
    return kind == objects.TIME and state.times[index].thread != 0


def is_running(state: State, vcpu: int) -> bool:
    """Whether a thread is in VCPU_RUN of a vcpu."""
    return any(thread.guest == vcpu for thread in state.threads.values())

"""Who runs: priorities, turns among equals, and when a time slice must end."""

from __future__ import annotations

import pytest

from keelback.kernel import state
from keelback.kernel.scheduler import (
    commit_end_slice,
    commit_hand_over,
    commit_run_next,
    commit_unready,
    commit_wake,
)
from keelback.lang import u32
from tests.kernel.support import CLIENT, MONITOR, PEER, PRIORITIES, SERVER, check_invariants, current, members

CORE = state.cores[0]


def slice_wanted() -> bool:
    return CORE.slice_wanted


def block() -> int:
    """Block the thread that runs; who was it?"""
    index = current()
    state.threads[index].state = u32(state.WAITING)
    commit_run_next(CORE)
    return index


def test_threads_run_by_priority_and_then_in_order() -> None:
    assert [block() for _ in PRIORITIES] == [SERVER, CLIENT, PEER, MONITOR]
    assert current() == 0


def test_a_woken_thread_of_higher_priority_runs_at_once_and_the_other_keeps_its_turn() -> None:
    block()
    assert current() == CLIENT
    commit_wake(u32(SERVER))
    assert current() == SERVER
    assert list(members(PRIORITIES[CLIENT])) == [CLIENT, PEER]


def test_a_woken_thread_of_lower_priority_waits() -> None:
    while current() != MONITOR:
        block()
    block()
    commit_wake(u32(CLIENT))
    commit_wake(u32(MONITOR))
    assert current() == CLIENT
    assert list(members(PRIORITIES[MONITOR])) == [MONITOR]


def test_equals_take_turns() -> None:
    block()
    turns: list[int] = []
    for _ in range(4):
        turns.append(current())
        commit_end_slice(CORE)
        check_invariants()
    assert turns == [CLIENT, PEER, CLIENT, PEER]


def test_a_slice_ends_only_for_equals() -> None:
    commit_end_slice(CORE)
    assert current() == SERVER and not slice_wanted()


def test_a_slice_is_wanted_while_an_equal_waits() -> None:
    block()
    assert current() == CLIENT and slice_wanted()
    block()
    assert current() == PEER and not slice_wanted()
    commit_wake(u32(CLIENT))
    assert slice_wanted()


def test_hand_over_prefers_a_better_ready_thread() -> None:
    while current() != MONITOR:
        block()
    commit_wake(u32(CLIENT))
    assert current() == CLIENT
    state.threads[CLIENT].state = u32(state.WAITING)
    commit_hand_over(CORE, u32(PEER))
    assert current() == PEER
    state.threads[PEER].state = u32(state.WAITING)
    commit_hand_over(CORE, u32(SERVER))
    assert current() == SERVER
    assert list(members(PRIORITIES[MONITOR])) == [MONITOR]


@pytest.mark.parametrize("priority", [1, 63, 64, 127, 128, 191, 192, 255])
def test_every_priority_is_found(priority: int) -> None:
    while current() != 0:
        block()
    thread = state.threads[PEER]
    thread.rank, thread.state = u32(priority), u32(state.READY)
    state.threads[CLIENT].rank = u32(255)
    CORE.current = u32(CLIENT)
    commit_wake(u32(PEER))
    assert CORE.best_rank == priority
    commit_unready(u32(PEER))
    assert CORE.best_rank == 0

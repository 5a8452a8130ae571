"""Budgets and waiting times where they meet turns: who wakes without time, and when the timer fires next."""

from __future__ import annotations

from keelback.kernel import state
from keelback.kernel.budgets import check_budget
from keelback.kernel.objects.passing import commit_pass
from keelback.kernel.objects.thread import commit_stop_present
from keelback.kernel.scheduler import commit_hand_over, commit_run_next, commit_wake, commit_wake_slowly
from keelback.kernel.ticks import find_deadline
from keelback.kernel.timers import NEVER, UNIT_BITS, commit_sleep, find_first_due
from keelback.lang import u32, u64
from tests.kernel.support import CLIENT, PEER, SERVER, WEAK_ENDPOINT, current, slot_of

CORE = state.cores[0]
CONTEXT = 1


def limit(index: int, remaining: int) -> None:
    """A thread has a scheduling context of its own, with so much left."""
    time = state.times[CONTEXT]
    time.budget, time.period, time.remaining, time.last = u64(0x1000), u64(0x4000), u64(remaining), u64(1)
    state.threads[index].budget, state.threads[index].charged = u32(CONTEXT), u64(CONTEXT)


def block() -> int:
    """Block the thread that runs; who was it?"""
    index = current()
    state.threads[index].state = u32(state.WAITING)
    commit_run_next(CORE)
    return index


def test_who_wakes_without_time_sleeps_until_there_is_some() -> None:
    assert block() == SERVER
    limit(SERVER, 0)
    commit_wake(u32(SERVER))
    assert current() == CLIENT
    assert state.threads[SERVER].deadline == 0x4000 - 0x1000 + 1
    assert state.threads[SERVER].queue >= state.TIMER_QUEUES


def test_to_whom_the_processor_is_handed_without_time_sleeps_until_there_is_some() -> None:
    assert block() == SERVER
    limit(SERVER, 0)
    assert current() == CLIENT
    state.threads[CLIENT].state = u32(state.WAITING)
    commit_hand_over(CORE, u32(SERVER))
    assert current() == PEER
    assert state.threads[SERVER].state == state.READY and state.threads[SERVER].deadline == 0x4000 - 0x1000 + 1
    assert state.threads[SERVER].queue >= state.TIMER_QUEUES


def test_who_wakes_with_time_runs_also_on_an_idle_core() -> None:
    while current() != 0:
        block()
    limit(SERVER, 0x1000)
    commit_wake_slowly(u32(SERVER))
    assert current() == SERVER and CORE.turned


def test_time_of_a_context_that_is_gone_has_no_limit() -> None:
    limit(SERVER, 0)
    assert not check_budget(state.threads[SERVER])
    state.times[CONTEXT].incarnation = u32(1)
    assert check_budget(state.threads[SERVER])


def test_the_timer_fires_for_whatever_comes_first() -> None:
    limit(SERVER, 0x10_0000)
    CORE.charged = u64(CONTEXT)
    assert find_deadline(CORE) == 0x10_0000
    commit_sleep(u32(PEER), u64(8 << UNIT_BITS))
    assert find_deadline(CORE) == 8 << UNIT_BITS, "before the budget ends"


def test_nobody_is_due_where_nobody_waits() -> None:
    assert find_first_due(CORE, u64(5)) == 0
    assert find_deadline(CORE) == NEVER >> UNIT_BITS << UNIT_BITS


def test_a_capability_that_may_not_be_passed_any_more_is_not() -> None:
    state.threads[SERVER].accept = u32(40)
    slot = state.slots[CLIENT * 64 + WEAK_ENDPOINT]
    assert slot.rights == 0
    assert commit_pass(state.threads[CLIENT], u64(WEAK_ENDPOINT), state.threads[SERVER]) == 0
    assert slot_of(SERVER + 1, 40).kind == 0


def test_the_client_of_a_thread_that_is_stopped_from_afar_runs_at_once() -> None:
    server = state.threads[SERVER]
    client = state.threads[CLIENT]
    assert block() == SERVER
    client.rank, client.state = u32(30), u32(state.AWAITING)
    assert current() == CLIENT
    commit_run_next(CORE)
    server.client, client.server = u32(CLIENT), u32(SERVER)
    commit_wake(u32(SERVER))
    CORE.stopping = u32(SERVER)
    commit_stop_present(CORE)
    assert server.state == state.STOPPED and current() == CLIENT

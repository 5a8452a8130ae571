"""TIME_CONFIGURE and THREAD_GIVE_TIME: which budgets there are, and who may have them."""

from __future__ import annotations

import pytest

from keelback.abi import errors, limits, rights, times
from keelback.kernel import state
from keelback.kernel.objects import configure, scheduling_context
from keelback.lang import u8, u32, u64
from tests.kernel.objects import workshop
from tests.kernel.objects.ownership import CALLER
from tests.kernel.objects.workshop import (
    CHILDS_TIME,
    CORE,
    EMPTY,
    OTHER_TIME,
    RUNNING_THREAD,
    SMALL,
    STOPPED,
    THREAD,
    TIME,
    call,
    values,
    weak,
)

BUDGET = 1 << 12
PERIOD = 1 << 14
configure_time = workshop.configure(configure.time)
give = workshop.configure(configure.thread_time)


@pytest.fixture(autouse=True)
def small_system() -> None:
    workshop.make_system()
    for thing in (TIME, OTHER_TIME, CHILDS_TIME):
        assert call(configure_time, thing, CORE, BUDGET, PERIOD, 0) == errors.OK


def test_a_configured_context_is_full() -> None:
    context = state.times[TIME[1]]
    context.remaining, context.last = u64(3), u64(7)
    assert call(configure_time, TIME, CORE, BUDGET + 1, PERIOD + 1, times.FAULT_ON_OVERRUN) == errors.OK
    assert values(context.budget, context.period, context.remaining) == (BUDGET + 1, PERIOD + 1, BUDGET + 1)
    assert context.last == 0 and context.partition == 0 and context.fault_on_overrun


@pytest.mark.parametrize(
    "budget, period, status",
    [
        (times.BUDGET_LEAST, times.BUDGET_LEAST, errors.OK),
        (times.PERIOD_MOST, times.PERIOD_MOST, errors.OK),
        (times.BUDGET_LEAST - 1, PERIOD, errors.BAD_ARGUMENT),
        (0, 0, errors.BAD_ARGUMENT),
        (BUDGET, BUDGET - 1, errors.BAD_ARGUMENT),
        (BUDGET, times.PERIOD_MOST + 1, errors.BAD_ARGUMENT),
    ],
)
def test_budget_and_period(budget: int, period: int, status: int) -> None:
    assert call(configure_time, TIME, CORE, budget, period, 0) == status


@pytest.mark.parametrize("options", [limits.PARTITION_COUNT, times.FAULT_ON_OVERRUN << 1, 1 << 63])
def test_options_that_do_not_exist(options: int) -> None:
    assert call(configure_time, TIME, CORE, BUDGET, PERIOD, options) == errors.BAD_ARGUMENT


def test_slots_of_a_configuration() -> None:
    assert call(configure_time, EMPTY, CORE, BUDGET, PERIOD, 0) == errors.BAD_SLOT
    assert call(configure_time, TIME, 0, BUDGET, PERIOD, 0) == errors.BAD_SLOT
    assert call(configure_time, TIME, SMALL, BUDGET, PERIOD, 0) == errors.WRONG_KIND
    assert call(configure_time, TIME, weak(CORE, rights.READ), BUDGET, PERIOD, 0) == errors.NO_RIGHT


def test_a_bound_context_stays_as_it_is() -> None:
    assert call(give, THREAD, TIME) == errors.OK
    assert scheduling_context.is_busy(u32(TIME[1]))
    assert call(configure_time, TIME, CORE, BUDGET, PERIOD, 0) == errors.BUSY
    assert call(give, THREAD, 0) == errors.OK
    assert not scheduling_context.is_busy(u32(TIME[1]))
    assert call(configure_time, TIME, CORE, BUDGET, PERIOD, 0) == errors.OK


def test_a_thread_uses_what_it_was_given() -> None:
    assert call(give, THREAD, TIME) == errors.OK
    target = state.threads[STOPPED]
    assert target.budget == TIME[1] and target.charged == TIME[1]
    assert call(give, THREAD, OTHER_TIME) == errors.OK
    assert target.budget == OTHER_TIME[1] and target.charged == OTHER_TIME[1]
    assert state.times[TIME[1]].thread == 0


def test_a_context_serves_one_thread_of_its_pool() -> None:
    assert call(give, THREAD, TIME) == errors.OK
    assert call(give, THREAD, TIME) == errors.STATE
    assert call(give, THREAD, CHILDS_TIME) == errors.STATE
    assert call(give, RUNNING_THREAD, OTHER_TIME) == errors.STATE
    assert call(give, RUNNING_THREAD, 0) == errors.STATE


def test_only_who_has_no_limit_may_lift_one() -> None:
    state.threads[CALLER].budget = u32(TIME[1])
    state.times[TIME[1]].thread = u32(CALLER)
    assert call(give, THREAD, 0) == errors.PRIORITY
    assert call(give, THREAD, OTHER_TIME) == errors.OK


def test_slots_of_a_gift() -> None:
    assert call(give, EMPTY, TIME) == errors.BAD_SLOT
    assert call(give, TIME, TIME) == errors.WRONG_KIND
    assert call(give, THREAD, EMPTY) == errors.BAD_SLOT
    assert call(give, THREAD, CORE) == errors.WRONG_KIND
    assert call(give, THREAD, weak(TIME, rights.READ)) == errors.NO_RIGHT


def test_a_destroyed_context_leaves_nothing() -> None:
    context = state.times[TIME[1]]
    context.partition = u8(1)
    scheduling_context.commit_destroy(u32(TIME[1]))
    assert context.budget == 0 and context.period == 0 and context.remaining == 0 and context.partition == 0
    assert context.incarnation == 1
    assert call(give, THREAD, TIME) == errors.STATE
    assert call(configure_time, TIME, CORE, BUDGET, PERIOD, 0) == errors.OK
    assert call(give, THREAD, TIME) == errors.OK
    assert state.threads[STOPPED].charged == 1 << 32 | TIME[1]

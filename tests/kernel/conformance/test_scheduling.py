"""Priorities, slices, partitions, and the time of scheduling contexts."""

from __future__ import annotations

from keelback.abi import errors, faults, messages, syscalls, times
from keelback.prover.state import Activity
from tests.kernel.conformance.world import (
    BUDGET,
    CORE_0,
    CORE_1,
    PERIOD,
    TIME_1,
    TIME_2,
    TIME_3,
    World,
    endpoint,
    notification,
    thread,
)


def test_the_highest_priority_runs_first(world: World) -> None:
    world.boot("low", "mid", "high")
    assert world.running() == "high"


def test_priorities_run_in_their_order(world: World) -> None:
    world.boot("low", "mid", "high")
    world.wait("high")
    assert world.running() == "mid"
    world.wait("mid")
    assert world.running() == "low"


def test_equals_run_in_order_of_arrival(world: World) -> None:
    world.boot("low", "twin")
    assert world.running() == "low"
    world.wait("low")
    assert world.running() == "twin"


def test_yield_lets_an_equal_run(world: World) -> None:
    world.boot("low", "twin")
    world.do("low", syscalls.YIELD)
    assert world.running() == "twin"
    world.do("twin", syscalls.YIELD)
    assert world.running() == "low"


def test_yield_does_not_let_a_lesser_thread_run(world: World) -> None:
    world.boot("low", "high")
    assert world.do("high", syscalls.YIELD) == errors.OK and world.running() == "high"


def test_a_preempted_thread_keeps_its_turn(world: World) -> None:
    world.boot("low", "twin", "top")
    world.wait("top")
    world.fire()
    world.wait("top")
    assert world.running() == "low"


def test_nobody_runs_when_all_wait(world: World) -> None:
    world.boot("low")
    world.receive("low")
    assert world.running() == "nobody"


def test_priority_can_be_changed_while_stopped(world: World) -> None:
    world.boot("low")
    assert world.do("low", syscalls.THREAD_SCHEDULE, thread("mid"), CORE_0, 99, 150) == errors.OK
    assert (world["mid"].priority, world["mid"].ceiling) == (99, 150)


def test_priority_of_a_ready_thread_stays(world: World) -> None:
    world.boot("low", "twin")
    assert world.refused("low", syscalls.THREAD_SCHEDULE, thread("twin"), CORE_0, 9, 9) == errors.STATE


def test_nobody_gives_more_than_its_ceiling(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.THREAD_SCHEDULE, thread("mid"), CORE_0, 9, 201) == errors.PRIORITY


def test_priority_0_is_no_priority(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.THREAD_SCHEDULE, thread("mid"), CORE_0, 0, 9) == errors.BAD_ARGUMENT


def test_priority_256_is_no_priority(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.THREAD_SCHEDULE, thread("mid"), CORE_0, 9, 256) == errors.BAD_ARGUMENT


def test_priority_is_not_above_the_ceiling(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.THREAD_SCHEDULE, thread("mid"), CORE_0, 10, 9) == errors.BAD_ARGUMENT


def test_budget_is_used_up_and_the_thread_waits(world: World) -> None:
    world.boot("low", "high", budgets={"high": 1})
    world.pass_time(BUDGET)
    assert world.running() == "low" and world["high"].index in world.state.sleeping
    assert world.state.times[1].remaining == 0


def test_a_thread_over_budget_runs_again_when_it_is_full(world: World) -> None:
    world.boot("low", "high", budgets={"high": 1})
    world.pass_time(BUDGET)
    world.pass_time(PERIOD - BUDGET)
    assert world.running() == "high" and world.state.times[1].remaining == BUDGET


def test_a_thread_over_budget_does_not_run_before_its_period(world: World) -> None:
    world.boot("low", "high", budgets={"high": 1})
    world.pass_time(BUDGET)
    world.pass_time(PERIOD - BUDGET - 0x800)
    assert world.running() == "low"


def test_unused_budget_remains(world: World) -> None:
    world.boot("low", "high", budgets={"high": 1})
    world.pass_time(BUDGET - 0x400)
    assert world.running() == "high" and world.state.times[1].remaining == 0x400


def test_a_blocked_thread_uses_no_budget(world: World) -> None:
    world.boot("low", "high", budgets={"high": 1})
    world.wait("high")
    world.pass_time(10 * BUDGET)
    assert world.state.times[1].remaining == BUDGET


def test_an_overrun_is_a_fault_where_that_is_wanted(world: World) -> None:
    world.boot("low", "mid", "top", budgets={"mid": 2})
    world.receive("top")
    world.pass_time(BUDGET)
    assert world.running() == "top" and world.x("top", 10) == messages.FAULT
    assert world.words("top", 3) == [faults.OVERRUN, 0x20_0003, BUDGET]


def test_a_server_runs_on_its_callers_time(world: World) -> None:
    world.boot("low", "high", budgets={"low": 1})
    world.receive("high")
    world.call("low", "high")
    world.pass_time(0x1000)
    assert world.state.times[1].remaining == BUDGET - 0x1000


def test_a_server_over_its_callers_time_waits(world: World) -> None:
    world.boot("low", "twin", "high", budgets={"low": 1})
    world.receive("high")
    world.call("low", "high")
    world.pass_time(BUDGET)
    assert world.running() == "twin" and world["high"].index in world.state.sleeping


def test_a_server_does_not_keep_its_callers_time(world: World) -> None:
    world.boot("low", "high", budgets={"low": 1})
    world.receive("high")
    world.call("low", "high")
    world.reply_receive("high")
    world.do("low", syscalls.SIGNAL, notification("high"))
    charge = world["high"].charge
    assert charge is not None and charge.context == 0


def test_a_signalled_server_uses_its_own_time(world: World) -> None:
    world.boot("low", "high", budgets={"high": 1})
    world.receive("high")
    world.do("low", syscalls.SIGNAL, notification("high"))
    world.pass_time(0x800)
    assert world.state.times[1].remaining == BUDGET - 0x800


def test_a_passive_server_cannot_save_its_client(world: World) -> None:
    world.boot("low", "high", budgets={"low": 1})
    world.receive("high")
    world.call("low", "high")
    assert world.refused("high", syscalls.REPLY_SAVE, 37) == errors.STATE


def test_a_server_with_a_budget_saves_its_client_and_pays_itself(world: World) -> None:
    world.boot("low", "high", budgets={"low": 1, "high": 2})
    world.receive("high")
    world.call("low", "high")
    assert world.do("high", syscalls.REPLY_SAVE, 37) == errors.OK
    charge = world["high"].charge
    assert charge is not None and charge.context == 2


def test_a_context_can_be_configured(world: World) -> None:
    world.boot("low")
    assert world.do("low", syscalls.TIME_CONFIGURE, TIME_3, CORE_0, 5000, 9000, 1) == errors.OK
    time = world.state.times[3]
    assert (time.budget, time.period, time.remaining, time.partition) == (5000, 9000, 5000, 1)


def test_a_budget_is_at_most_its_period(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.TIME_CONFIGURE, TIME_3, CORE_0, 9001, 9000, 0) == errors.BAD_ARGUMENT


def test_a_budget_has_a_least(world: World) -> None:
    world.boot("low")
    least = times.BUDGET_LEAST - 1
    assert world.refused("low", syscalls.TIME_CONFIGURE, TIME_3, CORE_0, least, 9000, 0) == errors.BAD_ARGUMENT


def test_a_partition_must_exist(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.TIME_CONFIGURE, TIME_3, CORE_0, 5000, 9000, 2) == errors.BAD_ARGUMENT


def test_a_used_context_keeps_its_budget(world: World) -> None:
    world.boot("low", budgets={"mid": 1})
    assert world.refused("low", syscalls.TIME_CONFIGURE, TIME_1, CORE_0, 5000, 9000, 0) == errors.BUSY


def test_a_thread_gets_a_context(world: World) -> None:
    world.boot("low")
    assert world.do("low", syscalls.THREAD_GIVE_TIME, thread("mid"), TIME_1) == errors.OK
    assert world["mid"].budget == 1 and world.state.times[1].thread == 3


def test_a_context_has_one_thread(world: World) -> None:
    world.boot("low", budgets={"high": 1})
    assert world.refused("low", syscalls.THREAD_GIVE_TIME, thread("mid"), TIME_1) == errors.STATE


def test_a_context_without_budget_is_given_to_nobody(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.THREAD_GIVE_TIME, thread("mid"), TIME_3) == errors.STATE


def test_a_limited_thread_gives_nobody_unlimited_time(world: World) -> None:
    world.boot("low", budgets={"low": 1})
    assert world.refused("low", syscalls.THREAD_GIVE_TIME, thread("mid"), 0) == errors.PRIORITY


def test_an_unlimited_thread_takes_a_limit_away(world: World) -> None:
    world.boot("low", budgets={"mid": 2})
    assert world.do("low", syscalls.THREAD_GIVE_TIME, thread("mid"), 0) == errors.OK
    assert world["mid"].budget == 0 and world.state.times[2].thread == 0


def test_a_context_replaces_another(world: World) -> None:
    world.boot("low", budgets={"mid": 2})
    assert world.do("low", syscalls.THREAD_GIVE_TIME, thread("mid"), TIME_1) == errors.OK
    assert world.state.times[2].thread == 0 and world.state.times[1].thread == 3
    assert world.do("low", syscalls.THREAD_GIVE_TIME, thread("high"), TIME_2) == errors.OK


def test_a_partition_does_not_run_outside_its_window(world: World) -> None:
    world.boot("low", "high", budgets={"high": 1}, partitions={1: 1}, windows=True)
    assert world.running() == "low"


def test_a_partition_runs_in_its_window(world: World) -> None:
    world.boot("low", "high", budgets={"high": 1}, partitions={1: 1}, windows=True)
    world.pass_time(0x1000)
    assert world.running() == "high"


def test_a_partition_stops_when_its_window_ends(world: World) -> None:
    world.boot("low", "high", budgets={"high": 1}, partitions={1: 1}, windows=True)
    world.pass_time(0x1000)
    world.pass_time(0x1000)
    assert world.running() == "low" and world.activity("high") == Activity.READY


def test_partition_0_runs_in_every_window(world: World) -> None:
    world.boot("top", "high", budgets={"high": 1}, partitions={1: 1}, windows=True)
    world.pass_time(0x1000)
    assert world.running() == "top"


def test_a_partition_that_is_woken_outside_its_window_waits(world: World) -> None:
    world.boot("low", "high", budgets={"high": 1}, partitions={1: 1}, windows=True)
    world.pass_time(0x1000)
    world.wait("high")
    world.pass_time(0x1000)
    world.do("low", syscalls.SIGNAL, notification("high"))
    assert world.running() == "low" and world.activity("high") == Activity.READY


def test_a_server_called_from_a_partition_runs_in_its_windows(world: World) -> None:
    world.boot("low", "mid", "high", budgets={"mid": 1}, partitions={1: 1}, windows=True)
    world.receive("high")
    world.pass_time(0x1000)
    world.call("mid", "high")
    world.pass_time(0x1000)
    assert world.running() == "low" and world.activity("high") == Activity.READY


def test_a_client_goes_on_before_its_equals_of_the_partition_whose_window_it_is(world: World) -> None:
    world.boot("low", "twin", "top", budgets={"twin": 1, "top": 2}, partitions={1: 1}, windows=True)
    world.receive("top")
    world.fault("low")
    world.pass_time(0x1000)
    assert world.running() == "top"
    world.reply_receive("top", faults.RESUME)
    assert world.running() == "low" and world.activity("twin") == Activity.READY


def test_a_moved_thread_runs_on_its_new_core(world: World) -> None:
    world.boot("low")
    assert world.do("low", syscalls.THREAD_SCHEDULE, thread("mid"), CORE_1, 50, 50) == errors.OK
    world.do("low", syscalls.THREAD_RESUME, thread("mid"))
    assert world.activity("mid") == Activity.READY and world.running(1) == "nobody"
    world.asked(1)
    assert world.running(1) == "mid"


def test_a_call_at_the_end_of_the_budget_passes_what_is_left(world: World) -> None:
    world.boot("low", "twin", "high", budgets={"low": 1})
    world.receive("high")
    world.pass_time(BUDGET - 0x400)
    world.do("low", syscalls.CALL, endpoint("high"))
    world.pass_time(0x400)
    assert world.running() == "twin"

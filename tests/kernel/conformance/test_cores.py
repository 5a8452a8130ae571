"""Two cores: calls, signals, faults, stopping and moving across them."""

from __future__ import annotations

import pytest

from keelback.abi import errors, faults, syscalls
from keelback.prover.state import Activity
from tests.kernel.conformance.world import CORE_0, CORE_1, World, endpoint, notification, thread


def test_each_core_runs_its_best(world: World) -> None:
    world.boot("low", "high", "far", "away")
    assert (world.running(0), world.running(1)) == ("high", "away")


def test_a_signal_wakes_a_thread_of_another_core(world: World) -> None:
    world.boot("low", "far")
    world.wait("far")
    world.do("low", syscalls.SIGNAL, notification("far"))
    assert world.activity("far") == Activity.READY and world.running(1) == "nobody"
    world.asked(1)
    assert world.running(1) == "far" and world.x("far", 9) == 2


def test_a_lesser_thread_of_another_core_is_not_asked_for(world: World) -> None:
    world.boot("low", "far", "away")
    world.wait("away")
    world.wait("far")
    world.do("low", syscalls.SIGNAL, notification("away"))
    world.asked(1)
    world.do("low", syscalls.SIGNAL, notification("far"))
    assert world.running(1) == "away" and world.state.cores[1].asked == 0


def test_a_call_reaches_a_server_on_another_core(world: World) -> None:
    world.boot("low", "far")
    world.receive("far")
    world.call("low", "far", 5)
    assert world.activity("low") == Activity.AWAITING and world.activity("far") == Activity.READY
    world.asked(1)
    assert world.running(1) == "far" and world.x("far", 0) == 5


def test_a_reply_reaches_a_client_on_another_core(world: World) -> None:
    world.boot("low", "far")
    world.receive("far")
    world.call("low", "far", 5)
    world.asked(1)
    world.reply_receive("far", 6)
    world.asked(0)
    assert world.running(0) == "low" and world.x("low", 0) == 6


def test_a_call_queues_at_a_busy_server_on_another_core(world: World) -> None:
    world.boot("low", "far")
    world.call("low", "far", 5)
    assert world.running(0) == "nobody"
    world.receive("far")
    assert world.x("far", 0) == 5


def test_a_caller_waits_while_its_server_works_elsewhere(world: World) -> None:
    world.boot("low", "twin", "far")
    world.receive("far")
    world.call("low", "far")
    assert world.running(0) == "twin"


def test_a_fault_reaches_a_handler_on_another_core(world: World) -> None:
    world.boot("far", "top")
    world.receive("top")
    world.fault("far", faults.UNDEFINED)
    world.asked(0)
    assert world.running(0) == "top" and world.x("top", 0) == faults.UNDEFINED


def test_a_thread_is_resumed_across_cores(world: World) -> None:
    world.boot("far", "top")
    world.receive("top")
    world.fault("far")
    world.asked(0)
    world.reply_receive("top", faults.RESUME)
    world.asked(1)
    assert world.running(1) == "far"


def test_a_thread_that_runs_elsewhere_is_stopped_in_two_steps(world: World) -> None:
    world.boot("low", "far")
    assert world.do("low", syscalls.THREAD_STOP, thread("far")) == errors.PENDING
    world.asked(1)
    assert world.running(1) == "nobody" and world.activity("far") == Activity.STOPPED
    assert world.do("low", syscalls.THREAD_STOP, thread("far")) == errors.OK


def test_a_thread_that_left_the_processor_before_it_was_stopped_is_left_alone(world: World) -> None:
    world.boot("low", "far", "away")
    assert world.do("low", syscalls.THREAD_STOP, thread("away")) == errors.PENDING
    world.wait("away")
    world.asked(1)
    assert world.running(1) == "far" and world.activity("away") == Activity.WAITING
    world.do("low", syscalls.SIGNAL, notification("away"))
    world.asked(1)
    assert world.running(1) == "away"


def test_a_thread_that_left_the_processor_before_it_was_stopped_is_stopped_at_the_second_call(world: World) -> None:
    world.boot("low", "far", "away")
    assert world.do("low", syscalls.THREAD_STOP, thread("away")) == errors.PENDING
    world.wait("away")
    assert world.do("low", syscalls.THREAD_STOP, thread("away")) == errors.OK
    assert world.state.cores[1].stopping == 0 and world.activity("away") == Activity.STOPPED


def test_a_thread_that_waits_elsewhere_is_stopped_at_once(world: World) -> None:
    world.boot("low", "far")
    world.wait("far")
    assert world.do("low", syscalls.THREAD_STOP, thread("far")) == errors.OK


def test_a_thread_that_is_ready_elsewhere_is_stopped_at_once(world: World) -> None:
    world.boot("low", "far", "away")
    assert world.do("low", syscalls.THREAD_STOP, thread("far")) == errors.OK


def test_a_thread_that_runs_elsewhere_is_started_in_two_steps(world: World) -> None:
    world.boot("low", "far")
    assert world.do("low", syscalls.THREAD_START, thread("far"), 0x1000) == errors.PENDING
    world.asked(1)
    assert world.do("low", syscalls.THREAD_START, thread("far"), 0x1000) == errors.OK
    world.asked(1)
    assert world.running(1) == "far" and world.x("far", 32) == 0x1000


def test_registers_of_a_thread_that_runs_elsewhere_are_not_read(world: World) -> None:
    world.boot("low", "far")
    assert world.refused("low", syscalls.THREAD_READ, thread("far"), 0) == errors.STATE


def test_a_thread_is_moved_to_another_core(world: World) -> None:
    world.boot("low", "mid")
    world.wait("mid")
    world.do("low", syscalls.THREAD_STOP, thread("mid"))
    assert world.do("low", syscalls.THREAD_SCHEDULE, thread("mid"), CORE_1, 20, 20) == errors.OK
    world.do("low", syscalls.THREAD_RESUME, thread("mid"))
    world.asked(1)
    assert world.running(1) == "mid"


def test_a_thread_is_moved_and_back(world: World) -> None:
    world.boot("low")
    for core in (CORE_1, CORE_0):
        assert world.do("low", syscalls.THREAD_SCHEDULE, thread("mid"), core, 20, 20) == errors.OK
    world.do("low", syscalls.THREAD_RESUME, thread("mid"))
    assert world.running(0) == "mid"


def test_a_deadline_wakes_a_thread_on_its_core(world: World) -> None:
    world.boot("low", "far")
    world.do("far", syscalls.WAIT_UNTIL, notification("far"), 0x4000)
    world.pass_time(0x4000, core=1)
    assert world.running(1) == "far" and world.x("far", 8) == errors.TIMEOUT


def test_a_signal_ends_a_deadline_of_another_core(world: World) -> None:
    world.boot("low", "far")
    world.do("far", syscalls.RECEIVE_UNTIL, endpoint("far"), 0x4000)
    world.do("low", syscalls.SIGNAL, notification("far"))
    assert world.state.sleeping == {} and world.x("far", 8) == errors.OK


def test_an_interrupt_taken_on_one_core_wakes_a_thread_of_another(world: World) -> None:
    world.boot("far", "top")
    world.wait("top")
    world.fire(core=1)
    world.asked(0)
    assert world.running(0) == "top"


def test_a_servers_time_is_its_callers_across_cores(world: World) -> None:
    world.boot("low", "far", budgets={"low": 1})
    world.receive("far")
    world.call("low", "far")
    world.asked(1)
    charge = world["far"].charge
    assert charge is not None and charge.context == 1


def test_a_saved_client_of_another_core_is_answered(world: World) -> None:
    world.boot("low", "far")
    world.receive("far")
    world.call("low", "far")
    world.asked(1)
    world.do("far", syscalls.REPLY_SAVE, 37)
    world.do("far", syscalls.REPLY, 37, 8)
    world.asked(0)
    assert world.running(0) == "low" and world.x("low", 0) == 8


def test_a_revoked_capability_is_dead_on_all_cores(world: World) -> None:
    world.boot("low", "far")
    world.do("low", syscalls.REVOKE, 61)
    assert world.refused("far", syscalls.FRAME_INFO, 61) == errors.DEAD


def test_a_core_without_threads_sleeps(world: World) -> None:
    world.boot("low")
    assert world.running(1) == "nobody"


@pytest.mark.parametrize("name", ["far", "away"])
def test_yield_is_a_matter_of_one_core(world: World, name: str) -> None:
    world.boot("low", "twin", name)
    world.do(name, syscalls.YIELD)
    assert world.running(0) == "low"


def test_a_server_goes_on_with_its_own_time_when_its_client_is_stopped_elsewhere(world: World) -> None:
    world.boot("low", "high", "far", budgets={"low": 1})
    world.wait("high")
    world.receive("far")
    world.call("low", "far", 5)
    world.asked(1)
    used = world.state.cores[1].charged
    assert used.context == world["low"].budget != 0
    world.do("far", syscalls.SIGNAL, notification("high"))
    world.asked(0)
    assert world.do("high", syscalls.THREAD_STOP, thread("low")) == errors.OK
    assert world.state.cores[1].asked != 0
    world.asked(1)
    assert world.running(1) == "far" and world["far"].charge == world.state.cores[1].charged != used
    assert world.activity("low") == Activity.STOPPED

"""Waiting with a deadline."""

from __future__ import annotations

import pytest

from keelback.abi import errors, messages, objects, syscalls
from keelback.prover.state import Activity
from tests.kernel.conformance.world import ROOT, World, endpoint, notification, thread

NEVER = (1 << 64) - 1


def test_a_wait_ends_at_its_deadline(world: World) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.WAIT_UNTIL, notification("high"), 0x4000)
    world.pass_time(0x4000)
    assert world.running() == "high" and world.x("high", 8) == errors.TIMEOUT


def test_a_receive_ends_at_its_deadline(world: World) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.RECEIVE_UNTIL, endpoint("high"), 0x4000)
    world.pass_time(0x4000)
    assert world.running() == "high" and world.x("high", 8) == errors.TIMEOUT


def test_a_wait_does_not_end_before_its_deadline(world: World) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.WAIT_UNTIL, notification("high"), 0x4000)
    world.pass_time(0x3C00)
    assert world.running() == "low"


def test_a_signal_before_the_deadline_counts(world: World) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.WAIT_UNTIL, notification("high"), 0x4000)
    world.do("low", syscalls.SIGNAL, notification("high"))
    assert world.x("high", 8) == errors.OK and world.state.sleeping == {}


def test_a_call_before_the_deadline_counts(world: World) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.RECEIVE_UNTIL, endpoint("high"), 0x4000)
    world.call("low", "high", 5)
    assert world.running() == "high" and world.x("high", 0) == 5 and world.x("high", 10) == messages.MESSAGE
    assert world.state.sleeping == {}


def test_pending_bits_come_before_the_deadline(world: World) -> None:
    world.boot("high")
    world.do("high", syscalls.SIGNAL, notification("high"))
    assert world.do("high", syscalls.WAIT_UNTIL, notification("high"), 0) == errors.OK
    assert world.x("high", 9) == 1 << 4


def test_a_deadline_that_has_passed_ends_at_the_next_tick(world: World) -> None:
    world.boot("low", "high")
    world.pass_time(0x8000)
    world.do("high", syscalls.WAIT_UNTIL, notification("high"), 5)
    world.pass_time(0x400)
    assert world.x("high", 8) == errors.TIMEOUT


def test_the_last_deadline_is_none(world: World) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.WAIT_UNTIL, notification("high"), NEVER)
    assert world.state.sleeping == {} and world.activity("high") == Activity.WAITING


@pytest.mark.parametrize("ticks", [1 << 11, 1 << 16, 1 << 22, 1 << 28, 1 << 34, 1 << 36])
def test_near_and_far_deadlines_are_kept(world: World, ticks: int) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.WAIT_UNTIL, notification("high"), ticks)
    world.pass_time(ticks // 2)
    assert world.running() == "low"
    world.pass_time(ticks // 2)
    assert world.running() == "high"


def test_two_deadlines_end_in_their_order(world: World) -> None:
    world.boot("low", "mid", "high")
    world.do("high", syscalls.WAIT_UNTIL, notification("high"), 0x8000)
    world.do("mid", syscalls.WAIT_UNTIL, notification("mid"), 0x4000)
    world.pass_time(0x5000)
    assert world.running() == "mid"
    world.pass_time(0x5000)
    assert world.running() == "high"


def test_a_stopped_sleeper_is_not_woken(world: World) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.WAIT_UNTIL, notification("high"), 0x4000)
    world.do("low", syscalls.THREAD_STOP, thread("high"))
    world.pass_time(0x8000)
    assert world.running() == "low" and world.x("high", 8) == errors.RESTARTED


def test_a_sleeper_whose_endpoint_is_destroyed_is_told(world: World) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.RECEIVE_UNTIL, endpoint("high"), 0x4000)
    world.do("low", syscalls.OBJECT_DESTROY, ROOT, objects.ENDPOINT, 4)
    assert world.running() == "high" and world.x("high", 8) == errors.DEAD and world.state.sleeping == {}


def test_a_timed_receive_sends_the_client_away(world: World) -> None:
    world.boot("low", "high")
    world.receive("high")
    world.call("low", "high")
    world.do("high", syscalls.RECEIVE_UNTIL, endpoint("high"), 0x4000)
    assert world.x("low", 8) == errors.RESTARTED


def test_after_a_timeout_the_endpoint_takes_calls_again(world: World) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.RECEIVE_UNTIL, endpoint("high"), 0x1000)
    world.pass_time(0x1000)
    world.receive("high")
    world.call("low", "high", 3)
    assert world.running() == "high" and world.x("high", 0) == 3

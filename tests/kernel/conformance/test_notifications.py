"""Notifications: signal, wait, poll, in every order."""

from __future__ import annotations

import pytest

from keelback.abi import errors, messages, objects, syscalls
from keelback.prover.state import Activity
from tests.kernel.conformance.world import PLAIN_NOTIFICATION, ROOT, World, notification, thread


def test_a_signal_wakes_a_better_waiter_at_once(world: World) -> None:
    world.boot("low", "high")
    world.wait("high")
    world.do("low", syscalls.SIGNAL, notification("high"))
    assert world.running() == "high" and world.x("high", 9) == 2 and world.x("high", 10) == messages.SIGNAL


def test_a_signal_to_a_lesser_waiter_does_not_stop_the_caller(world: World) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.THREAD_RESUME, thread("twin"))
    world.wait("high")
    world.wait("low")
    world.do("twin", syscalls.SIGNAL, notification("high"))
    world.do("high", syscalls.SIGNAL, notification("low"))
    assert world.running() == "high" and world.activity("low") == Activity.READY


def test_signals_add_up(world: World) -> None:
    world.boot("low", "twin", "high")
    world.do("high", syscalls.SIGNAL, notification("low"))
    world.wait("high")
    world.do("low", syscalls.SIGNAL, notification("low"))
    world.wait("low")
    assert world.x("low", 9) == 1 << 4 | 1 << 1


def test_wait_takes_pending_bits_without_blocking(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.SIGNAL, notification("low"))
    assert world.wait("low") == errors.OK
    assert world.running() == "low" and world.state.notifications[1].pending == 0


def test_wait_blocks_without_bits(world: World) -> None:
    world.boot("low")
    world.wait("low")
    assert world.running() == "nobody" and world.activity("low") == Activity.WAITING


def test_only_the_bound_thread_waits(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.WAIT, notification("high")) == errors.STATE


def test_poll_takes_the_bits_of_any_notification(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.SIGNAL, notification("high"))
    world.do("low", syscalls.POLL, notification("high"))
    assert world.x("low", 9) == 2 and world.state.notifications[4].pending == 0


def test_poll_without_bits_says_zero(world: World) -> None:
    world.boot("low")
    assert world.do("low", syscalls.POLL, notification("low")) == errors.OK and world.x("low", 9) == 0


def test_a_capability_without_badge_signals_nothing(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.SIGNAL, PLAIN_NOTIFICATION)
    assert world.state.notifications[8].pending == 0


def test_bits_of_nobody_stay(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.SIGNAL, 18)
    assert world.state.notifications[8].pending == 2


def test_a_notification_can_be_bound_to_another_thread(world: World) -> None:
    world.boot("low")
    assert world.do("low", syscalls.THREAD_BIND, thread("mid"), 18) == errors.OK
    assert world.state.notifications[8].thread == 3 and world.state.notifications[3].thread == 0


def test_a_thread_can_be_bound_to_none(world: World) -> None:
    world.boot("low")
    assert world.do("low", syscalls.THREAD_BIND, thread("mid"), 0) == errors.OK
    assert world["mid"].notification == 0


def test_a_notification_has_one_thread(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.THREAD_BIND, thread("mid"), notification("high")) == errors.STATE


def test_a_ready_thread_keeps_its_notification(world: World) -> None:
    world.boot("low", "twin")
    assert world.refused("low", syscalls.THREAD_BIND, thread("twin"), 18) == errors.STATE


def test_bits_wait_for_the_thread_that_is_bound_later(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.SIGNAL, 18)
    world.do("low", syscalls.THREAD_BIND, thread("mid"), 18)
    world.do("low", syscalls.THREAD_RESUME, thread("mid"))
    world.do("mid", syscalls.WAIT, 18)
    assert world.x("mid", 9) == 2


def test_a_destroyed_notification_tells_its_waiter(world: World) -> None:
    world.boot("low", "high")
    world.wait("high")
    world.do("low", syscalls.OBJECT_DESTROY, ROOT, objects.NOTIFICATION, 4)
    assert world.running() == "high" and world.x("high", 8) == errors.DEAD


def test_a_revoked_notification_still_wakes_nobody(world: World) -> None:
    world.boot("low", "high")
    world.wait("high")
    world.do("low", syscalls.OBJECT_REVOKE, ROOT, objects.NOTIFICATION, 4)
    assert world.refused("low", syscalls.SIGNAL, notification("high")) == errors.DEAD


@pytest.mark.parametrize("name", ["twin", "mid", "high", "top"])
def test_a_signal_reaches_every_waiter(world: World, name: str) -> None:
    world.boot("low", name)
    if world.running() == "low":
        world.do("low", syscalls.YIELD)
    world.wait(name)
    world.do("low", syscalls.SIGNAL, notification(name))
    assert world.x(name, 9) == 2 and world.activity(name) == Activity.READY

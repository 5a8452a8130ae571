"""Interrupts of devices. The line of the system signals top."""

from __future__ import annotations

from keelback.abi import errors, objects, syscalls
from keelback.prover.state import Activity
from tests.kernel.conformance.world import INTERRUPT, LINE, ROOT, SECOND_LINE, World, notification


def test_an_interrupt_wakes_its_thread(world: World) -> None:
    world.boot("low", "top")
    world.wait("top")
    world.fire()
    assert world.running() == "top" and world.x("top", 9) == 1 << 40


def test_an_interrupt_ends_receive(world: World) -> None:
    world.boot("low", "top")
    world.receive("top")
    world.fire()
    assert world.running() == "top" and world.x("top", 9) == 1 << 40


def test_an_interrupt_is_pending_for_a_busy_thread(world: World) -> None:
    world.boot("top")
    world.fire()
    world.wait("top")
    assert world.x("top", 9) == 1 << 40


def test_an_interrupt_wakes_an_idle_core(world: World) -> None:
    world.boot("top")
    world.wait("top")
    assert world.running() == "nobody"
    world.fire()
    assert world.running() == "top"


def test_an_acknowledged_interrupt_fires_again(world: World) -> None:
    world.boot("low", "top")
    world.wait("top")
    world.fire()
    assert world.do("top", syscalls.INTERRUPT_ACKNOWLEDGE, INTERRUPT) == errors.OK
    world.wait("top")
    world.fire()
    assert world.running() == "top"


def test_an_interrupt_that_did_not_fire_is_not_acknowledged(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.INTERRUPT_ACKNOWLEDGE, INTERRUPT) == errors.STATE


def test_an_interrupt_can_be_bound_to_another_notification(world: World) -> None:
    world.boot("low", "high")
    world.wait("high")
    assert world.do("low", syscalls.INTERRUPT_BIND, INTERRUPT, notification("high"), 7, 1) == errors.OK
    world.fire()
    assert world.running() == "high" and world.x("high", 9) == 7


def test_an_interrupt_bound_to_nothing_signals_nobody(world: World) -> None:
    world.boot("low", "top")
    world.wait("top")
    assert world.do("low", syscalls.INTERRUPT_BIND, INTERRUPT, 0, 0, 0) == errors.OK
    world.fire()
    assert world.activity("top") == Activity.WAITING


def test_binding_counts_as_acknowledgement(world: World) -> None:
    world.boot("low", "top")
    world.fire()
    world.do("top", syscalls.INTERRUPT_BIND, INTERRUPT, notification("top"), 1, 0)
    assert world.refused("top", syscalls.INTERRUPT_ACKNOWLEDGE, INTERRUPT) == errors.STATE


def test_an_interrupt_is_by_edge_or_level(world: World) -> None:
    world.boot("low")
    words = (notification("top"), 1, 2)
    assert world.refused("low", syscalls.INTERRUPT_BIND, INTERRUPT, *words) == errors.BAD_ARGUMENT


def test_an_interrupt_of_a_revoked_notification_signals_nobody(world: World) -> None:
    world.boot("low", "top")
    world.wait("top")
    world.do("low", syscalls.OBJECT_REVOKE, ROOT, objects.NOTIFICATION, 5)
    world.fire()
    assert world.activity("top") == Activity.WAITING


def test_a_created_interrupt_can_be_bound(world: World) -> None:
    world.boot("low", "high")
    world.wait("high")
    assert world.do("low", syscalls.OBJECT_CREATE, ROOT, objects.INTERRUPT, 2, 80) == errors.OK
    assert world.do("low", syscalls.INTERRUPT_BIND, 80, notification("high"), 3, 0) == errors.OK
    world.fire(SECOND_LINE)
    assert world.running() == "high"


def test_a_destroyed_interrupt_is_off(world: World) -> None:
    world.boot("low", "top")
    world.wait("top")
    assert world.do("low", syscalls.OBJECT_DESTROY, ROOT, objects.INTERRUPT, 1) == errors.OK
    world.fire(LINE)
    assert world.activity("top") == Activity.WAITING

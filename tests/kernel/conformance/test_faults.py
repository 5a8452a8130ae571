"""Faults and their handlers. top handles everybody's faults but its own."""

from __future__ import annotations

from keelback.abi import errors, faults, messages, objects, syscalls
from keelback.prover.state import Activity
from tests.kernel.conformance.world import ROOT, SPACE_1, World, endpoint, notification, thread


def test_a_fault_is_received_by_the_handler(world: World) -> None:
    world.boot("low", "top")
    world.receive("top")
    world.fault("low", faults.MEMORY_WRITE, 0x4444)
    assert world.running() == "top" and world.x("top", 10) == messages.FAULT and world.x("top", 9) == 0xF1
    assert world.words("top") == [faults.MEMORY_WRITE, 0x20_0001, 0x4444, 0, 0, 0, 0, 0]


def test_the_faulting_threads_registers_stay(world: World) -> None:
    world.boot("low", "top")
    world.receive("top")
    before = list(world["low"].registers)
    world.fault("low")
    assert world["low"].registers == before


def test_a_handler_lets_the_thread_go_on(world: World) -> None:
    world.boot("low", "top")
    world.receive("top")
    world.fault("low")
    world.reply_receive("top", faults.RESUME)
    assert world.running() == "low" and world["low"].fault is None


def test_a_handler_leaves_the_thread_stopped(world: World) -> None:
    world.boot("low", "top")
    world.receive("top")
    world.fault("low")
    world.reply_receive("top", faults.STAY_STOPPED)
    assert world.activity("low") == Activity.STOPPED and world["low"].fault is not None


def test_a_handler_repairs_a_register_first(world: World) -> None:
    world.boot("low", "top")
    world.receive("top")
    world.fault("low")
    assert world.do("top", syscalls.THREAD_WRITE, thread("low"), 32, 0x9000) == errors.OK
    world.reply_receive("top", faults.RESUME)
    assert world.x("low", 32) == 0x9000


def test_faults_queue_at_a_busy_handler(world: World) -> None:
    world.boot("low", "twin", "top")
    world.wait("top")
    world.fault("low")
    assert world.running() == "twin" and world.state.endpoints[5].callers == [1]


def test_a_fault_without_handler_stops_the_thread(world: World) -> None:
    world.boot("low", "top")
    world.fault("top")
    assert world.running() == "low" and world.activity("top") == Activity.STOPPED


def test_a_thread_does_not_handle_its_own_faults(world: World) -> None:
    world.boot("low", "mid")
    words = (SPACE_1, 67, endpoint("high"), 7)
    assert world.do("mid", syscalls.THREAD_CONFIGURE, thread("high"), *words) == errors.OK
    world.do("mid", syscalls.THREAD_RESUME, thread("high"))
    world.fault("high")
    assert world.activity("high") == Activity.STOPPED


def test_a_fault_at_a_revoked_handler_stops_the_thread(world: World) -> None:
    world.boot("low", "top")
    world.wait("top")
    world.do("low", syscalls.OBJECT_REVOKE, ROOT, objects.ENDPOINT, 5)
    world.fault("low")
    assert world.activity("low") == Activity.STOPPED


def test_a_faulted_thread_can_be_resumed_by_others(world: World) -> None:
    world.boot("low", "twin", "top")
    world.wait("top")
    world.fault("low")
    assert world.do("twin", syscalls.THREAD_RESUME, thread("low")) == errors.OK
    assert world.activity("low") == Activity.READY and world.state.endpoints[5].callers == []


def test_a_faulted_thread_can_be_restarted(world: World) -> None:
    world.boot("low", "twin", "top")
    world.wait("top")
    world.fault("low")
    assert world.do("twin", syscalls.THREAD_START, thread("low"), 0x1000, 0x2000, 3) == errors.PENDING
    assert world.do("twin", syscalls.THREAD_START, thread("low"), 0x1000, 0x2000, 3) == errors.OK
    assert world["low"].fault is None and world.x("low", 0) == 3


def test_a_stopped_handler_leaves_its_client_stopped(world: World) -> None:
    world.boot("low", "twin", "top")
    world.receive("top")
    world.fault("low")
    world.wait("top")
    world.do("twin", syscalls.THREAD_STOP, thread("top"))
    assert world.activity("low") == Activity.STOPPED


def test_a_cancelled_fault_leaves_the_thread_stopped(world: World) -> None:
    world.boot("low", "twin", "top")
    world.wait("top")
    world.fault("low")
    world.do("twin", syscalls.ENDPOINT_CANCEL, endpoint("top"))
    assert world.activity("low") == Activity.STOPPED and world["low"].fault is not None


def test_a_handler_works_on_its_own_time(world: World) -> None:
    world.boot("low", "top", budgets={"low": 1})
    world.receive("top")
    world.fault("low")
    charge = world["top"].charge
    assert charge is not None and charge.context == 0


def test_a_saved_fault_is_answered_later(world: World) -> None:
    world.boot("low", "top")
    world.receive("top")
    world.fault("low")
    world.do("top", syscalls.REPLY_SAVE, 37)
    world.do("top", syscalls.REPLY, 37, faults.RESUME)
    assert world.activity("low") == Activity.READY and world["low"].fault is None


def test_a_server_that_faults_keeps_its_client(world: World) -> None:
    world.boot("low", "mid", "top")
    world.receive("top")
    world.receive("mid")
    world.call("low", "mid")
    world.fault("mid")
    assert world.running() == "top" and world["mid"].client == 1
    world.reply_receive("top", faults.RESUME)
    world.reply_receive("mid", 6)
    assert world.x("low", 0) == 6


def test_a_fault_of_a_thread_that_is_signalled_stays(world: World) -> None:
    world.boot("low", "twin", "top")
    world.wait("top")
    world.fault("low")
    world.do("twin", syscalls.SIGNAL, notification("low"))
    assert world.activity("low") == Activity.CALLING and world.state.notifications[1].pending == 4

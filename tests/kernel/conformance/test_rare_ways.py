"""Ways through the kernel that no other behaviour takes: grants on the fast calls, times and rooms that come late."""

from __future__ import annotations

import pytest

from keelback.abi import errors, rights, syscalls
from keelback.prover.fuzz.steps import GuestSleeps
from keelback.prover.state import Activity
from tests.kernel.conformance.world import (
    EMPTY,
    FRAME_1,
    GRANT_SLOT,
    PLATFORM,
    REPLY_1,
    VCPU_1,
    World,
    notification,
    thread,
)


def test_a_signal_through_a_grant(world: World) -> None:
    world.boot("low", "high")
    world.wait("high")
    world.do("low", syscalls.DELEGATE, GRANT_SLOT, notification("high"), EMPTY, rights.ALL)
    world.do("low", syscalls.SIGNAL, EMPTY)
    assert world.running() == "high" and world.x("high", 9) == 2


def test_a_signal_without_bits_leaves_a_guest_running(world: World) -> None:
    world.boot("top", "far")
    world.do("far", syscalls.INTERRUPT_BIND, 45, notification("top"), 0, 0)
    world.do("top", syscalls.VCPU_RUN, VCPU_1, 0)
    world.fire()
    assert world["top"].guest == 1


def test_a_signal_ends_the_sleep_of_a_waiting_guest(world: World) -> None:
    world.boot("low", "top")
    world.do("top", syscalls.VCPU_WRITE, VCPU_1, 43, 0x4000)
    world.do("top", syscalls.VCPU_WRITE, VCPU_1, 42, 1)
    world.do("top", syscalls.VCPU_RUN, VCPU_1, 0)
    world.happen(GuestSleeps())
    assert world.state.sleeping
    world.do("low", syscalls.SIGNAL, notification("top"))
    assert not world.state.sleeping and world.running() == "top"


def test_an_injection_ends_the_sleep_of_a_waiting_guest(world: World) -> None:
    world.boot("low", "top")
    world.do("top", syscalls.VCPU_WRITE, VCPU_1, 43, 0x4000)
    world.do("top", syscalls.VCPU_WRITE, VCPU_1, 42, 1)
    world.do("top", syscalls.VCPU_RUN, VCPU_1, 0)
    world.happen(GuestSleeps())
    world.do("low", syscalls.VCPU_INJECT, VCPU_1, 40, 0)
    assert not world.state.sleeping and world["top"].guest == 1


def test_a_timer_without_interrupt_leaves_a_guest_waiting(world: World) -> None:
    world.boot("low", "top")
    world.do("top", syscalls.VCPU_WRITE, VCPU_1, 43, 0x4000)
    world.do("top", syscalls.VCPU_WRITE, VCPU_1, 42, 1)
    world.do("top", syscalls.VCPU_RUN, VCPU_1, 0)
    world.happen(GuestSleeps())
    world.pass_time(0x4000)
    assert world.activity("top") == Activity.GUEST_IDLE and world.running() == "low"


def test_a_fault_answered_with_a_capability_gets_none(world: World) -> None:
    world.boot("low", "top")
    world.receive("top")
    world.fault("low")
    world.do("top", syscalls.REPLY_SAVE, REPLY_1)
    assert world.do("top", syscalls.REPLY_PASS, REPLY_1 | FRAME_1 << 32, 0) == errors.OK
    assert world.activity("low") == Activity.STOPPED


def test_a_fault_that_stays_stopped_while_others_wait(world: World) -> None:
    world.boot("low", "twin", "top")
    world.wait("top")
    world.fault("low")
    world.fault("twin")
    world.fire()
    world.receive("top")
    world.reply_receive("top", 0)
    assert world.x("top", 9) == 0xF2 and world.activity("low") == Activity.STOPPED


@pytest.mark.parametrize("what", [syscalls.OFF, syscalls.RESET])
def test_power_calls_come_back_only_where_there_is_no_firmware(world: World, what: int) -> None:
    world.boot("low")
    assert world.do("low", syscalls.SYSTEM_OFF, PLATFORM, what) == errors.BAD_ARGUMENT


def test_a_middle_one_of_three_callers_is_stopped(world: World) -> None:
    world.boot("low", "twin", "mid", "high", "far")
    world.wait("high")
    for name in ("mid", "low", "twin"):
        world.call(name, "high")
    world.do("far", syscalls.THREAD_STOP, thread("low"))
    assert world.state.endpoints[4].callers == [3, 2]


def test_an_equal_on_another_core_arms_its_timer(world: World) -> None:
    world.boot("low", "far")
    world.do("low", syscalls.THREAD_SCHEDULE, thread("mid"), 52, 20, 20)
    world.do("low", syscalls.THREAD_RESUME, thread("mid"))
    assert world.activity("mid") == Activity.READY and world.running(1) == "far"

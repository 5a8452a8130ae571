"""Virtual processors. top runs vcpu 1."""

from __future__ import annotations

import pytest

from keelback.abi import errors, syscalls, vcpu
from keelback.prover.fuzz.steps import GuestExits, GuestHandles, GuestSleeps, RoomAppears
from keelback.prover.state import Access, Activity
from tests.kernel.conformance.world import SPACE_2, VCPU_1, VCPU_2, World, notification, thread

RUN, READ, WRITE = syscalls.VCPU_RUN, syscalls.VCPU_READ, syscalls.VCPU_WRITE
INJECT, RESET, CONFIGURE = syscalls.VCPU_INJECT, syscalls.VCPU_RESET, syscalls.VCPU_CONFIGURE
ALL_ACTIONS = vcpu.SKIP | vcpu.WRITE_RESULT
LOAD_X5 = 1 << 25 | 1 << 24 | 3 << 22 | 5 << 16 | 1 << 15
"""Syndrome of a trapped 64-bit load into x5 (Arm DDI 0487, ISS encoding for a data abort)."""


def test_a_guest_runs(world: World) -> None:
    world.boot("low", "top")
    assert world.do("top", RUN, VCPU_1, 0) == errors.OK
    assert world["top"].guest == 1 and world.running() == "top"


def test_only_the_monitor_runs_a_guest(world: World) -> None:
    world.boot("low")
    assert world.refused("low", RUN, VCPU_1, 0) == errors.STATE


def test_an_exit_returns_to_the_monitor(world: World) -> None:
    world.boot("top")
    world.do("top", RUN, VCPU_1, 0)
    world.happen(GuestExits(int(Access.NONE), 0))
    assert world["top"].guest == 0 and world.x("top", 0) == vcpu.FAULT and world.x("top", 8) == errors.OK


def test_a_guest_that_waits_lets_others_run(world: World) -> None:
    world.boot("low", "top")
    world.do("top", RUN, VCPU_1, 0)
    world.happen(GuestSleeps())
    assert world.running() == "low" and world.activity("top") == Activity.GUEST_IDLE


def test_an_interrupt_wakes_a_waiting_guest(world: World) -> None:
    world.boot("low", "top")
    world.do("top", RUN, VCPU_1, 0)
    world.happen(GuestSleeps())
    assert world.do("low", INJECT, VCPU_1, 40, 0x80) == errors.OK
    assert world.running() == "top" and world["top"].guest == 1


def test_bits_end_a_guests_run(world: World) -> None:
    world.boot("low", "top")
    world.do("top", RUN, VCPU_1, 0)
    world.fire()
    assert world["top"].guest == 0 and world.words("top", 2) == [vcpu.NOTIFIED, 1 << 40]


def test_bits_wake_the_monitor_of_a_waiting_guest(world: World) -> None:
    world.boot("low", "top")
    world.do("top", RUN, VCPU_1, 0)
    world.happen(GuestSleeps())
    world.do("low", syscalls.SIGNAL, notification("top"))
    assert world.running() == "top" and world.words("top", 2) == [vcpu.NOTIFIED, 2]


def test_pending_bits_keep_a_guest_from_running(world: World) -> None:
    world.boot("top")
    world.fire()
    world.do("top", RUN, VCPU_1, 0)
    assert world["top"].guest == 0 and world.x("top", 0) == vcpu.NOTIFIED


def test_a_guests_timer_wakes_it(world: World) -> None:
    world.boot("low", "top")
    world.do("top", WRITE, VCPU_1, vcpu.TIMER_INTERRUPT, 0x100 | 0xA0)
    world.do("top", WRITE, VCPU_1, vcpu.CNTV_CVAL, 0x4000)
    world.do("top", WRITE, VCPU_1, vcpu.CNTV_CTL, 1)
    world.do("top", RUN, VCPU_1, 0)
    world.happen(GuestSleeps())
    world.pass_time(0x4000)
    assert world.running() == "top" and world["top"].guest == 1


def test_a_masked_timer_does_not_wake_a_guest(world: World) -> None:
    world.boot("low", "top")
    world.do("top", WRITE, VCPU_1, vcpu.CNTV_CVAL, 0x4000)
    world.do("top", WRITE, VCPU_1, vcpu.CNTV_CTL, 3)
    world.do("top", RUN, VCPU_1, 0)
    world.happen(GuestSleeps())
    world.pass_time(0x4000)
    assert world.running() == "low"


@pytest.mark.parametrize("number", [0, 15, 30, 31, vcpu.PC, vcpu.SP_EL1, vcpu.VBAR_EL1, vcpu.CNTV_CVAL, vcpu.MPIDR])
def test_a_guests_register_is_written_and_read(world: World, number: int) -> None:
    world.boot("low")
    assert world.do("low", WRITE, VCPU_1, number, 0x1234_5678) == errors.OK
    assert world.do("low", READ, VCPU_1, number) == errors.OK
    assert world.x("low", 0) == 0x1234_5678


@pytest.mark.parametrize("call", [READ, WRITE])
def test_an_unknown_register_is_refused(world: World, call: int) -> None:
    world.boot("low")
    assert world.refused("low", call, VCPU_1, vcpu.REGISTER_COUNT, 0) == errors.BAD_ARGUMENT


@pytest.mark.parametrize("mode", [0x9, 0xD, 0x1F, 1 << 20])
def test_a_guest_never_gets_the_kernels_mode(world: World, mode: int) -> None:
    world.boot("low")
    assert world.refused("low", WRITE, VCPU_1, vcpu.PSTATE, mode) == errors.BAD_ARGUMENT


@pytest.mark.parametrize("call", [READ, WRITE])
def test_a_running_guests_registers_are_busy(world: World, call: int) -> None:
    world.boot("top", "far")
    world.do("top", RUN, VCPU_1, 0)
    assert world.refused("far", call, VCPU_1, 0, 0) == errors.BUSY


def test_a_running_guest_is_not_reset(world: World) -> None:
    world.boot("top", "far")
    world.do("top", RUN, VCPU_1, 0)
    assert world.refused("far", RESET, VCPU_1) == errors.BUSY


def test_a_reset_guest_forgets(world: World) -> None:
    world.boot("low")
    world.do("low", WRITE, VCPU_1, 3, 99)
    world.do("low", INJECT, VCPU_1, 40, 0)
    assert world.do("low", RESET, VCPU_1) == errors.OK
    assert world.state.vcpus[1].registers[3] == 0 and world.state.vcpus[1].interrupts == {}


def test_a_trapped_load_is_completed(world: World) -> None:
    world.boot("top")
    world.do("top", RUN, VCPU_1, 0)
    world.happen(GuestExits(int(Access.LOAD), LOAD_X5))
    world.do("top", RUN, VCPU_1, ALL_ACTIONS, 0x55)
    assert world.state.vcpus[1].registers[5] == 0x55 and world.state.vcpus[1].registers[vcpu.PC] == 4


@pytest.mark.parametrize(("size", "signed", "wide", "result"), [(0, 1, 1, -1), (0, 1, 0, 0xFFFF_FFFF), (0, 0, 0, 0xFF)])
def test_a_trapped_load_is_cut_and_extended(world: World, size: int, signed: int, wide: int, result: int) -> None:
    world.boot("top")
    world.do("top", RUN, VCPU_1, 0)
    syndrome = 1 << 25 | 1 << 24 | size << 22 | signed << 21 | 5 << 16 | wide << 15
    world.happen(GuestExits(int(Access.LOAD), syndrome))
    world.do("top", RUN, VCPU_1, vcpu.WRITE_RESULT, 0x12FF)
    assert world.state.vcpus[1].registers[5] == result & (1 << 64) - 1


def test_the_zero_register_stays_zero(world: World) -> None:
    world.boot("top")
    world.do("top", RUN, VCPU_1, 0)
    world.happen(GuestExits(int(Access.LOAD), LOAD_X5 | 31 << 16))
    before = list(world.state.vcpus[1].registers)
    world.do("top", RUN, VCPU_1, vcpu.WRITE_RESULT, 1)
    assert world.state.vcpus[1].registers == before


def test_a_trapped_hypercall_gets_its_result(world: World) -> None:
    world.boot("top")
    world.do("top", RUN, VCPU_1, 0)
    world.happen(GuestExits(int(Access.HYPERCALL), 0))
    world.do("top", RUN, VCPU_1, vcpu.WRITE_RESULT, 7)
    assert world.state.vcpus[1].registers[0] == 7


def test_a_trapped_register_read_gets_its_result(world: World) -> None:
    world.boot("top")
    world.do("top", RUN, VCPU_1, 0)
    world.happen(GuestExits(int(Access.REGISTER), 6 << 5))
    world.do("top", RUN, VCPU_1, vcpu.WRITE_RESULT, 7)
    assert world.state.vcpus[1].registers[6] == 7


def test_without_a_trap_there_is_nothing_to_complete(world: World) -> None:
    world.boot("top")
    assert world.refused("top", RUN, VCPU_1, vcpu.WRITE_RESULT, 7) == errors.BAD_ARGUMENT


def test_unknown_actions_are_refused(world: World) -> None:
    world.boot("top")
    assert world.refused("top", RUN, VCPU_1, 4) == errors.BAD_ARGUMENT


def test_four_interrupts_fit(world: World) -> None:
    world.boot("low")
    for number in range(4):
        assert world.do("low", INJECT, VCPU_1, 40 + number, 0) == errors.OK
    assert world.do("low", INJECT, VCPU_1, 99, 0) == errors.BUSY
    assert world.state.vcpus[1].wants_room


def test_a_pending_interrupt_is_injected_once(world: World) -> None:
    world.boot("low")
    world.do("low", INJECT, VCPU_1, 40, 0x10)
    assert world.do("low", INJECT, VCPU_1, 40, 0x20) == errors.OK
    assert world.state.vcpus[1].interrupts[40].priority == 0x10


def test_an_active_interrupt_becomes_pending_again(world: World) -> None:
    world.boot("top")
    world.do("top", INJECT, VCPU_1, 40, 0)
    world.do("top", RUN, VCPU_1, 0)
    world.happen(GuestHandles(40))
    world.happen(GuestExits(0, 0))
    world.do("top", INJECT, VCPU_1, 40, 0)
    known = world.state.vcpus[1].interrupts[40]
    assert known.active and known.pending


def test_room_ends_a_guests_run(world: World) -> None:
    world.boot("top")
    for number in range(5):
        world.do("top", INJECT, VCPU_1, 40 + number, 0)
    world.do("top", RUN, VCPU_1, 0)
    world.happen(GuestHandles(40))
    world.happen(GuestHandles(40))
    world.happen(RoomAppears(1))
    assert world["top"].guest == 0 and world.x("top", 0) == vcpu.MAINTENANCE


@pytest.mark.parametrize("words", [(1020, 0), (40, 256), (1 << 32, 0)])
def test_an_impossible_interrupt_is_refused(world: World, words: tuple[int, int]) -> None:
    world.boot("low")
    assert world.refused("low", INJECT, VCPU_1, *words) == errors.BAD_ARGUMENT


def test_a_vcpu_gets_a_monitor(world: World) -> None:
    world.boot("low")
    assert world.do("low", CONFIGURE, VCPU_2, thread("high"), SPACE_2) == errors.OK
    assert world["high"].vcpu == 2 and world.state.vcpus[2].space == 2


def test_a_monitor_has_one_vcpu(world: World) -> None:
    world.boot("low")
    assert world.refused("low", CONFIGURE, VCPU_2, thread("top"), SPACE_2) == errors.STATE


def test_a_running_vcpu_keeps_its_monitor(world: World) -> None:
    world.boot("top", "far")
    world.do("top", RUN, VCPU_1, 0)
    assert world.refused("far", CONFIGURE, VCPU_1, thread("high"), SPACE_2) == errors.BUSY


def test_a_stopped_monitor_leaves_its_guest(world: World) -> None:
    world.boot("low", "top")
    world.do("top", RUN, VCPU_1, 0)
    world.happen(GuestSleeps())
    world.do("low", syscalls.THREAD_STOP, thread("top"))
    assert world["top"].guest == 0 and world.x("top", 8) == errors.RESTARTED


def test_a_monitor_is_stopped_across_cores(world: World) -> None:
    world.boot("top", "far")
    world.do("top", RUN, VCPU_1, 0)
    assert world.do("far", syscalls.THREAD_STOP, thread("top")) == errors.PENDING
    world.asked(0)
    assert world.activity("top") == Activity.STOPPED and world.x("top", 8) == errors.RESTARTED


def test_a_signal_across_cores_ends_a_guests_run(world: World) -> None:
    world.boot("top", "far")
    world.do("top", RUN, VCPU_1, 0)
    world.do("far", syscalls.SIGNAL, notification("top"))
    assert world.state.cores[0].asked != 0 and world.x("top", 1) == 1 << 6

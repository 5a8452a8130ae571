"""Run, inject, reset and registers of vcpus."""

from __future__ import annotations

import pytest

from keelback.abi import errors, objects, rights, syscalls, vcpu
from keelback.kernel import state
from keelback.kernel.arch import interface
from keelback.kernel.objects.vcpu import commit_exit, commit_idle, commit_room
from keelback.kernel.scheduler import commit_wake
from keelback.lang import u8, u32, u64
from tests.kernel.support import (
    CLIENT,
    EMPTY,
    SERVER,
    VCPU,
    VCPU_SLOT,
    call,
    current,
    make_slot,
    refused,
    registers,
    run_until,
)

GUEST = state.vcpus[VCPU]


@pytest.fixture(autouse=True)
def client_runs(small_system: None) -> None:
    run_until(CLIENT)


def trap(access: int, register: int = 3, size: int = 3, signed: bool = False, wide: bool = True) -> None:
    """Leave an access open, as an exit does."""
    GUEST.access = u8(access)
    number = register << 5 if access == state.ACCESS_REGISTER else register << 16
    GUEST.syndrome = u64(number | size << 22 | signed << 21 | wide << 15 | 1 << 25)


def leave() -> None:
    """Let the guest exit."""
    commit_exit(state.cores[0], u32(VCPU), state.threads[CLIENT], u64(vcpu.MEMORY))


def test_run_enters_the_guest() -> None:
    assert call(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0) == errors.OK
    assert state.threads[CLIENT].guest == VCPU and current() == CLIENT


def test_run_comes_back_at_once_when_bits_are_pending() -> None:
    state.notifications[CLIENT].pending = u64(8)
    call(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0)
    assert registers(CLIENT)[:2] == [vcpu.NOTIFIED, 8]
    assert state.threads[CLIENT].guest == 0


def test_an_exit_gives_the_reason() -> None:
    call(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0)
    leave()
    assert registers(CLIENT)[0] == vcpu.MEMORY and registers(CLIENT)[8] == errors.OK


@pytest.mark.parametrize(("syndrome", "expected"), [(1 << 25, 0x1004), (0, 0x1002)])
def test_skip_moves_behind_the_instruction(syndrome: int, expected: int) -> None:
    GUEST.context.program_counter, GUEST.syndrome = u64(0x1000), u64(syndrome)
    call(syscalls.VCPU_RUN, VCPU_SLOT, vcpu.SKIP, 0)
    assert GUEST.context.program_counter == expected


def test_skip_wraps_at_the_end_of_the_address_space() -> None:
    GUEST.context.program_counter, GUEST.syndrome = u64(u64.MAX - 3), u64(1 << 25)
    call(syscalls.VCPU_RUN, VCPU_SLOT, vcpu.SKIP, 0)
    assert GUEST.context.program_counter == 0


@pytest.mark.parametrize(
    ("size", "signed", "wide", "value", "expected"),
    [
        (0, False, False, 0x1FF, 0xFF),
        (1, False, True, 0xABCD_1234, 0x1234),
        (2, False, False, 0xF_FFFF_FFFF, 0xFFFF_FFFF),
        (3, False, True, 0x8000_0000_0000_0000, 0x8000_0000_0000_0000),
        (0, True, False, 0x80, 0xFFFF_FF80),
        (0, True, True, 0x80, 0xFFFF_FFFF_FFFF_FF80),
        (1, True, True, 0x7FFF, 0x7FFF),
        (2, True, True, 0x8000_0000, 0xFFFF_FFFF_8000_0000),
    ],
)
def test_a_load_gets_its_value_cut_and_extended(size: int, signed: bool, wide: bool, value: int, expected: int) -> None:
    trap(state.ACCESS_LOAD, size=size, signed=signed, wide=wide)
    call(syscalls.VCPU_RUN, VCPU_SLOT, vcpu.WRITE_RESULT, value)
    assert GUEST.context.registers[3] == expected


def test_a_load_into_the_zero_register_goes_nowhere() -> None:
    trap(state.ACCESS_LOAD, register=31)
    call(syscalls.VCPU_RUN, VCPU_SLOT, vcpu.WRITE_RESULT, 5)
    assert all(GUEST.context.registers[number] == 0 for number in range(31))


def test_a_register_read_gets_the_whole_value() -> None:
    trap(state.ACCESS_REGISTER, register=7, size=0)
    call(syscalls.VCPU_RUN, VCPU_SLOT, vcpu.WRITE_RESULT, u64.MAX)
    assert GUEST.context.registers[7] == u64.MAX


def test_a_hypercall_gets_its_result_in_x0() -> None:
    trap(state.ACCESS_HYPERCALL)
    call(syscalls.VCPU_RUN, VCPU_SLOT, vcpu.WRITE_RESULT, 9)
    assert GUEST.context.registers[0] == 9


def test_a_result_can_be_written_once() -> None:
    trap(state.ACCESS_HYPERCALL)
    call(syscalls.VCPU_RUN, VCPU_SLOT, vcpu.WRITE_RESULT, 9)
    leave()
    assert refused(syscalls.VCPU_RUN, VCPU_SLOT, vcpu.WRITE_RESULT, 9) == errors.BAD_ARGUMENT


@pytest.mark.parametrize("actions", [4, 1 << 63])
def test_run_refuses_unknown_actions(actions: int) -> None:
    assert refused(syscalls.VCPU_RUN, VCPU_SLOT, actions, 0) == errors.BAD_ARGUMENT


def test_only_its_monitor_runs_a_vcpu() -> None:
    GUEST.thread = state.threads[CLIENT].vcpu = u32(0)
    assert refused(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0) == errors.STATE


def test_an_idle_guest_wakes_on_an_injected_interrupt() -> None:
    call(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0)
    commit_idle(state.cores[0], state.threads[CLIENT])
    assert state.threads[CLIENT].state == state.GUEST_IDLE
    call(syscalls.VCPU_INJECT, VCPU_SLOT, 48, 0xA0)
    assert state.threads[CLIENT].state == state.READY and state.threads[CLIENT].guest == VCPU


def test_an_idle_guest_exits_on_a_signal() -> None:
    call(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0)
    commit_idle(state.cores[0], state.threads[CLIENT])
    make_slot(current(), EMPTY, objects.NOTIFICATION, CLIENT, badge=4)
    call(syscalls.SIGNAL, EMPTY)
    assert state.threads[CLIENT].state == state.READY and state.threads[CLIENT].guest == 0
    assert registers(CLIENT)[:2] == [vcpu.NOTIFIED, 4]


def test_inject_places_an_interrupt_and_says_so() -> None:
    assert call(syscalls.VCPU_INJECT, VCPU_SLOT, 48, 0xA0) == errors.OK
    assert call(syscalls.VCPU_READ, VCPU_SLOT, vcpu.PENDING) == errors.OK
    assert registers(CLIENT)[0] == 1


def test_inject_is_busy_without_room_and_the_guest_exits_when_there_is_some() -> None:
    for number in range(4):
        assert call(syscalls.VCPU_INJECT, VCPU_SLOT, 48 + number, 0xA0) == errors.OK
    assert call(syscalls.VCPU_INJECT, VCPU_SLOT, 60, 0xA0) == errors.BUSY
    assert call(syscalls.VCPU_INJECT, VCPU_SLOT, 49, 0xA0) == errors.OK, "that one has its place"
    call(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0)
    GUEST.list_registers[2] = u64(0)
    commit_room(u32(VCPU))
    assert registers(CLIENT)[0] == vcpu.MAINTENANCE
    assert call(syscalls.VCPU_INJECT, VCPU_SLOT, 60, 0xA0) == errors.OK


def test_room_that_came_while_the_monitor_ran_is_told_at_the_next_run() -> None:
    for number in range(5):
        call(syscalls.VCPU_INJECT, VCPU_SLOT, 48 + number, 0xA0)
    GUEST.list_registers[0] = u64(0)
    commit_room(u32(VCPU))
    call(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0)
    assert registers(CLIENT)[0] == vcpu.MAINTENANCE
    assert state.threads[CLIENT].guest == 0


@pytest.mark.parametrize(("interrupt", "priority"), [(1020, 0), (1 << 40, 0), (48, 256)])
def test_inject_refuses_what_cannot_be(interrupt: int, priority: int) -> None:
    assert refused(syscalls.VCPU_INJECT, VCPU_SLOT, interrupt, priority) == errors.BAD_ARGUMENT


def test_reset_gives_the_state_after_power_on() -> None:
    GUEST.context.registers[5] = u64(1)
    GUEST.el1.vbar = u64(0x4000)
    call(syscalls.VCPU_INJECT, VCPU_SLOT, 48, 0xA0)
    assert call(syscalls.VCPU_RESET, VCPU_SLOT) == errors.OK
    assert GUEST.context.registers[5] == 0
    assert GUEST.context.process_state == 0x3C5
    assert GUEST.el1.sctlr == 0x30D0_0800 and GUEST.el1.vbar == 0
    assert GUEST.list_registers[0] == 0


@pytest.mark.parametrize("number", [syscalls.VCPU_READ, syscalls.VCPU_WRITE, syscalls.VCPU_RESET])
def test_a_running_guest_is_left_alone(number: int) -> None:
    call(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0)
    commit_wake(u32(SERVER))
    assert refused(number, VCPU_SLOT, 0) == errors.BUSY


@pytest.mark.parametrize("register", [n for n in range(vcpu.REGISTER_COUNT) if n != vcpu.PENDING])
def test_registers_can_be_written_and_read(register: int) -> None:
    value = {vcpu.PSTATE: 0x3C5, vcpu.CNTVOFF: 0, vcpu.CNTV_CTL: 2, vcpu.TIMER_INTERRUPT: 0x1A0}.get(register, 0x123)
    assert call(syscalls.VCPU_WRITE, VCPU_SLOT, register, value) == errors.OK
    assert call(syscalls.VCPU_READ, VCPU_SLOT, register) == errors.OK
    assert registers(CLIENT)[0] == value


@pytest.mark.parametrize("mode", [1, 8, 9, 12, 13, 15, 16, 31])
def test_a_guest_never_gets_the_kernel_s_level(mode: int) -> None:
    assert refused(syscalls.VCPU_WRITE, VCPU_SLOT, vcpu.PSTATE, mode) == errors.BAD_ARGUMENT


@pytest.mark.parametrize(
    ("register", "value"),
    [
        (vcpu.PSTATE, 1 << 21 | 5),
        (vcpu.CNTVOFF, 1),
        (vcpu.TIMER_INTERRUPT, 512),
        (vcpu.PENDING, 0),
        (vcpu.REGISTER_COUNT, 0),
        (1 << 63, 0),
    ],
)
def test_write_refuses(register: int, value: int) -> None:
    assert refused(syscalls.VCPU_WRITE, VCPU_SLOT, register, value) == errors.BAD_ARGUMENT


def test_read_refuses_unknown_registers() -> None:
    assert refused(syscalls.VCPU_READ, VCPU_SLOT, vcpu.REGISTER_COUNT) == errors.BAD_ARGUMENT


ALL_CALLS = [
    (syscalls.VCPU_RUN, rights.CONTROL),
    (syscalls.VCPU_READ, rights.READ),
    (syscalls.VCPU_WRITE, rights.WRITE),
    (syscalls.VCPU_INJECT, rights.WRITE),
    (syscalls.VCPU_RESET, rights.CONTROL),
]


@pytest.mark.parametrize("number", [number for number, _ in ALL_CALLS])
@pytest.mark.parametrize(("slot", "status"), [(0, errors.BAD_SLOT), (EMPTY, errors.BAD_SLOT), (1, errors.WRONG_KIND)])
def test_refuses(number: int, slot: int, status: int) -> None:
    assert refused(number, slot, 0, 0) == status


@pytest.mark.parametrize(("number", "right"), ALL_CALLS)
def test_refuses_without_the_right(number: int, right: int) -> None:
    make_slot(CLIENT, EMPTY, objects.VCPU, VCPU, given=rights.ALL & ~right)
    assert refused(number, EMPTY, 0, 0) == errors.NO_RIGHT


def test_room_ends_the_sleep_of_a_guest_whose_monitor_waits_for_it() -> None:
    for number in range(5):
        call(syscalls.VCPU_INJECT, VCPU_SLOT, 48 + number, 0xA0)
    call(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0)
    commit_idle(state.cores[0], state.threads[CLIENT])
    GUEST.list_registers[0] = u64(0)
    commit_room(u32(VCPU))
    assert state.threads[CLIENT].state == state.READY and state.threads[CLIENT].guest == 0


def test_a_vcpu_that_another_core_has_is_not_reset_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_within_reach(index: u32) -> bool:
        assert index == VCPU
        return False

    monkeypatch.setattr(interface, "is_within_reach", is_within_reach)
    assert refused(syscalls.VCPU_RESET, VCPU_SLOT) == errors.PENDING

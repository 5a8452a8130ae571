"""Stop, start, resume, and registers of threads."""

from __future__ import annotations

import pytest

from keelback.abi import errors, objects, rights, syscalls
from keelback.kernel import state
from keelback.kernel.faults import commit_fault
from keelback.kernel.scheduler import commit_wake
from keelback.lang import u32, u64
from tests.kernel.support import (
    CLIENT,
    EMPTY,
    MONITOR,
    PEER,
    SERVER,
    SERVER_ENDPOINT,
    THREAD_SLOTS,
    VCPU_SLOT,
    call,
    current,
    make_slot,
    refused,
    registers,
    run_until,
)

CLIENT_SLOT = THREAD_SLOTS[CLIENT]
SERVER_SLOT = THREAD_SLOTS[SERVER]


def test_stop_takes_a_ready_thread_out_of_its_queue() -> None:
    assert call(syscalls.THREAD_STOP, CLIENT_SLOT) == errors.OK
    assert state.threads[CLIENT].state == state.STOPPED


def test_stopping_twice_is_no_error() -> None:
    call(syscalls.THREAD_STOP, CLIENT_SLOT)
    assert call(syscalls.THREAD_STOP, CLIENT_SLOT) == errors.OK


@pytest.mark.parametrize(("number", "slot"), [(syscalls.RECEIVE, 1), (syscalls.WAIT, 2)])
def test_what_a_stopped_thread_waited_for_ends_with_restarted(number: int, slot: int) -> None:
    call(number, slot)
    call(syscalls.THREAD_STOP, SERVER_SLOT)
    assert registers(SERVER)[8] == errors.RESTARTED
    assert call(syscalls.THREAD_RESUME, SERVER_SLOT) == errors.OK
    assert current() == SERVER


def test_a_stopped_caller_leaves_the_queue_of_the_endpoint() -> None:
    call(syscalls.WAIT, 2)
    run_until(CLIENT)
    call(syscalls.CALL, SERVER_ENDPOINT)
    call(syscalls.THREAD_STOP, CLIENT_SLOT)
    assert registers(CLIENT)[8] == errors.RESTARTED
    assert state.queues[state.ENDPOINT_QUEUES + SERVER].head == 0


def test_a_stopped_client_gets_no_reply() -> None:
    run_until(CLIENT)
    call(syscalls.CALL, SERVER_ENDPOINT)
    assert call(syscalls.THREAD_STOP, CLIENT_SLOT) == errors.OK
    assert state.threads[SERVER].client == 0
    call(syscalls.REPLY_RECEIVE, 1, 5)
    assert state.threads[CLIENT].state == state.STOPPED


def test_the_client_of_a_stopped_server_hears_of_it() -> None:
    run_until(CLIENT)
    call(syscalls.CALL, SERVER_ENDPOINT)
    call(syscalls.WAIT, 2)
    run_until(PEER)
    call(syscalls.THREAD_STOP, SERVER_SLOT)
    assert registers(CLIENT)[8] == errors.RESTARTED
    assert state.threads[CLIENT].state == state.READY


def test_start_clears_registers_and_runs() -> None:
    call(syscalls.WAIT, 2)
    state.threads[SERVER].context.registers[20] = u64(99)
    state.threads[SERVER].thread_pointer = u64(77)
    assert call(syscalls.THREAD_START, SERVER_SLOT, 0x1000, 0x8000, 5) == errors.PENDING
    assert state.threads[SERVER].state == state.STOPPED and registers(SERVER)[20] == 99
    assert call(syscalls.THREAD_START, SERVER_SLOT, 0x1000, 0x8000, 5) == errors.OK
    assert current() == SERVER
    assert registers(SERVER) == [5] + [0] * 30
    context = state.threads[SERVER].context
    assert context.program_counter == 0x1000 and context.stack_pointer == 0x8000 and context.process_state == 0
    assert state.threads[SERVER].thread_pointer == 0


def test_start_ends_a_fault() -> None:
    run_until(CLIENT)
    commit_fault(state.cores[0], state.threads[CLIENT], u64(1), u64(2), u64(3), u64(4))
    run_until(MONITOR)
    assert call(syscalls.THREAD_START, CLIENT_SLOT, 0x1000, 0x8000, 0) == errors.PENDING
    assert call(syscalls.THREAD_START, CLIENT_SLOT, 0x1000, 0x8000, 0) == errors.OK
    assert current() == CLIENT and not state.threads[CLIENT].faulting


def test_stopping_a_monitor_leaves_its_guest() -> None:
    run_until(CLIENT)
    call(syscalls.VCPU_RUN, VCPU_SLOT)
    commit_wake(u32(SERVER))
    call(syscalls.THREAD_STOP, CLIENT_SLOT)
    assert state.threads[CLIENT].guest == 0
    assert registers(CLIENT)[8] == errors.RESTARTED


def test_resume_needs_a_held_thread() -> None:
    assert refused(syscalls.THREAD_RESUME, CLIENT_SLOT) == errors.STATE


def test_resume_lets_a_faulted_thread_go_on() -> None:
    run_until(CLIENT)
    before = registers(CLIENT)
    commit_fault(state.cores[0], state.threads[CLIENT], u64(1), u64(2), u64(3), u64(4))
    run_until(MONITOR)
    assert call(syscalls.THREAD_RESUME, CLIENT_SLOT) == errors.OK
    assert current() == CLIENT
    assert registers(CLIENT) == before


def test_a_resumed_server_still_owes_its_reply() -> None:
    run_until(CLIENT)
    call(syscalls.CALL, SERVER_ENDPOINT)
    commit_fault(state.cores[0], state.threads[SERVER], u64(1), u64(2), u64(3), u64(4))
    run_until(PEER)
    assert call(syscalls.THREAD_RESUME, SERVER_SLOT) == errors.OK
    assert state.threads[SERVER].client == CLIENT


@pytest.mark.parametrize(("register", "value"), [(0, 1), (30, 2), (31, 3), (32, 4)])
def test_registers_of_a_stopped_thread_can_be_written_and_read(register: int, value: int) -> None:
    call(syscalls.THREAD_STOP, CLIENT_SLOT)
    assert call(syscalls.THREAD_WRITE, CLIENT_SLOT, register, value) == errors.OK
    assert call(syscalls.THREAD_READ, CLIENT_SLOT, register) == errors.OK
    assert registers(SERVER)[0] == value


def test_a_thread_never_gets_another_exception_level() -> None:
    call(syscalls.THREAD_STOP, CLIENT_SLOT)
    call(syscalls.THREAD_WRITE, CLIENT_SLOT, 33, 0xFFFF_FFFF_FFFF_FFFF)
    assert state.threads[CLIENT].context.process_state == 0xF000_0000


@pytest.mark.parametrize("number", [syscalls.THREAD_READ, syscalls.THREAD_WRITE])
@pytest.mark.parametrize("register", [34, 1 << 63])
def test_unknown_registers_are_refused(number: int, register: int) -> None:
    call(syscalls.THREAD_STOP, CLIENT_SLOT)
    assert refused(number, CLIENT_SLOT, register, 1) == errors.BAD_ARGUMENT


def test_write_needs_a_held_thread() -> None:
    assert refused(syscalls.THREAD_WRITE, CLIENT_SLOT, 1, 1) == errors.STATE


@pytest.mark.parametrize("number", range(syscalls.THREAD_STOP, syscalls.THREAD_RESUME + 1))
@pytest.mark.parametrize(
    ("slot", "status"),
    [
        (0, errors.BAD_SLOT),
        (EMPTY, errors.BAD_SLOT),
        (1, errors.WRONG_KIND),
        (SERVER_SLOT, errors.STATE),
    ],
)
def test_refuses(number: int, slot: int, status: int) -> None:
    assert refused(number, slot) == status


@pytest.mark.parametrize("number", range(syscalls.THREAD_STOP, syscalls.THREAD_RESUME + 1))
def test_refuses_without_the_right(number: int) -> None:
    make_slot(SERVER, EMPTY, objects.THREAD, CLIENT, given=rights.GRANT | rights.OWNER)
    assert refused(number, EMPTY) == errors.NO_RIGHT

"""Faults reach the handler, and the handler decides."""

from __future__ import annotations

import pytest

from keelback.abi import errors, faults, messages, syscalls
from keelback.kernel import state
from keelback.kernel.faults import commit_fault
from keelback.kernel.objects.notification import commit_signal
from keelback.lang import u32, u64
from tests.kernel.support import CLIENT, MONITOR, PEER, SERVER, call, check_invariants, current, registers, run_until

CORE = state.cores[0]


def fault() -> None:
    """The client faults; it must run."""
    assert current() == CLIENT
    state.threads[CLIENT].context.program_counter = u64(0x20_0040)
    commit_fault(CORE, state.threads[CLIENT], u64(faults.MEMORY_READ), u64(0x5500), u64(0x92), u64(7))
    check_invariants()


def let_client_run() -> None:
    """The client runs, and its handler receives."""
    call(syscalls.RECEIVE, 1)
    call(syscalls.WAIT, 2)
    call(syscalls.WAIT, 2)
    call(syscalls.RECEIVE, 1)
    commit_signal(u32(CLIENT), u64(1))


def test_a_waiting_handler_gets_the_fault() -> None:
    let_client_run()
    fault()
    assert current() == MONITOR
    words = [faults.MEMORY_READ, 0x20_0040, 0x5500, 0x92, 7, 0, 0, 0]
    assert registers(MONITOR)[:11] == [*words, errors.OK, 0x77, messages.FAULT]
    assert state.threads[CLIENT].state == state.AWAITING


def test_a_busy_handler_gets_it_later() -> None:
    run_until(CLIENT)
    fault()
    assert state.threads[CLIENT].state == state.CALLING
    run_until(MONITOR)
    call(syscalls.RECEIVE, 1)
    assert registers(MONITOR)[10] == messages.FAULT


@pytest.mark.parametrize(("answer", "runs"), [(faults.RESUME, True), (faults.STAY_STOPPED, False), (2, False)])
def test_the_answer_decides(answer: int, runs: bool) -> None:
    run_until(CLIENT)
    before = registers(CLIENT)
    fault()
    run_until(MONITOR)
    call(syscalls.RECEIVE, 1)
    call(syscalls.REPLY_RECEIVE, 1, answer)
    assert (current() == CLIENT) == runs
    assert registers(CLIENT) == before
    assert state.threads[CLIENT].faulting == (not runs)


def test_receiving_without_an_answer_leaves_it_stopped() -> None:
    run_until(CLIENT)
    fault()
    run_until(MONITOR)
    call(syscalls.RECEIVE, 1)
    call(syscalls.RECEIVE, 1)
    assert state.threads[CLIENT].state == state.STOPPED and state.threads[CLIENT].faulting


def test_without_a_handler_it_stays_stopped() -> None:
    state.threads[CLIENT].fault_endpoint = u32(0)
    run_until(CLIENT)
    fault()
    assert state.threads[CLIENT].state == state.STOPPED and current() == PEER


def test_nobody_handles_its_own_faults() -> None:
    state.threads[CLIENT].fault_endpoint = u32(CLIENT)
    run_until(CLIENT)
    fault()
    assert state.threads[CLIENT].state == state.STOPPED
    assert current() != SERVER

"""Signal, wait and poll."""

from __future__ import annotations

import pytest

from keelback.abi import errors, messages, objects, rights, syscalls, vcpu
from keelback.kernel import state
from keelback.kernel.objects.notification import commit_signal
from keelback.lang import u32, u64
from tests.kernel.support import (
    CLIENT,
    EMPTY,
    SERVER,
    SERVER_NOTIFICATION,
    VCPU_SLOT,
    call,
    current,
    make_slot,
    refused,
    registers,
    run_until,
)


def test_a_signal_wakes_who_waits_with_the_badge_as_bits() -> None:
    call(syscalls.WAIT, 2)
    assert state.threads[SERVER].state == state.WAITING
    caller = current()
    assert call(syscalls.SIGNAL, SERVER_NOTIFICATION) == errors.OK
    assert current() == SERVER
    assert registers(SERVER)[8:11] == [errors.OK, 1 << caller, messages.SIGNAL]
    assert state.notifications[SERVER].pending == 0


def test_a_signal_reaches_a_server_that_receives() -> None:
    call(syscalls.RECEIVE, 1)
    call(syscalls.SIGNAL, SERVER_NOTIFICATION)
    assert current() == SERVER
    assert registers(SERVER)[10] == messages.SIGNAL


def test_signals_add_up_until_they_are_taken() -> None:
    make_slot(SERVER, EMPTY, objects.NOTIFICATION, SERVER, badge=0b1000)
    call(syscalls.SIGNAL, SERVER_NOTIFICATION)
    call(syscalls.SIGNAL, EMPTY)
    assert state.notifications[SERVER].pending == 1 << SERVER | 0b1000
    assert call(syscalls.WAIT, 2) == errors.OK
    assert registers(SERVER)[9] == 1 << SERVER | 0b1000
    assert call(syscalls.POLL, 2) == errors.OK
    assert registers(SERVER)[9] == 0


def test_poll_takes_the_bits() -> None:
    state.notifications[SERVER].pending = u64(6)
    call(syscalls.POLL, 2)
    assert registers(SERVER)[9] == 6
    assert state.notifications[SERVER].pending == 0


def test_a_signal_ends_the_guest_of_its_monitor() -> None:
    run_until(CLIENT)
    make_slot(SERVER, EMPTY, objects.NOTIFICATION, CLIENT, badge=4)
    call(syscalls.VCPU_RUN, VCPU_SLOT)
    commit_signal(u32(CLIENT), u64(4))
    assert state.threads[CLIENT].guest == 0
    assert registers(CLIENT)[:2] == [vcpu.NOTIFIED, 4]


@pytest.mark.parametrize("number", [syscalls.SIGNAL, syscalls.WAIT, syscalls.POLL])
@pytest.mark.parametrize(("slot", "status"), [(0, errors.BAD_SLOT), (EMPTY, errors.BAD_SLOT), (1, errors.WRONG_KIND)])
def test_refuses(number: int, slot: int, status: int) -> None:
    assert refused(number, slot) == status


@pytest.mark.parametrize(
    ("number", "given"),
    [(syscalls.SIGNAL, rights.READ), (syscalls.WAIT, rights.WRITE), (syscalls.POLL, rights.WRITE)],
)
def test_refuses_without_the_right(number: int, given: int) -> None:
    make_slot(SERVER, EMPTY, objects.NOTIFICATION, SERVER, given=given)
    assert refused(number, EMPTY) == errors.NO_RIGHT


def test_wait_refuses_a_notification_of_another_thread() -> None:
    make_slot(SERVER, EMPTY, objects.NOTIFICATION, CLIENT)
    assert refused(syscalls.WAIT, EMPTY) == errors.STATE

"""Call, receive, reply: who runs, who gets which words, and every refusal."""

from __future__ import annotations

import pytest

from keelback.abi import errors, messages, objects, syscalls
from keelback.kernel import state
from keelback.lang import u32, u64
from tests.kernel.support import (
    BADGE,
    CLIENT,
    CLIENT_ENDPOINT,
    EMPTY,
    MONITOR,
    PEER,
    SERVER,
    SERVER_ENDPOINT,
    SERVER_NOTIFICATION,
    WEAK_ENDPOINT,
    call,
    current,
    make_slot,
    refused,
    registers,
    run_until,
)

WORDS = (11, 12, 13, 14, 15, 16, 17, 18)
REPLY = (21, 22, 23, 24, 25, 26, 27, 28)


def test_receive_blocks_until_a_call_comes() -> None:
    call(syscalls.RECEIVE, 1)
    assert state.threads[SERVER].state == state.RECEIVING
    assert current() == CLIENT


def test_call_hands_words_and_badge_over_and_the_server_runs_at_once() -> None:
    run_until(CLIENT)
    call(syscalls.CALL, SERVER_ENDPOINT, *WORDS)
    assert current() == SERVER
    assert registers(SERVER)[:11] == [*WORDS, errors.OK, BADGE + CLIENT, messages.MESSAGE]
    assert state.threads[CLIENT].state == state.AWAITING


def test_reply_receive_gives_the_client_its_words_and_the_processor() -> None:
    run_until(CLIENT)
    call(syscalls.CALL, SERVER_ENDPOINT, *WORDS)
    call(syscalls.REPLY_RECEIVE, 1, *REPLY)
    assert current() == CLIENT
    assert registers(CLIENT)[:9] == [*REPLY, errors.OK]
    assert state.threads[SERVER].state == state.RECEIVING


def test_a_server_serves_one_client_after_the_other() -> None:
    run_until(CLIENT)
    call(syscalls.CALL, SERVER_ENDPOINT, *WORDS)
    call(syscalls.REPLY_RECEIVE, 1, *REPLY)
    run_until(PEER)
    call(syscalls.CALL, SERVER_ENDPOINT, 5)
    assert registers(SERVER)[9] == BADGE + PEER


def test_callers_wait_in_order_while_the_server_is_busy() -> None:
    call(syscalls.WAIT, 2)
    run_until(CLIENT)
    call(syscalls.CALL, SERVER_ENDPOINT, 1)
    assert state.threads[CLIENT].state == state.CALLING
    assert current() == PEER
    call(syscalls.CALL, SERVER_ENDPOINT, 2)
    assert current() == MONITOR
    call(syscalls.SIGNAL, SERVER_NOTIFICATION)
    assert current() == SERVER
    call(syscalls.RECEIVE, 1)
    assert registers(SERVER)[0] == 1 and current() == SERVER
    call(syscalls.REPLY_RECEIVE, 1, *REPLY)
    assert registers(SERVER)[0] == 2 and current() == SERVER
    assert state.threads[CLIENT].state == state.READY
    assert registers(CLIENT)[:9] == [*REPLY, errors.OK]


def test_a_signal_comes_before_waiting_callers() -> None:
    call(syscalls.WAIT, 2)
    call(syscalls.CALL, SERVER_ENDPOINT, 1)
    call(syscalls.SIGNAL, SERVER_NOTIFICATION)
    assert current() == SERVER and registers(SERVER)[9] == 1 << PEER
    state.notifications[SERVER].pending = u64(2)
    assert call(syscalls.RECEIVE, 1) == errors.OK
    assert registers(SERVER)[9:11] == [2, messages.SIGNAL]
    assert call(syscalls.RECEIVE, 1) == errors.OK
    assert registers(SERVER)[9:11] == [BADGE + CLIENT, messages.MESSAGE]


def test_receiving_again_tells_the_client_that_no_reply_comes() -> None:
    run_until(CLIENT)
    call(syscalls.CALL, SERVER_ENDPOINT, *WORDS)
    call(syscalls.RECEIVE, 1)
    assert current() == PEER or current() == CLIENT
    assert registers(CLIENT)[8] == errors.RESTARTED
    assert state.threads[CLIENT].state == state.READY


def test_reply_without_a_client_is_dropped() -> None:
    call(syscalls.REPLY_RECEIVE, 1, *REPLY)
    assert state.threads[SERVER].state == state.RECEIVING


def test_a_reply_lets_the_client_run_when_it_is_the_best() -> None:
    run_until(MONITOR)
    call(syscalls.CALL, CLIENT_ENDPOINT, 1)
    assert current() == CLIENT
    call(syscalls.REPLY_RECEIVE, 1, *REPLY)
    assert current() == MONITOR and registers(MONITOR)[0] == REPLY[0]


@pytest.mark.parametrize(
    ("slot", "status"),
    [
        (0, errors.BAD_SLOT),
        (EMPTY, errors.BAD_SLOT),
        (1 << 63, errors.BAD_SLOT),
        (64, errors.BAD_SLOT),
        (2, errors.WRONG_KIND),
        (WEAK_ENDPOINT, errors.NO_RIGHT),
        (1, errors.PRIORITY),
        (CLIENT_ENDPOINT, errors.PRIORITY),
    ],
)
def test_call_refuses(slot: int, status: int) -> None:
    assert refused(syscalls.CALL, slot, *WORDS) == status


def test_call_refuses_a_revoked_endpoint() -> None:
    state.endpoints[SERVER].header.generation = u32(1)
    assert refused(syscalls.CALL, SERVER_ENDPOINT) == errors.DEAD


def test_call_refuses_a_server_of_equal_priority() -> None:
    make_slot(SERVER, EMPTY, objects.ENDPOINT, PEER)
    run_until(CLIENT)
    make_slot(CLIENT, EMPTY, objects.ENDPOINT, PEER)
    assert refused(syscalls.CALL, EMPTY) == errors.PRIORITY


@pytest.mark.parametrize("number", [syscalls.RECEIVE, syscalls.REPLY_RECEIVE, syscalls.RECEIVE_UNTIL])
def test_who_serves_nothing_does_not_receive(number: int) -> None:
    serves = state.threads[SERVER].serves
    state.threads[SERVER].serves = state.endpoints[serves].server = u32(0)
    assert refused(number, 1) == errors.STATE


@pytest.mark.parametrize("slot", [0, EMPTY, 2, WEAK_ENDPOINT, CLIENT_ENDPOINT, 1 << 63])
def test_receiving_takes_no_capability(slot: int) -> None:
    assert call(syscalls.RECEIVE, slot) == errors.OK
    assert state.threads[SERVER].state == state.RECEIVING

"""Copy, mint, delete and revoke."""

from __future__ import annotations

import pytest

from keelback.abi import errors, limits, objects, rights, syscalls
from keelback.kernel import state
from keelback.lang import u32
from tests.kernel.support import (
    CLIENT,
    EMPTY,
    SERVER,
    SERVER_ENDPOINT,
    THREAD_SLOTS,
    VCPU_SLOT,
    WEAK_ENDPOINT,
    call,
    make_slot,
    refused,
    run_until,
)


def slot_of(table: int, number: int) -> state.Slot:
    return state.slots[table * limits.SLOT_COUNT + number]


def test_a_copy_keeps_only_the_rights_in_the_mask() -> None:
    assert call(syscalls.CAPABILITY_COPY, SERVER_ENDPOINT, EMPTY, rights.READ | 0xFFFF_FF00) == errors.OK
    made = slot_of(SERVER, EMPTY)
    assert made.kind == objects.ENDPOINT and made.object == SERVER and made.rights == rights.READ
    assert made.badge == slot_of(SERVER, SERVER_ENDPOINT).badge


def test_a_copy_cannot_gain_rights() -> None:
    call(syscalls.CAPABILITY_COPY, WEAK_ENDPOINT, EMPTY, rights.ALL)
    assert slot_of(SERVER, EMPTY).rights == 0


def test_mint_sets_a_badge_once() -> None:
    assert call(syscalls.CAPABILITY_MINT, 1, EMPTY, rights.ALL, 99) == errors.OK
    assert slot_of(SERVER, EMPTY).badge == 99
    assert refused(syscalls.CAPABILITY_MINT, EMPTY, EMPTY + 1, rights.ALL, 5) == errors.BAD_ARGUMENT


def test_mint_needs_the_right_to_grant() -> None:
    make_slot(SERVER, EMPTY, objects.ENDPOINT, SERVER, given=rights.ALL & ~rights.GRANT)
    assert refused(syscalls.CAPABILITY_MINT, EMPTY, EMPTY + 1, rights.ALL, 5) == errors.NO_RIGHT


@pytest.mark.parametrize("number", [syscalls.CAPABILITY_COPY, syscalls.CAPABILITY_MINT])
@pytest.mark.parametrize(
    ("source", "destination", "status"),
    [
        (0, EMPTY, errors.BAD_SLOT),
        (EMPTY, EMPTY, errors.BAD_SLOT),
        (1 << 40, EMPTY, errors.BAD_SLOT),
        (1, 0, errors.BAD_SLOT),
        (1, limits.SLOT_COUNT, errors.BAD_SLOT),
        (1, 2, errors.OCCUPIED),
        (1, 1, errors.OCCUPIED),
    ],
)
def test_copy_and_mint_refuse(number: int, source: int, destination: int, status: int) -> None:
    assert refused(number, source, destination, rights.ALL, 1) == status


def test_dead_capabilities_are_not_copied() -> None:
    state.endpoints[SERVER].generation = u32(3)
    assert refused(syscalls.CAPABILITY_COPY, SERVER_ENDPOINT, EMPTY, rights.ALL) == errors.DEAD


def test_delete_empties_a_slot() -> None:
    assert call(syscalls.CAPABILITY_DELETE, SERVER_ENDPOINT) == errors.OK
    assert refused(syscalls.CALL, SERVER_ENDPOINT) == errors.BAD_SLOT


@pytest.mark.parametrize("slot", [0, EMPTY, limits.SLOT_COUNT, 1 << 63])
def test_delete_refuses(slot: int) -> None:
    assert refused(syscalls.CAPABILITY_DELETE, slot) == errors.BAD_SLOT


@pytest.mark.parametrize("slot", [1, 2, 5, VCPU_SLOT, THREAD_SLOTS[CLIENT], 11, 12])
def test_revoke_kills_all_other_capabilities(slot: int) -> None:
    kind, index = slot_of(SERVER, slot).kind, slot_of(SERVER, slot).object
    assert call(syscalls.REVOKE, slot) == errors.OK
    alive = slot_of(SERVER, slot)
    assert alive.generation == 1
    run_until(CLIENT)
    for number in range(1, limits.SLOT_COUNT):
        other = slot_of(CLIENT, number)
        if other.kind == kind and other.object == index:
            assert refused(syscalls.CAPABILITY_COPY, number, EMPTY + 5, 0) == errors.DEAD


def test_the_revoker_keeps_its_capability() -> None:
    call(syscalls.REVOKE, 2)
    assert call(syscalls.POLL, 2) == errors.OK


def test_revoke_needs_ownership() -> None:
    make_slot(SERVER, EMPTY, objects.ENDPOINT, SERVER, given=rights.ALL & ~rights.OWNER)
    assert refused(syscalls.REVOKE, EMPTY) == errors.NO_RIGHT
    assert refused(syscalls.REVOKE, 0) == errors.BAD_SLOT


def test_revoke_stops_before_a_generation_would_come_again() -> None:
    state.endpoints[SERVER].generation = u32(u32.MAX)
    slot_of(SERVER, 1).generation = u32(u32.MAX)
    assert refused(syscalls.REVOKE, 1) == errors.BUSY

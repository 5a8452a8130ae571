"""Delegations that are revoked singly."""

from __future__ import annotations

import pytest

from keelback.abi import errors, objects, rights
from keelback.kernel import state
from keelback.kernel.objects import capability, grant, pool
from keelback.lang import u8, u64
from tests.kernel.objects.ownership import (
    BADGE,
    BADGED_SLOT,
    CALLER,
    EMPTY,
    ENDPOINT_SLOT,
    GRANT_SLOT,
    GRANTED_SLOT,
    READ_TABLE_SLOT,
    ROOT_SLOT,
    TABLE_SLOT,
    THE_GRANT,
    WEAK_SLOT,
    call,
    make_system,
    other_slot,
    own_slot,
    put,
)


@pytest.fixture(autouse=True)
def system() -> None:
    make_system()


def is_alive(slot: int) -> bool:
    return capability.check_slot(state.threads[CALLER], u64(slot), u8(objects.ENDPOINT), u8(0)) == errors.OK


def test_a_delegation_is_a_copy_through_the_grant() -> None:
    assert call(grant.delegate, GRANT_SLOT, BADGED_SLOT, EMPTY, rights.WRITE, 0) == errors.OK
    made = own_slot(EMPTY)
    assert made.grant == THE_GRANT and made.rights == rights.WRITE and made.badge == BADGE
    assert is_alive(EMPTY)


def test_it_goes_to_another_table() -> None:
    assert call(grant.delegate, GRANT_SLOT, ENDPOINT_SLOT, 4, rights.ALL, TABLE_SLOT) == errors.OK
    assert other_slot(4).grant == THE_GRANT


def test_revoking_the_grant_ends_the_delegation_and_nothing_else() -> None:
    call(grant.delegate, GRANT_SLOT, ENDPOINT_SLOT, EMPTY, rights.ALL, 0)
    call(capability.copy, EMPTY, EMPTY + 1, rights.ALL, 0, 0)
    assert call(capability.revoke, GRANT_SLOT) == errors.OK
    assert not is_alive(EMPTY) and not is_alive(EMPTY + 1)
    assert is_alive(ENDPOINT_SLOT) and is_alive(BADGED_SLOT)


def test_a_revoked_grant_can_be_used_again() -> None:
    call(capability.revoke, GRANT_SLOT)
    assert call(grant.delegate, GRANT_SLOT, ENDPOINT_SLOT, EMPTY, rights.ALL, 0) == errors.OK
    assert is_alive(EMPTY)


def test_destroying_the_grant_ends_the_delegation() -> None:
    call(grant.delegate, GRANT_SLOT, ENDPOINT_SLOT, EMPTY, rights.ALL, 0)
    assert call(pool.destroy, ROOT_SLOT, objects.GRANT, THE_GRANT) == errors.OK
    assert not is_alive(EMPTY)


def test_what_came_through_a_grant_cannot_go_through_another() -> None:
    assert call(grant.delegate, GRANT_SLOT, GRANTED_SLOT, EMPTY, rights.ALL, 0) == errors.STATE


def test_it_needs_the_right_to_grant() -> None:
    assert call(grant.delegate, GRANT_SLOT, WEAK_SLOT, EMPTY, rights.ALL, 0) == errors.NO_RIGHT
    put(GRANT_SLOT, objects.GRANT, THE_GRANT, given=rights.ALL & ~rights.CONTROL)
    assert call(grant.delegate, GRANT_SLOT, ENDPOINT_SLOT, EMPTY, rights.ALL, 0) == errors.NO_RIGHT


@pytest.mark.parametrize(
    ("through", "source", "destination", "table", "status"),
    [
        (ENDPOINT_SLOT, ENDPOINT_SLOT, EMPTY, 0, errors.WRONG_KIND),
        (EMPTY, ENDPOINT_SLOT, EMPTY, 0, errors.BAD_SLOT),
        (GRANT_SLOT, 0, EMPTY, 0, errors.BAD_SLOT),
        (GRANT_SLOT, ENDPOINT_SLOT, 0, 0, errors.BAD_SLOT),
        (GRANT_SLOT, ENDPOINT_SLOT, ENDPOINT_SLOT, 0, errors.OCCUPIED),
        (GRANT_SLOT, ENDPOINT_SLOT, EMPTY, READ_TABLE_SLOT, errors.NO_RIGHT),
        (GRANT_SLOT, ENDPOINT_SLOT, EMPTY, ENDPOINT_SLOT, errors.WRONG_KIND),
    ],
)
def test_it_refuses(through: int, source: int, destination: int, table: int, status: int) -> None:
    assert call(grant.delegate, through, source, destination, rights.ALL, table) == status

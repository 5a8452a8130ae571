"""Power: every refusal. (What the firmware does with a granted request is seen on the emulated machine.)"""

from __future__ import annotations

import pytest

from keelback.abi import errors, objects, rights, syscalls
from keelback.kernel import state
from tests.kernel.support import EMPTY, PLATFORM_SLOT, SERVER, make_slot, refused


@pytest.mark.parametrize(
    ("slot", "action", "status"),
    [
        (0, syscalls.OFF, errors.BAD_SLOT),
        (EMPTY, syscalls.OFF, errors.BAD_SLOT),
        (1, syscalls.OFF, errors.WRONG_KIND),
        (PLATFORM_SLOT, 2, errors.BAD_ARGUMENT),
    ],
)
def test_refuses(slot: int, action: int, status: int) -> None:
    assert refused(syscalls.SYSTEM_OFF, slot, action) == status


def test_needs_control() -> None:
    make_slot(SERVER, EMPTY, objects.PLATFORM, state.THE_ONLY, given=rights.ALL & ~rights.CONTROL)
    assert refused(syscalls.SYSTEM_OFF, EMPTY, syscalls.OFF) == errors.NO_RIGHT

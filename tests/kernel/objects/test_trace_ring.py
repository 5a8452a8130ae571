"""The trace: what is recorded, read and switched."""

from __future__ import annotations

import pytest

from keelback.abi import errors, limits, objects, rights, syscalls, trace
from keelback.kernel import state
from keelback.lang import u64
from tests.kernel.support import EMPTY, SERVER, TRACE_SLOT, call, make_slot, refused, registers


def record_all() -> None:
    call(syscalls.TRACE_CONTROL, TRACE_SLOT, 0, (1 << trace.KIND_COUNT) - 1)
    state.cores[0].trace_next = u64(0)


def test_a_call_is_recorded_when_wanted() -> None:
    record_all()
    call(syscalls.NULL, 7, 42)
    call(syscalls.TRACE_READ, TRACE_SLOT, 0, 0)
    found = registers(SERVER)
    assert found[1:5] == [trace.CALL | SERVER << 8 | syscalls.NULL << 32, 7, 42, 1]


def test_a_refusal_is_recorded_when_wanted() -> None:
    call(syscalls.TRACE_CONTROL, TRACE_SLOT, 0, 1 << trace.ERROR)
    call(syscalls.CALL, EMPTY)
    call(syscalls.TRACE_READ, TRACE_SLOT, 0, 0)
    assert registers(SERVER)[1:4] == [
        trace.ERROR | SERVER << 8 | syscalls.CALL << 32,
        EMPTY,
        errors.BAD_SLOT,
    ]


def test_a_number_too_old_gives_the_oldest_record() -> None:
    record_all()
    for index in range(limits.TRACE_COUNT + 10):
        call(syscalls.NULL, index)
    call(syscalls.TRACE_READ, TRACE_SLOT, 0, 0)
    assert registers(SERVER)[4] == 12
    assert registers(SERVER)[2] == 11


def test_records_not_written_yet_are_refused() -> None:
    state.cores[0].trace_next = u64(5)
    assert refused(syscalls.TRACE_READ, TRACE_SLOT, 0, 6) == errors.BUSY
    assert refused(syscalls.TRACE_READ, TRACE_SLOT, 0, 1 << 63) == errors.BUSY


@pytest.mark.parametrize("number", [syscalls.TRACE_READ, syscalls.TRACE_CONTROL])
@pytest.mark.parametrize(
    ("slot", "core", "status"),
    [
        (0, 0, errors.BAD_SLOT),
        (EMPTY, 0, errors.BAD_SLOT),
        (1, 0, errors.WRONG_KIND),
        (TRACE_SLOT, limits.CORE_COUNT, errors.BAD_ARGUMENT),
        (TRACE_SLOT, 1 << 63, errors.BAD_ARGUMENT),
    ],
)
def test_refuses(number: int, slot: int, core: int, status: int) -> None:
    assert refused(number, slot, core, 0) == status


@pytest.mark.parametrize(
    ("number", "given"), [(syscalls.TRACE_READ, rights.CONTROL), (syscalls.TRACE_CONTROL, rights.READ)]
)
def test_refuses_without_the_right(number: int, given: int) -> None:
    make_slot(SERVER, EMPTY, objects.TRACE, state.THE_ONLY, given=given)
    assert refused(number, EMPTY, 0, 0) == errors.NO_RIGHT

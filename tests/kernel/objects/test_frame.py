"""FRAME_CLEAR and FRAME_INFO."""

from __future__ import annotations

import pytest

from keelback.abi import errors, rights
from keelback.kernel import state
from keelback.kernel.arch import interface
from keelback.kernel.objects import frame
from keelback.lang import u32, u64
from tests.kernel.objects import workshop
from tests.kernel.objects.ownership import CALLER
from tests.kernel.objects.workshop import DEVICE, EMPTY, LARGE, SMALL, THREAD, call, dead, result, weak


@pytest.fixture(autouse=True)
def small_system() -> None:
    workshop.make_system()


@pytest.fixture
def cleared(monkeypatch: pytest.MonkeyPatch) -> list[u64]:
    """The pages that were cleared."""
    pages: list[u64] = []
    monkeypatch.setattr(interface, "clear_page", pages.append)
    return pages


def test_a_small_frame_is_one_piece(cleared: list[u64]) -> None:
    state.frames[SMALL[1]].dirty = u32(1)
    assert call(frame.clear, SMALL) == errors.OK
    assert result(0) == 0 and state.frames[SMALL[1]].dirty == 0
    assert cleared == [0x4012_3000]


def test_a_large_frame_is_cleared_piece_by_piece(cleared: list[u64]) -> None:
    state.frames[LARGE[1]].dirty = u32(512)
    for left in reversed(range(512)):
        assert call(frame.clear, LARGE) == errors.OK
        assert result(0) == left
    assert sorted(cleared) == list(range(0x4040_0000, 0x4060_0000, 4096))


@pytest.mark.parametrize("thing", [SMALL, LARGE, DEVICE])
def test_nothing_is_left_to_clear(thing: workshop.Object, cleared: list[u64]) -> None:
    assert call(frame.clear, thing) == errors.OK
    assert result(0) == 0 and cleared == []


def test_a_mapped_frame_is_not_cleared(cleared: list[u64]) -> None:
    state.frames[SMALL[1]].dirty = u32(1)
    state.frames[SMALL[1]].mapped = u32(1)
    status = int(frame.clear(prepared(SMALL)))
    assert status == errors.BUSY and cleared == [] and state.frames[SMALL[1]].dirty == 1


def prepared(thing: workshop.Object) -> state.Thread:
    """The caller, about to name an object."""
    caller = state.threads[CALLER]
    caller.context.registers[8] = u64(workshop.SLOTS[thing])
    return caller


def test_what_is_told_of_a_frame() -> None:
    state.frames[LARGE[1]].dirty = u32(17)
    for thing, address, size, dirty in (
        (SMALL, 0x4012_3000, 4096, 0),
        (LARGE, 0x4040_0000, 2 << 20, 17),
        (DEVICE, 0x0900_0000, 4096, 0),
    ):
        assert call(frame.info, thing) == errors.OK
        assert [result(number) for number in range(4)] == [address, size, 0, dirty]


def test_slots() -> None:
    for function, right in ((frame.clear, rights.WRITE), (frame.info, rights.READ)):
        assert call(function, EMPTY) == errors.BAD_SLOT
        assert call(function, THREAD) == errors.WRONG_KIND
        assert call(function, weak(SMALL, rights.ALL & ~right)) == errors.NO_RIGHT
        assert call(function, weak(SMALL, right)) == errors.OK
    assert call(frame.clear, dead(DEVICE)) == errors.DEAD
    assert call(frame.info, DEVICE) == errors.DEAD

"""Virtual interrupts in list registers, in the table and in the processor."""

from __future__ import annotations

import pytest

from keelback.abi.limits import LIST_REGISTER_COUNT
from keelback.kernel import state
from keelback.kernel.arch.aarch64.list_registers import has_pending, has_room, inject
from keelback.lang import u32, u64
from keelback.lang.registers import system_registers
from tests.kernel.support import VCPU

GUEST = state.vcpus[VCPU]
HARDWARE = [f"s3_4_c12_c12_{number}" for number in range(LIST_REGISTER_COUNT)]
CONTROL = "s3_4_c12_c11_0"
PENDING, ACTIVE = 1 << 62, 1 << 63


@pytest.fixture(params=["table", "processor"])
def place(request: pytest.FixtureRequest) -> str:
    """Where the vcpu's list registers are."""
    if request.param == "processor":
        state.cores[0].loaded, GUEST.loaded_on = u32(VCPU), u32(1)
    return str(request.param)


def values(place: str) -> list[int]:
    if place == "processor":
        return [system_registers.get(name, 0) for name in HARDWARE]
    return [int(GUEST.list_registers[number]) for number in range(LIST_REGISTER_COUNT)]


def set_value(place: str, number: int, value: int) -> None:
    system_registers[HARDWARE[number]] = value
    GUEST.list_registers[number] = u64(value)


def test_an_interrupt_is_pending_in_group_1_with_its_priority(place: str) -> None:
    assert inject(u32(VCPU), u64(48), u64(0xA0))
    assert [value for value in values(place) if value] == [48 | 0xA0 << 48 | 1 << 60 | PENDING]
    assert has_pending(u32(VCPU))


def test_one_that_is_pending_already_stays_so(place: str) -> None:
    inject(u32(VCPU), u64(48), u64(0xA0))
    before = values(place)
    assert inject(u32(VCPU), u64(48), u64(0xA0))
    assert values(place) == before


def test_an_active_one_becomes_pending_too(place: str) -> None:
    set_value(place, 2, 48 | ACTIVE)
    assert inject(u32(VCPU), u64(48), u64(0xA0))
    assert values(place)[2] == 48 | ACTIVE | PENDING


def test_active_ones_are_not_pending_and_take_room(place: str) -> None:
    for number in range(LIST_REGISTER_COUNT):
        set_value(place, number, (48 + number) | ACTIVE)
    assert not has_pending(u32(VCPU))
    assert not has_room(u32(VCPU))


def test_without_room_nothing_changes(place: str) -> None:
    for number in range(LIST_REGISTER_COUNT):
        inject(u32(VCPU), u64(48 + number), u64(0xA0))
    before = values(place)
    assert not inject(u32(VCPU), u64(100), u64(0))
    assert values(place) == before
    if place == "processor":
        assert system_registers[CONTROL] == 3, "enabled, and an interrupt when there is room"

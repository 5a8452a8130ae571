"""Virtual timers and the kernel's own."""

from __future__ import annotations

from keelback.kernel import state
from keelback.kernel.arch.aarch64.timer import (
    NEVER,
    arm,
    arm_slice,
    deliver,
    disarm,
    find_guest_deadline,
    mask_loaded_timer,
    retry,
    take_due,
)
from keelback.lang import u8, u32, u64
from keelback.lang.registers import system_registers
from tests.kernel.support import VCPU

CORE = state.cores[0]
GUEST = state.vcpus[VCPU]
INDEX = u32(VCPU)


def pending() -> list[int]:
    return [int(GUEST.list_registers[number]) & 0x3FF for number in range(4) if GUEST.list_registers[number] != 0]


def let_fire() -> None:
    """The guest's timer, enabled and due."""
    GUEST.el1.cntv_ctl, GUEST.el1.cntv_cval = u64(1), u64(100)
    system_registers["cntpct_el0"] = 200


def test_the_earliest_deadline_counts() -> None:
    arm(u64(500))
    arm(u64(900))
    assert system_registers["cnthp_cval_el2"] == 500
    arm(u64(300))
    assert system_registers["cnthp_cval_el2"] == 300 and system_registers["cnthp_ctl_el2"] == 1
    disarm()
    assert system_registers["cnthp_ctl_el2"] == 0
    arm(u64(900))
    assert system_registers["cnthp_cval_el2"] == 900


def test_a_slice_begins_when_none_is_running() -> None:
    system_registers.update({"cntpct_el0": 1000, "cntfrq_el0": 200_000})
    arm_slice(CORE)
    assert CORE.slice_end == 2000 and system_registers["cnthp_cval_el2"] == 2000
    system_registers["cntpct_el0"] = 1500
    arm_slice(CORE)
    assert CORE.slice_end == 2000


def test_a_fired_timer_is_masked() -> None:
    system_registers["cntv_ctl_el0"] = 5
    mask_loaded_timer()
    assert system_registers["cntv_ctl_el0"] == 3


def test_a_due_timer_of_an_unloaded_guest_becomes_interrupt_27() -> None:
    let_fire()
    GUEST.timer_enabled, GUEST.timer_priority = True, u8(0xA0)
    assert take_due(INDEX)
    assert pending() == [27] and GUEST.el1.cntv_ctl == 3


def test_a_timer_that_is_not_due_stays_armed() -> None:
    let_fire()
    system_registers["cntpct_el0"] = 50
    assert not take_due(INDEX)
    assert pending() == [] and find_guest_deadline(INDEX) == 100


def test_a_due_timer_of_a_loaded_guest_is_masked_in_the_processor() -> None:
    CORE.loaded, GUEST.loaded_on, GUEST.timer_enabled = u32(VCPU), u32(1), True
    system_registers.update({"cntv_ctl_el0": 1, "cntv_cval_el0": 100, "cntpct_el0": 200})
    assert find_guest_deadline(INDEX) == 100
    assert take_due(INDEX)
    assert system_registers["cntv_ctl_el0"] == 3
    assert system_registers["s3_4_c12_c12_3"] & 0x3FF == 27
    assert find_guest_deadline(INDEX) == NEVER


def test_a_masked_timer_does_not_fire() -> None:
    let_fire()
    GUEST.el1.cntv_ctl = u64(3)
    assert not take_due(INDEX)


def test_a_timer_whose_interrupt_is_off_fires_when_it_is_turned_on() -> None:
    let_fire()
    assert not deliver(INDEX)
    assert pending() == [] and GUEST.timer_due
    GUEST.timer_enabled = True
    assert retry(INDEX)
    assert pending() == [27] and not GUEST.timer_due


def test_a_timer_set_anew_meanwhile_is_not_due() -> None:
    let_fire()
    deliver(INDEX)
    GUEST.timer_enabled, GUEST.el1.cntv_cval = True, u64(1000)
    assert not retry(INDEX)
    assert pending() == [] and not GUEST.timer_due


def test_a_due_timer_waits_for_room() -> None:
    let_fire()
    GUEST.timer_enabled = True
    for number in range(4):
        GUEST.list_registers[number] = u64(1 << 62 | 48 + number)
    assert not deliver(INDEX)
    GUEST.list_registers[1] = u64(0)
    assert retry(INDEX)
    assert 27 in pending()

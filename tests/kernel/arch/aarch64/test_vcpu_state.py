"""What is in the processor when guests and components take turns."""

from __future__ import annotations

import pytest

from keelback.kernel import state
from keelback.kernel.arch.aarch64 import vcpu_state
from keelback.kernel.arch.aarch64.floating_point import take_over
from keelback.kernel.arch.aarch64.registers import COMPONENT_HCR, COMPONENT_SCTLR, CPACR_FP_OPEN, GUEST_HCR
from keelback.kernel.arch.aarch64.vcpu_state import (
    enter_component,
    enter_guest,
    forget_thread,
    let_go,
    release,
    reset_vcpu,
    unload_vcpu,
)
from keelback.lang import address_of, u32, u64
from keelback.lang.registers import system_registers
from tests.kernel.support import CLIENT, SERVER, VCPU

CORE = state.cores[0]
OTHER = 2


def component(index: int) -> int:
    return int(enter_component(CORE, u32(index), state.threads[index]))


def guest(index: int) -> int:
    return int(enter_guest(CORE, u32(index)))


def test_a_component_runs_with_known_registers() -> None:
    component(CLIENT)
    guest(VCPU)
    system_registers.update({"sctlr_el1": 0x30D5_D91D, "tcr_el1": 7, "cntkctl_el1": 0x3FF, "tpidrro_el0": 5})
    assert component(CLIENT) == address_of(state.threads[CLIENT])
    assert system_registers["hcr_el2"] == COMPONENT_HCR
    assert system_registers["sctlr_el1"] == COMPONENT_SCTLR
    assert system_registers["tcr_el1"] == 0 and system_registers["cntkctl_el1"] == 2
    assert system_registers["tpidrro_el0"] == 0 and system_registers["cpacr_el1"] == 0
    assert system_registers["vttbr_el2"] == state.threads[CLIENT].stage2


def test_a_guest_gets_its_registers_back() -> None:
    component(CLIENT)
    guest(VCPU)
    mine = {"sctlr_el1": 0x30D5_D91D, "tcr_el1": 7, "cpacr_el1": 9, "cntkctl_el1": 8, "tpidr_el0": 6, "tpidrro_el0": 5}
    system_registers.update(mine)
    component(CLIENT)
    assert guest(VCPU) == address_of(state.vcpus[VCPU])
    assert {name: system_registers[name] for name in mine} == mine
    assert system_registers["hcr_el2"] == GUEST_HCR
    assert system_registers["vttbr_el2"] == state.vcpus[VCPU].stage2


def test_each_thread_keeps_its_thread_pointer() -> None:
    component(CLIENT)
    system_registers["tpidr_el0"] = 111
    component(SERVER)
    system_registers["tpidr_el0"] = 222
    guest(VCPU)
    component(CLIENT)
    assert system_registers["tpidr_el0"] == 111
    component(SERVER)
    assert system_registers["tpidr_el0"] == 222


def test_kernel_registers_of_a_guest_stay_until_another_vcpu_runs() -> None:
    guest(VCPU)
    system_registers["vbar_el1"] = 0x1000
    component(CLIENT)
    assert CORE.loaded == VCPU and system_registers["vbar_el1"] == 0x1000
    state.vcpus[OTHER].el1.vbar = u64(0x2000)
    guest(OTHER)
    assert system_registers["vbar_el1"] == 0x2000
    assert state.vcpus[VCPU].el1.vbar == 0x1000
    guest(VCPU)
    assert system_registers["vbar_el1"] == 0x1000


def test_the_timer_of_an_unloaded_guest_is_off_until_it_is_loaded() -> None:
    guest(VCPU)
    system_registers.update({"cntv_ctl_el0": 1, "cntv_cval_el0": 5000})
    component(CLIENT)
    unload_vcpu(u32(VCPU))
    assert system_registers["cntv_ctl_el0"] == 0 and state.vcpus[VCPU].loaded_on == 0
    guest(VCPU)
    assert system_registers["cntv_ctl_el0"] == 1 and system_registers["cntv_cval_el0"] == 5000
    assert state.vcpus[VCPU].loaded_on == 1


def test_floating_point_follows_its_owner() -> None:
    component(CLIENT)
    take_over(u32(CLIENT))
    assert state.threads[CLIENT].coprocessor == CPACR_FP_OPEN
    component(SERVER)
    assert system_registers["cpacr_el1"] == 0, "the other thread's use traps"
    guest(VCPU)
    assert system_registers["cptr_el2"] >> 10 & 1 == 1, "the guest's use traps"
    take_over(u32(state.FIRST_VCPU_OWNER + VCPU))
    assert system_registers["cptr_el2"] >> 10 & 1 == 0
    component(CLIENT)
    assert system_registers["cpacr_el1"] == 0, "it has lost them"
    guest(VCPU)
    assert system_registers["cptr_el2"] >> 10 & 1 == 0


def test_a_component_that_owns_floating_point_can_use_it_again() -> None:
    component(CLIENT)
    take_over(u32(CLIENT))
    guest(VCPU)
    component(CLIENT)
    assert system_registers["cpacr_el1"] == CPACR_FP_OPEN
    assert system_registers["cptr_el2"] >> 10 & 1 == 0


def test_a_thread_that_starts_anew_inherits_nothing() -> None:
    component(CLIENT)
    take_over(u32(CLIENT))
    system_registers["tpidr_el0"] = 111
    state.fp_states[CLIENT].registers[3] = u64(9)
    forget_thread(u32(CLIENT))
    assert CORE.fp_owner == 0 and state.fp_states[CLIENT].registers[3] == 0
    component(SERVER)
    assert state.threads[CLIENT].thread_pointer == 0


def test_reset_forgets_a_loaded_guest() -> None:
    guest(VCPU)
    system_registers["vbar_el1"] = 0x1000
    component(CLIENT)
    reset_vcpu(u32(VCPU))
    assert CORE.loaded == 0
    guest(VCPU)
    assert system_registers["vbar_el1"] == 0 and system_registers["sctlr_el1"] == 0x30D0_0800


HYPERVISOR_CONTROL = "s3_4_c12_c11_0"
WITH_UNDERFLOW = 3


def test_who_waits_for_room_hears_of_it_once_it_is_loaded() -> None:
    state.vcpus[VCPU].wants_room = True
    guest(VCPU)
    assert system_registers[HYPERVISOR_CONTROL] == WITH_UNDERFLOW
    guest(OTHER)
    assert system_registers[HYPERVISOR_CONTROL] == 1


def test_who_waits_for_room_still_does_after_interrupts_arrived() -> None:
    guest(VCPU)
    state.vcpus[VCPU].wants_room = True
    release(CORE, u32(state.ASKED_INJECT))
    assert system_registers[HYPERVISOR_CONTROL] == WITH_UNDERFLOW


def test_a_guest_with_another_vcpu_forgets_what_that_translated() -> None:
    forgotten: list[int] = []
    state.vcpus[VCPU].space, state.translations[1].users = u32(1), u32(2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vcpu_state, "forget_present_space", lambda: forgotten.append(system_registers["vttbr_el2"]))
        guest(VCPU)
    assert forgotten == [state.vcpus[VCPU].stage2]


def test_a_thread_without_floating_point_is_let_go() -> None:
    component(CLIENT)
    system_registers["tpidr_el0"] = 111
    assert let_go(u32(CLIENT), u32(0), u32(7))
    assert CORE.component == 0 and state.threads[CLIENT].thread_pointer == 111

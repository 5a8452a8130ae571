"""Several cores in CPython: what each keeps in its registers, how one asks another, how they start."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from keelback.lang import to_bytes, u32, u64
from keelback.lang.parameters import active_parameters
from keelback.lang.registers import system_registers
from tests.kernel.conformance.imported import without_modules

PARAMETERS = {"core_count": 3, "thread_count": 4, "vcpu_count": 3, "endpoint_count": 4, "notification_count": 4}
ARCH = "keelback.kernel.arch.aarch64"
SGI = "s3_0_c12_c11_5"
FEATURES = "s3_4_c12_c11_1"
HERE, THERE = 0, 1
MINE, YOURS = 1, 2
"""Threads of the first core and of the second."""
GUEST = 1
LINE = 48


@pytest.fixture
def kernel() -> Iterator[Any]:
    """A private copy of the kernel with three cores; whoever looks is the first."""
    system_registers.clear()
    with without_modules(), active_parameters(PARAMETERS):
        names = ("state", "boot", "panic", "arch.interface")
        modules = {name.rpartition(".")[2]: importlib.import_module(f"keelback.kernel.{name}") for name in names}
        parts = ("processor", "gic", "vcpu_state", "floating_point", "list_registers")
        modules |= {name: importlib.import_module(f"{ARCH}.{name}") for name in parts}
        made = SimpleNamespace(**modules)
        for number in range(3):
            made.state.cores[number].number = u32(number)
            made.state.cores[number].best_rank = u32(number << 8)
        made.state.threads[YOURS].rank = u32(THERE << 8 | 10)
        made.state.threads[MINE].rank = u32(10)
        system_registers.clear()
        yield made
    system_registers.clear()


def go_to(kernel: Any, core: int) -> Any:
    """From now on this core looks; its registers are fresh."""
    kernel.processor.present.number = u32(core)
    system_registers.clear()
    return kernel.state.cores[core]


def enter(kernel: Any, core: int, thread: int) -> None:
    kernel.vcpu_state.enter_component(kernel.state.cores[core], u32(thread), kernel.state.threads[thread])


def test_another_core_is_asked_to_let_a_thread_go(kernel: Any) -> None:
    go_to(kernel, THERE)
    enter(kernel, THERE, YOURS)
    go_to(kernel, HERE)
    assert not kernel.vcpu_state.let_go(u32(YOURS), u32(0), u32(HERE))
    assert kernel.state.cores[THERE].asked == kernel.state.ASKED_UNLOAD
    assert system_registers[SGI] == 1 << THERE


def test_a_thread_may_stay_where_it_is_to_run(kernel: Any) -> None:
    go_to(kernel, THERE)
    enter(kernel, THERE, YOURS)
    go_to(kernel, HERE)
    assert kernel.vcpu_state.let_go(u32(YOURS), u32(0), u32(THERE))
    assert SGI not in system_registers


def test_what_was_asked_for_is_saved(kernel: Any) -> None:
    core = go_to(kernel, THERE)
    enter(kernel, THERE, YOURS)
    kernel.floating_point.take_over(u32(YOURS))
    system_registers["tpidr_el0"] = 77
    kernel.vcpu_state.release(core, u32(kernel.state.ASKED_UNLOAD))
    thread = kernel.state.threads[YOURS]
    assert core.component == 0 and core.fp_owner == 0
    assert thread.thread_pointer == 77 and thread.coprocessor == 0
    go_to(kernel, HERE)
    assert kernel.vcpu_state.let_go(u32(YOURS), u32(0), u32(HERE))


def test_a_running_guest_is_taken_out_whole(kernel: Any) -> None:
    core = go_to(kernel, THERE)
    before = to_bytes(kernel.state.vcpus[0])
    enter(kernel, THERE, YOURS)
    kernel.vcpu_state.enter_guest(core, u32(GUEST))
    guest = kernel.state.vcpus[GUEST]
    assert guest.loaded_on == THERE + 1
    system_registers.update({"vbar_el1": 0x1000, "sctlr_el1": 0x30D5_D91D, "tpidr_el0": 5})
    kernel.vcpu_state.release(core, u32(kernel.state.ASKED_UNLOAD))
    assert core.loaded == 0 and guest.loaded_on == 0 and not core.in_guest
    assert guest.el1.vbar == 0x1000 and guest.el1.sctlr == 0x30D5_D91D and guest.el1.tpidr_el0 == 5
    assert system_registers["sctlr_el1"] != 0x30D5_D91D, "what acts on EL0 is a component's again"
    assert to_bytes(kernel.state.vcpus[0]) == before


def test_a_vcpu_that_is_loaded_elsewhere_is_out_of_reach(kernel: Any) -> None:
    core = go_to(kernel, THERE)
    kernel.vcpu_state.enter_guest(core, u32(GUEST))
    assert kernel.vcpu_state.is_within_reach(u32(GUEST))
    go_to(kernel, HERE)
    assert not kernel.vcpu_state.is_within_reach(u32(GUEST))
    assert core.asked == kernel.state.ASKED_UNLOAD and system_registers[SGI] == 1 << THERE


def test_interrupts_arrive_at_a_vcpu_elsewhere(kernel: Any) -> None:
    core = go_to(kernel, THERE)
    kernel.vcpu_state.enter_guest(core, u32(GUEST))
    go_to(kernel, HERE)
    for number in range(4):
        assert kernel.list_registers.inject(u32(GUEST), u64(LINE + number), u64(0xA0))
    assert not kernel.list_registers.inject(u32(GUEST), u64(LINE + 4), u64(0xA0)), "no more until they are taken"
    assert core.asked == kernel.state.ASKED_INJECT and system_registers[SGI] == 1 << THERE
    assert kernel.list_registers.has_pending(u32(GUEST))
    go_to(kernel, THERE)
    kernel.vcpu_state.release(core, core.asked)
    found = {system_registers[f"s3_4_c12_c12_{number}"] & 0x3FF for number in range(4)}
    assert found == {LINE, LINE + 1, LINE + 2, LINE + 3}
    assert all(kernel.state.vcpus[GUEST].arriving[number] == 0 for number in range(4))


def test_what_has_no_room_waits_for_it(kernel: Any) -> None:
    core = go_to(kernel, THERE)
    kernel.vcpu_state.enter_guest(core, u32(GUEST))
    for number in range(4):
        kernel.list_registers.inject(u32(GUEST), u64(100 + number), u64(0))
    go_to(kernel, HERE)
    assert kernel.list_registers.inject(u32(GUEST), u64(LINE), u64(0xA0))
    go_to(kernel, THERE)
    kernel.list_registers.load_list_registers(kernel.state.vcpus[GUEST])
    kernel.vcpu_state.release(core, core.asked)
    assert system_registers["s3_4_c12_c11_0"] == 3, "told when there is room"
    system_registers["s3_4_c12_c12_2"] = 0
    kernel.list_registers.end_underflow()
    assert system_registers["s3_4_c12_c12_2"] & 0x3FF == LINE
    assert system_registers["s3_4_c12_c11_0"] == 1


def test_a_thread_that_starts_anew_is_forgotten_by_all_cores(kernel: Any) -> None:
    go_to(kernel, THERE)
    enter(kernel, THERE, YOURS)
    kernel.floating_point.take_over(u32(YOURS))
    go_to(kernel, HERE)
    kernel.vcpu_state.forget_thread(u32(YOURS))
    assert kernel.state.cores[THERE].component == 0 and kernel.state.cores[THERE].fp_owner == 0


def answer_as_a_gic(kernel: Any) -> None:
    """Three redistributors that wake at once, and a virtual interface as the kernel expects it."""
    for number in range(3):
        kernel.gic.gicr.bus[0x2_0000 * number + 8] = number << 32
    system_registers[FEATURES] = 4 << 26 | 3


def test_each_core_starts_its_own_redistributor(kernel: Any) -> None:
    answer_as_a_gic(kernel)
    assert kernel.gic.start_core(u32(2))
    bus = kernel.gic.gicr.bus
    assert bus[0x2_0000 * 2 + 0x1_0100] == 1 << 0 | 1 << 25 | 1 << 26 | 1 << 27
    assert all(bus[0x2_0000 * 2 + 0x1_0400 + 4 * word] == 0xA0A0_A0A0 for word in range(8))
    assert 0x1_0100 not in bus and 0x2_0000 + 0x1_0100 not in bus


def test_a_redistributor_of_another_core_is_refused(kernel: Any) -> None:
    answer_as_a_gic(kernel)
    kernel.gic.gicr.bus[0x2_0000 * 2 + 8] = 5 << 32
    assert not kernel.gic.start_core(u32(2))


def test_lines_go_to_the_core_of_their_driver(kernel: Any) -> None:
    kernel.gic.enable_interrupt(u64(LINE), False, u64(2))
    assert kernel.gic.gicd.bus[0x6000 + 8 * LINE] == 2


def test_a_core_hears_what_it_was_asked_before_it_started(kernel: Any) -> None:
    core = go_to(kernel, 2)
    answer_as_a_gic(kernel)
    core.asked = u32(kernel.state.ASKED_RESCHEDULE)
    kernel.boot.start_core(core)
    assert core.online and system_registers[SGI] == 1 << 2


def test_cores_that_do_not_start_are_a_panic(kernel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Ended(Exception):
        pass

    def end(number: u32) -> None:
        raise Ended(int(number))

    answer_as_a_gic(kernel)
    monkeypatch.setattr(kernel.boot, "check_ram", int)
    monkeypatch.setattr(kernel.panic, "stop_for_core", end)
    with pytest.raises(Ended) as found:
        kernel.boot.start(u64(0))
    assert found.value.args == (1,), "there is no firmware in CPython"
    assert kernel.state.cores[0].online


def test_what_arrived_too_late_is_taken_when_the_vcpu_is_loaded_again(kernel: Any) -> None:
    core = go_to(kernel, THERE)
    enter(kernel, THERE, YOURS)
    kernel.state.vcpus[GUEST].arriving[2] = u64(LINE | 1 << 62 | 0xA0 << 48)
    kernel.vcpu_state.enter_guest(core, u32(GUEST))
    assert core.asked == kernel.state.ASKED_INJECT and system_registers[SGI] == 1 << THERE
    kernel.vcpu_state.release(core, core.asked)
    assert system_registers["s3_4_c12_c12_3"] == LINE | 1 << 60 | 1 << 62 | 0xA0 << 48

"""The shell around `dispatch`: interrupts, exits and what is resumed, in CPython with modelled registers."""

from __future__ import annotations

from typing import Any

import pytest

from keelback.abi import errors, faults, messages, syscalls, trace, vcpu
from keelback.kernel import entry, state
from keelback.kernel.arch import interface
from keelback.kernel.arch.aarch64 import vectors
from keelback.kernel.scheduler import commit_wake
from keelback.lang import address_of, u8, u32, u64
from keelback.lang.registers import system_registers
from tests.kernel.support import (
    CLIENT,
    LINE,
    MONITOR,
    PEER,
    SERVER,
    SERVER_ENDPOINT,
    VCPU,
    VCPU_SLOT,
    current,
    registers,
)

ACKNOWLEDGE = "s3_0_c12_c12_0"
NO_INTERRUPT = 1023
SUPERVISOR_CALL = 0x15 << 26
CORE = state.cores[0]


def put_words(thread: state.Thread, *words: u64) -> None:
    """x0.. of a thread, in its context."""
    for number, word in enumerate(words):
        thread.context.registers[number] = word


def finish_message(*given: Any) -> None:
    """As the stub `leave_common_case`, with what follows it."""
    *words, core, calling, number = given
    assert core is CORE
    put_words(calling, *words, number)
    entry.finish_call()


def leave_refused(*given: Any) -> None:
    """As the stub."""
    *words, caller, x9, x10, status = given
    assert int(CORE.context) == context_of(current()), "x19..x30 and the state of the processor are the caller's"
    put_words(caller, *words, status, x9, x10)


def leave_to(*given: Any) -> None:
    """As the stub."""
    *words, thread, badge, kind = given
    put_words(thread, *words, u64(errors.OK), badge, kind)


@pytest.fixture(autouse=True)
def stubs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the assembly does between the entries."""

    def leave(context: u64) -> None:
        CORE.context = context

    monkeypatch.setattr(entry, "leave_common_case", finish_message)
    monkeypatch.setattr(entry, "leave_to", leave_to)
    monkeypatch.setattr(entry, "leave_refused", leave_refused)
    for name in ("leave", "leave_caller"):
        monkeypatch.setattr(entry, name, leave)


def exception() -> int:
    """A fault or a guest's exit; the address of the context that is resumed."""
    entry.exception(CORE)
    return int(CORE.context)


def failure() -> int:
    """A system error."""
    entry.failure(CORE)
    return int(CORE.context)


def interrupt(line: int) -> int:
    """An interrupt is taken; the address of the context that is resumed."""
    system_registers[ACKNOWLEDGE] = line
    entry.interrupt(CORE)
    system_registers[ACKNOWLEDGE] = NO_INTERRUPT
    return int(CORE.context)


def context_of(thread: int) -> int:
    return int(address_of(state.threads[thread]))


def guest_context() -> int:
    return int(address_of(state.vcpus[VCPU]))


def enter_call(number: int, slot: int, *words: int) -> int:
    """A system call as the stubs make it; the address of the context that is resumed."""
    saved = state.threads[current()].context.registers
    for index, word in enumerate(words):
        saved[index] = u64(word)
    saved[8] = u64(slot)
    system_registers["esr_el2"] = SUPERVISOR_CALL | number
    is_traced = CORE.trace_mask & trace.EVERY_CALL != 0
    if number in (syscalls.CALL, syscalls.REPLY_RECEIVE):
        given: list[Any] = [*(saved[index] for index in range(8)), CORE, state.threads[current()], u64(slot)]
        if is_traced:
            finish_message(*given)
        elif number == syscalls.CALL:
            entry.call(*given)
        else:
            entry.reply_receive(*given[:-1])
    elif number == syscalls.VCPU_RUN:
        CORE.context = entry.traced_vcpu_run() if is_traced else entry.vcpu_run()
    else:
        calling = state.threads[current()]
        status = entry.system_call(u64(number))
        if CORE.turned:
            entry.called(status, CORE, calling)
        else:
            calling.context.registers[8] = status
    return int(CORE.context)


def run_guest() -> None:
    """The client runs its guest."""
    enter_call(syscalls.RECEIVE, 1)
    assert enter_call(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0) == guest_context()
    assert state.cores[0].in_guest


def test_a_call_resumes_the_server_and_its_reply_the_client() -> None:
    assert enter_call(syscalls.RECEIVE, 1) == context_of(CLIENT)
    assert enter_call(syscalls.CALL, SERVER_ENDPOINT, 1, 2) == context_of(SERVER)
    assert registers(SERVER)[:2] == [1, 2]
    assert enter_call(syscalls.REPLY_RECEIVE, 1, 3) == context_of(CLIENT)
    assert registers(CLIENT)[0] == 3


def test_a_refused_call_resumes_the_caller() -> None:
    enter_call(syscalls.RECEIVE, 1)
    assert enter_call(syscalls.CALL, 40) == context_of(CLIENT)
    assert enter_call(syscalls.VCPU_RUN, 40) == context_of(CLIENT)
    state.endpoints[CLIENT].server = state.threads[CLIENT].serves = u32(0)
    assert enter_call(syscalls.REPLY_RECEIVE, 40) == context_of(CLIENT)
    assert registers(CLIENT)[8] == errors.STATE


def test_the_space_of_the_resumed_component_is_in_force() -> None:
    enter_call(syscalls.RECEIVE, 1)
    enter_call(syscalls.CALL, SERVER_ENDPOINT)
    assert system_registers["vttbr_el2"] == state.threads[SERVER].stage2


def test_an_exit_resumes_the_monitor() -> None:
    run_guest()
    system_registers["esr_el2"] = 0x16 << 26 | 1 << 25
    assert exception() == context_of(CLIENT)
    assert registers(CLIENT)[0] == vcpu.HYPERCALL
    assert not state.cores[0].in_guest


def test_an_exit_that_comes_too_late_is_undone() -> None:
    run_guest()
    state.threads[CLIENT].guest = u32(0)
    state.vcpus[VCPU].context.program_counter = u64(0x1004)
    system_registers["esr_el2"] = 0x16 << 26 | 1 << 25
    assert exception() == context_of(CLIENT)
    assert state.vcpus[VCPU].context.program_counter == 0x1000, "behind hvc, which is done again"
    assert not state.threads[CLIENT].faulting and registers(CLIENT)[0] != vcpu.HYPERCALL


@pytest.mark.parametrize("cause", [0x01, 0x07, 0x17, 0x18, 0x20, 0x24])
def test_other_late_exits_are_undone_where_they_are(cause: int) -> None:
    run_guest()
    state.threads[CLIENT].guest = u32(0)
    state.vcpus[VCPU].context.program_counter = u64(0x1004)
    system_registers["esr_el2"] = cause << 26 | 1 << 25
    assert exception() == context_of(CLIENT)
    assert state.vcpus[VCPU].context.program_counter == 0x1004
    assert not state.threads[CLIENT].faulting


def test_what_the_kernel_answers_resumes_the_guest() -> None:
    run_guest()
    system_registers["esr_el2"] = 0x07 << 26 | 1 << 25
    assert exception() == guest_context()


def test_wfi_lets_others_run_until_the_timer_fires() -> None:
    run_guest()
    state.vcpus[VCPU].timer_enabled, state.vcpus[VCPU].timer_priority = True, u8(0xA0)
    system_registers["esr_el2"] = 0x01 << 26 | 1 << 25
    assert exception() == context_of(PEER)
    assert state.threads[CLIENT].state == state.GUEST_IDLE
    system_registers["cntv_ctl_el0"] = 5
    enter_call(syscalls.WAIT, 2)
    interrupt(27)
    assert state.threads[CLIENT].state == state.READY
    assert current() == CLIENT
    assert system_registers["s3_4_c12_c12_3"] & 0xFFFF_FFFF == 27
    assert system_registers["cntv_ctl_el0"] == 3


def test_wfi_with_a_pending_interrupt_goes_on() -> None:
    run_guest()
    system_registers["s3_4_c12_c12_1"] = 1 << 62 | 48
    system_registers["esr_el2"] = 0x01 << 26 | 1 << 25
    assert exception() == guest_context()


def test_a_device_interrupts_a_guest_for_its_driver() -> None:
    run_guest()
    assert interrupt(LINE) == context_of(SERVER)
    assert registers(SERVER)[9] == 1 << 40
    assert enter_call(syscalls.RECEIVE, 1) == guest_context(), "the guest runs on where it was"


def test_a_signal_to_the_monitor_ends_its_guest() -> None:
    run_guest()
    state.interrupts[1].notification = u32(CLIENT)
    assert interrupt(LINE) == context_of(CLIENT)
    assert registers(CLIENT)[:2] == [vcpu.NOTIFIED, 1 << 40]


@pytest.mark.parametrize("line", [NO_INTERRUPT, 1020, 5, LINE + 1])
def test_interrupts_of_nobody_disturb_nobody(line: int) -> None:
    run_guest()
    assert interrupt(line) == guest_context()


def test_the_tick_ends_a_slice() -> None:
    enter_call(syscalls.RECEIVE, 1)
    assert system_registers["cnthp_ctl_el2"] == 1, "two of equal priority are ready"
    assert interrupt(26) == context_of(PEER)
    assert interrupt(26) == context_of(CLIENT)


def test_maintenance_brings_a_due_timer_and_the_monitor_s_exit() -> None:
    run_guest()
    guest = state.vcpus[VCPU]
    guest.timer_enabled, guest.timer_due, guest.wants_room = True, True, True
    system_registers["cntv_ctl_el0"] = 7
    assert interrupt(25) == context_of(CLIENT)
    assert registers(CLIENT)[0] == vcpu.MAINTENANCE
    assert not guest.timer_due


def test_a_fault_of_a_component_resumes_somebody_else() -> None:
    enter_call(syscalls.RECEIVE, 1)
    system_registers["esr_el2"] = 0x24 << 26 | 5
    assert exception() == context_of(PEER)
    assert state.threads[CLIENT].faulting


def test_a_system_error_ends_a_guest_or_stops_a_component() -> None:
    run_guest()
    assert failure() == context_of(CLIENT)
    assert registers(CLIENT)[0] == vcpu.FAULT
    failure()
    assert state.threads[CLIENT].faulting


def test_idle_waits_for_an_interrupt() -> None:
    while current() != 0 and current() != 4:
        enter_call(syscalls.WAIT, 2)
    system_registers[ACKNOWLEDGE] = LINE
    assert enter_call(syscalls.WAIT, 2) == context_of(SERVER)


EVERYTHING = (1 << 16) - 1


def trace_everything() -> None:
    CORE.trace_mask = u64(EVERYTHING)


def test_calls_are_the_same_when_they_are_traced() -> None:
    trace_everything()
    written = CORE.trace_next
    test_a_call_resumes_the_server_and_its_reply_the_client()
    assert CORE.trace_next > written
    assert enter_call(syscalls.NULL, 0) == context_of(CLIENT)
    assert enter_call(syscalls.CALL, 40) == context_of(CLIENT) and registers(CLIENT)[8] != 0


def test_a_core_takes_the_vectors_that_its_mask_asks_for() -> None:
    vectors.select_vectors(CORE)
    plain = system_registers["vbar_el2"]
    trace_everything()
    interrupt(interface.ASK_LINE)
    assert system_registers["vbar_el2"] == plain + vectors.TABLE_BYTES
    CORE.trace_mask = u64(1 << trace.FAULT)
    interrupt(interface.ASK_LINE)
    assert system_registers["vbar_el2"] == plain


def test_a_guest_s_exits_are_the_same_when_they_are_traced() -> None:
    trace_everything()
    run_guest()
    system_registers["esr_el2"] = 0x24 << 26 | 1 << 24 | 5
    assert exception() == context_of(CLIENT)
    assert registers(CLIENT)[0] == vcpu.MEMORY


def test_a_guest_runs_on_at_once() -> None:
    run_guest()
    system_registers["esr_el2"] = 0x24 << 26 | 1 << 24 | 5
    assert exception() == context_of(CLIENT)
    assert enter_call(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0) == guest_context()
    exception()
    state.notifications[CLIENT].pending = u64(4)
    assert enter_call(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0) == context_of(CLIENT)
    assert registers(CLIENT)[:2] == [vcpu.NOTIFIED, 4]


def test_a_handler_s_reply_lets_the_faulted_thread_go_on_or_not() -> None:
    enter_call(syscalls.RECEIVE, 1)
    system_registers["esr_el2"] = 0x24 << 26 | 5
    assert exception() == context_of(PEER)
    assert enter_call(syscalls.WAIT, 2) == context_of(MONITOR)
    enter_call(syscalls.RECEIVE, 1)
    assert registers(MONITOR)[10] == messages.FAULT
    assert enter_call(syscalls.REPLY_RECEIVE, 1, faults.RESUME) == context_of(CLIENT)
    system_registers["esr_el2"] = 0x24 << 26 | 5
    assert exception() == context_of(MONITOR)
    assert enter_call(syscalls.REPLY_RECEIVE, 1, faults.RESUME) == context_of(CLIENT), "the common case"
    assert not state.threads[CLIENT].faulting
    system_registers["esr_el2"] = 0x24 << 26 | 5
    assert exception() == context_of(MONITOR)
    system_registers[ACKNOWLEDGE] = LINE
    assert enter_call(syscalls.REPLY_RECEIVE, 1, 0) == context_of(SERVER), "woken by a device"
    assert state.threads[CLIENT].faulting and state.threads[CLIENT].state == state.STOPPED


def test_the_first_floating_point_instruction_is_done_again() -> None:
    enter_call(syscalls.RECEIVE, 1)
    system_registers["esr_el2"] = 0x07 << 26 | 1 << 25
    assert exception() == context_of(CLIENT)
    assert state.threads[CLIENT].coprocessor != 0


def test_a_system_error_after_a_guest_s_end_is_nobody_s() -> None:
    run_guest()
    state.threads[CLIENT].guest = u32(0)
    assert failure() == context_of(CLIENT)
    assert not state.threads[CLIENT].faulting


def test_another_core_s_request_is_heard() -> None:
    enter_call(syscalls.RECEIVE, 1)
    CORE.asked = u32(state.ASKED_RESCHEDULE)
    assert interrupt(0) == context_of(CLIENT)
    assert CORE.asked == 0


@pytest.mark.parametrize("line", [25, 27])
def test_a_guest_s_interrupts_without_a_guest_are_nobody_s(line: int) -> None:
    enter_call(syscalls.RECEIVE, 1)
    assert interrupt(line) == context_of(CLIENT)


def test_a_timer_that_nobody_wants_to_hear_of_is_due_later() -> None:
    run_guest()
    assert interrupt(27) == guest_context()
    assert state.vcpus[VCPU].timer_due
    system_registers["cntv_ctl_el0"] = 7
    state.vcpus[VCPU].timer_enabled = True
    assert interrupt(25) == guest_context()
    assert not state.vcpus[VCPU].timer_due


def test_a_private_line_of_no_use_is_ignored() -> None:
    run_guest()
    assert interrupt(28) == guest_context()


def test_idle_goes_on_until_an_interrupt_makes_a_thread_ready() -> None:
    while current() != MONITOR:
        enter_call(syscalls.WAIT, 2)
    lines = iter([NO_INTERRUPT, NO_INTERRUPT, LINE])
    CORE.charged = u64(1)
    waited: list[int] = []

    def wake() -> None:
        waited.append(1)
        system_registers[ACKNOWLEDGE] = next(lines)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interface, "wait_for_interrupt", wake)
        assert enter_call(syscalls.WAIT, 2) == context_of(SERVER)
    assert len(waited) == 3


@pytest.mark.parametrize("is_guest", [False, True])
def test_whose_space_shares_a_number_gets_a_fresh_one(is_guest: bool) -> None:
    shared = u64(200 << 48 | 0x4300_0000)
    enter_call(syscalls.RECEIVE, 1)
    if is_guest:
        state.vcpus[VCPU].stage2, state.vcpus[VCPU].space = shared, u32(3)
        assert enter_call(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0) == guest_context()
        system_registers["esr_el2"] = 0x24 << 26 | 1 << 24 | 5
        exception()
        assert enter_call(syscalls.VCPU_RUN, VCPU_SLOT, 0, 0) == guest_context()
    else:
        state.threads[SERVER].stage2, state.threads[SERVER].space = shared, u32(3)
        assert enter_call(syscalls.CALL, SERVER_ENDPOINT) == context_of(SERVER)
        enter_call(syscalls.REPLY_RECEIVE, 1)
        assert enter_call(syscalls.CALL, SERVER_ENDPOINT) == context_of(SERVER), "the number is still the space's"
    assert CORE.shared_space == 3


def test_a_component_whose_space_shares_a_number_gets_its_guest_s_exits() -> None:
    run_guest()
    state.threads[CLIENT].stage2 = u64(200 << 48 | 0x4300_0000)
    system_registers["esr_el2"] = 0x24 << 26 | 1 << 24 | 5
    assert exception() == context_of(CLIENT)
    assert registers(CLIENT)[0] == vcpu.MEMORY


def test_room_that_nobody_waits_for_resumes_the_guest() -> None:
    run_guest()
    assert interrupt(25) == guest_context()


def test_a_core_charges_whom_it_turns_to() -> None:
    time = state.times[1]
    time.budget, time.period, time.remaining = u64(0x1000), u64(0x2000), u64(0x1000)
    state.threads[CLIENT].charged = u64(1)
    assert enter_call(syscalls.RECEIVE, 1) == context_of(CLIENT)
    assert CORE.charged == 1


def test_the_only_client_runs_at_once_with_the_reply_in_its_registers() -> None:
    assert enter_call(syscalls.RECEIVE, 1) == context_of(CLIENT)
    assert enter_call(syscalls.WAIT, 2) == context_of(PEER)
    assert enter_call(syscalls.WAIT, 2) == context_of(MONITOR)
    commit_wake(u32(CLIENT))
    assert enter_call(syscalls.CALL, SERVER_ENDPOINT, 7) == context_of(SERVER)
    assert enter_call(syscalls.REPLY_RECEIVE, 1, 8, 9) == context_of(CLIENT)
    assert registers(CLIENT)[:2] == [8, 9] and state.threads[SERVER].state == state.RECEIVING
    state.threads[CLIENT].stage2, state.threads[CLIENT].space = u64(200 << 48 | 0x4300_0000), u32(3)
    assert enter_call(syscalls.CALL, SERVER_ENDPOINT, 7) == context_of(SERVER)
    assert enter_call(syscalls.REPLY_RECEIVE, 1, 6) == context_of(CLIENT)
    assert registers(CLIENT)[0] == 6 and CORE.shared_space == 3

"""THREAD_CONFIGURE, _SCHEDULE, _BIND, ENDPOINT_BIND, _CANCEL, INTERRUPT_BIND, VCPU_CONFIGURE."""

from __future__ import annotations

import pytest

from keelback.abi import errors, limits, rights
from keelback.kernel import queues, state
from keelback.kernel.arch import interface
from keelback.kernel.arch.aarch64.gic import gicd
from keelback.kernel.arch.aarch64.translations import stage2_of
from keelback.kernel.objects import configure, interrupt, vcpu
from keelback.lang import u16, u32, u64
from tests.kernel.objects import workshop
from tests.kernel.objects.ownership import CHILD, put
from tests.kernel.objects.workshop import (
    CEILING,
    CHILDS_SPACE,
    CHILDS_TABLE,
    CORE,
    EMPTY,
    ENDPOINT,
    INTERRUPT,
    LINE,
    NOTIFICATION,
    OTHER_ENDPOINT,
    OTHER_NOTIFICATION,
    OTHER_SPACE,
    OTHER_VCPU,
    RUNNING,
    RUNNING_THREAD,
    SELF,
    SMALL,
    SPACE,
    STOPPED,
    TABLE,
    THREAD,
    VCPU,
    call,
    granted,
    values,
    weak,
)

BADGE = 0x55
thread_space = workshop.configure(configure.thread_space)
thread_schedule = workshop.configure(configure.thread_schedule)
thread_bind = workshop.configure(configure.thread_bind)
endpoint_bind = workshop.configure(configure.endpoint_bind)
endpoint_cancel = workshop.configure(configure.endpoint_cancel)
interrupt_bind = workshop.configure(configure.interrupt_bind)
vcpu_configure = workshop.configure(configure.vcpu)

CALLS: dict[workshop.Call, tuple[workshop.Object, workshop.Object, *tuple[workshop.Object | int, ...]]] = {
    thread_space: (THREAD, SPACE, TABLE, ENDPOINT, BADGE),
    thread_schedule: (THREAD, CORE, 10, 20),
    thread_bind: (THREAD, NOTIFICATION),
    endpoint_bind: (ENDPOINT, THREAD),
    interrupt_bind: (INTERRUPT, NOTIFICATION, 1, 0),
    vcpu_configure: (VCPU, THREAD, SPACE),
}
"""A call of each that is accepted."""


@pytest.fixture(autouse=True)
def small_system() -> None:
    workshop.make_system()


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    """Another core has registers of everything: it is asked each time, for (thread, vcpu, core that may keep them)."""
    asked: list[tuple[int, int, int]] = []

    def refuse(thread: u32, vcpu: u32, number: u32) -> bool:
        asked.append((int(thread), int(vcpu), int(number)))
        return False

    monkeypatch.setattr(interface, "let_go", refuse)
    return asked


# What all have in common


@pytest.mark.parametrize("function", CALLS)
def test_the_slots_of_each(function: workshop.Call) -> None:
    first, second, *rest = CALLS[function]
    wrong = SMALL
    assert call(function, EMPTY, second, *rest) == errors.BAD_SLOT
    assert call(function, wrong, second, *rest) == errors.WRONG_KIND
    assert call(function, weak(first, rights.ALL & ~rights.CONTROL), second, *rest) == errors.NO_RIGHT
    assert call(function, first, EMPTY, *rest) == errors.BAD_SLOT
    assert call(function, first, wrong, *rest) == errors.WRONG_KIND
    assert call(function, first, weak(second), *rest) == errors.NO_RIGHT
    assert call(function, granted(first, is_alive=False), second, *rest) == errors.DEAD
    assert call(function, granted(first), second, *rest) == errors.OK


@pytest.mark.parametrize("function", [thread_space, thread_schedule, vcpu_configure])
def test_some_need_both(function: workshop.Call) -> None:
    first, _, *rest = CALLS[function]
    assert call(function, first, 0, *rest) == errors.BAD_SLOT


@pytest.mark.parametrize("function", [thread_space, thread_schedule, thread_bind])
@pytest.mark.parametrize("thread", [RUNNING_THREAD, SELF])
def test_threads_are_stopped_first(function: workshop.Call, thread: workshop.Object) -> None:
    assert call(function, thread, *CALLS[function][1:]) == errors.STATE


# THREAD_CONFIGURE


def test_a_configured_thread() -> None:
    assert call(thread_space, THREAD, SPACE, TABLE, ENDPOINT, BADGE) == errors.OK
    thread = state.threads[STOPPED]
    assert values(thread.space, thread.table) == (SPACE[1], TABLE[1])
    assert thread.stage2 == stage2_of(u32(SPACE[1]))
    assert thread.slots_first == state.tables[TABLE[1]].first and thread.slots_count == state.tables[TABLE[1]].count
    assert values(thread.fault_endpoint, thread.fault_generation, thread.fault_badge) == (ENDPOINT[1], 0, BADGE)


def test_a_thread_moves_house() -> None:
    state.endpoints[ENDPOINT[1]].header.generation = u32(3)
    put(workshop.SLOTS[ENDPOINT], *ENDPOINT)
    assert call(thread_space, THREAD, SPACE, TABLE, ENDPOINT, BADGE) == errors.OK
    assert state.threads[STOPPED].fault_generation == 3
    assert call(thread_space, THREAD, OTHER_SPACE, TABLE, 0, 0) == errors.OK
    assert state.threads[STOPPED].fault_endpoint == 0
    assert state.translations[SPACE[1]].users == 0 and state.translations[OTHER_SPACE[1]].users == 1
    assert state.tables[TABLE[1]].threads == 1


def test_thread_space_and_table_belong_to_one_pool() -> None:
    assert call(thread_space, THREAD, CHILDS_SPACE, TABLE, 0, 0) == errors.STATE
    assert call(thread_space, THREAD, SPACE, CHILDS_TABLE, 0, 0) == errors.STATE
    state.threads[STOPPED].header.owner = u32(CHILD)
    assert call(thread_space, THREAD, SPACE, TABLE, 0, 0) == errors.STATE
    assert call(thread_space, THREAD, CHILDS_SPACE, CHILDS_TABLE, 0, 0) == errors.OK


def test_the_other_slots_of_a_configuration() -> None:
    assert call(thread_space, THREAD, SPACE, 0, 0, 0) == errors.BAD_SLOT
    assert call(thread_space, THREAD, SPACE, SPACE, 0, 0) == errors.WRONG_KIND
    assert call(thread_space, THREAD, SPACE, weak(TABLE, rights.WRITE), 0, 0) == errors.NO_RIGHT
    assert call(thread_space, THREAD, SPACE, TABLE, EMPTY, 0) == errors.BAD_SLOT
    assert call(thread_space, THREAD, SPACE, TABLE, weak(ENDPOINT, rights.READ), 0) == errors.NO_RIGHT


def test_registers_in_another_core_come_first(elsewhere: list[tuple[int, int, int]]) -> None:
    state.threads[STOPPED].vcpu = u32(VCPU[1])
    state.vcpus[VCPU[1]].thread = u32(STOPPED)
    for function in (thread_space, thread_schedule, vcpu_configure):
        assert call(function, *CALLS[function]) == errors.PENDING
    assert elsewhere == [
        (STOPPED, 0, limits.CORE_COUNT),
        (STOPPED, VCPU[1], 0),
        (0, VCPU[1], limits.CORE_COUNT),
    ]


def test_the_own_core_saves_what_it_has() -> None:
    core = state.cores[0]
    core.component = core.fp_owner = u32(STOPPED)
    assert call(thread_space, THREAD, SPACE, TABLE, 0, 0) == errors.OK
    assert core.component == 0


# THREAD_SCHEDULE


def test_a_scheduled_thread() -> None:
    assert call(thread_schedule, THREAD, CORE, 10, CEILING) == errors.OK
    assert values(state.threads[STOPPED].rank, state.threads[STOPPED].ceiling) == (10, CEILING)


@pytest.mark.parametrize(
    "priority, ceiling, status",
    [
        (1, 1, errors.OK),
        (CEILING, CEILING, errors.OK),
        (0, 1, errors.BAD_ARGUMENT),
        (2, 1, errors.BAD_ARGUMENT),
        (1, 256, errors.BAD_ARGUMENT),
        (1 << 32 | 1, 1 << 32 | 1, errors.BAD_ARGUMENT),
        (1, CEILING + 1, errors.PRIORITY),
        (255, 255, errors.PRIORITY),
    ],
)
def test_priority_and_ceiling(priority: int, ceiling: int, status: int) -> None:
    assert call(thread_schedule, THREAD, CORE, priority, ceiling) == status


# THREAD_BIND


def test_a_thread_is_bound_to_one_notification() -> None:
    assert call(thread_bind, THREAD, NOTIFICATION) == errors.OK
    assert state.threads[STOPPED].notification == NOTIFICATION[1]
    assert call(thread_bind, THREAD, NOTIFICATION) == errors.STATE
    assert call(thread_bind, THREAD, OTHER_NOTIFICATION) == errors.OK
    assert state.notifications[NOTIFICATION[1]].thread == 0
    assert call(thread_bind, THREAD, 0) == errors.OK
    assert call(thread_bind, THREAD, 0) == errors.OK


# ENDPOINT_BIND, ENDPOINT_CANCEL


def test_an_endpoint_has_one_server_and_a_server_one_endpoint() -> None:
    assert call(endpoint_bind, ENDPOINT, RUNNING_THREAD) == errors.OK
    assert call(endpoint_bind, ENDPOINT, THREAD) == errors.STATE
    assert call(endpoint_bind, OTHER_ENDPOINT, RUNNING_THREAD) == errors.STATE
    assert call(endpoint_bind, OTHER_ENDPOINT, THREAD) == errors.OK
    assert call(endpoint_bind, ENDPOINT, 0) == errors.OK
    assert call(endpoint_bind, ENDPOINT, 0) == errors.OK
    assert state.threads[RUNNING].serves == 0


def test_a_server_that_receives_is_not_unbound() -> None:
    assert call(endpoint_bind, ENDPOINT, RUNNING_THREAD) == errors.OK
    state.threads[RUNNING].state = u32(state.RECEIVING)
    assert call(endpoint_bind, ENDPOINT, 0) == errors.STATE
    state.threads[RUNNING].state = u32(state.WAITING)
    assert call(endpoint_bind, ENDPOINT, 0) == errors.OK


def test_the_first_waiting_call_is_ended() -> None:
    assert call(endpoint_cancel, ENDPOINT) == errors.STATE
    waiting = state.threads[RUNNING]
    waiting.state, waiting.rank = u32(state.CALLING), u32(7)
    queues.commit_append(u32(state.ENDPOINT_QUEUES + ENDPOINT[1]), u32(RUNNING))
    assert call(endpoint_cancel, ENDPOINT) == errors.OK
    assert waiting.state == state.READY and waiting.context.registers[8] == errors.RESTARTED
    assert call(endpoint_cancel, ENDPOINT) == errors.STATE


def test_slots_of_a_cancellation() -> None:
    assert call(endpoint_cancel, EMPTY) == errors.BAD_SLOT
    assert call(endpoint_cancel, THREAD) == errors.WRONG_KIND
    assert call(endpoint_cancel, weak(ENDPOINT, rights.WRITE)) == errors.NO_RIGHT


# INTERRUPT_BIND

ENABLE = gicd.ISENABLER.offset + 4 * (LINE // 32)
DISABLE = gicd.ICENABLER.offset + 4 * (LINE // 32)
BIT = 1 << LINE % 32


def test_an_interrupt_is_bound_and_turned_off() -> None:
    row = state.interrupts[INTERRUPT[1]]
    assert call(interrupt_bind, INTERRUPT, weak(NOTIFICATION, rights.WRITE), 1 << 63, 1) == errors.OK
    assert values(row.notification, row.bits, row.edge) == (NOTIFICATION[1], 1 << 63, True)
    assert gicd.bus[ENABLE] == BIT
    gicd.bus.clear()
    assert call(interrupt_bind, INTERRUPT, 0, 0, 0) == errors.OK
    assert values(row.notification, row.bits, row.edge) == (0, 0, False)
    assert gicd.bus == {DISABLE: BIT}


def test_a_trigger_is_an_edge_or_a_level() -> None:
    assert call(interrupt_bind, INTERRUPT, NOTIFICATION, 1, 2) == errors.BAD_ARGUMENT


def test_one_that_fired_counts_as_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[u64] = []
    monkeypatch.setattr(interface, "deactivate_interrupt", lines.append)
    state.interrupts[INTERRUPT[1]].fired = True
    assert call(interrupt_bind, INTERRUPT, NOTIFICATION, 1, 0) == errors.OK
    assert lines == [LINE] and not state.interrupts[INTERRUPT[1]].fired


def test_an_interrupt_that_is_off_signals_nobody() -> None:
    interrupt.line_owners[LINE] = u16(INTERRUPT[1])
    assert call(interrupt_bind, INTERRUPT, NOTIFICATION, 4, 0) == errors.OK
    assert interrupt.commit_fire(u64(LINE))
    assert state.notifications[NOTIFICATION[1]].pending == 4
    state.notifications[NOTIFICATION[1]].header.generation = u32(1)
    assert interrupt.commit_fire(u64(LINE))
    interrupt.commit_destroy(u32(INTERRUPT[1]))
    assert interrupt.commit_fire(u64(LINE))
    assert state.notifications[NOTIFICATION[1]].pending == 4
    assert state.notifications[0].pending == 0
    interrupt.line_owners[LINE] = u16(0)


# VCPU_CONFIGURE


def test_a_configured_vcpu() -> None:
    assert call(vcpu_configure, VCPU, THREAD, SPACE) == errors.OK
    row = state.vcpus[VCPU[1]]
    assert values(row.thread, row.space) == (STOPPED, SPACE[1]) and row.stage2 == stage2_of(u32(SPACE[1]))
    assert call(vcpu_configure, VCPU, RUNNING_THREAD, OTHER_SPACE) == errors.OK
    assert state.threads[STOPPED].vcpu == 0 and state.translations[SPACE[1]].users == 0
    assert call(vcpu_configure, OTHER_VCPU, RUNNING_THREAD, SPACE) == errors.STATE
    assert call(vcpu_configure, OTHER_VCPU, THREAD, SPACE) == errors.OK


def test_the_space_is_of_the_vcpus_pool() -> None:
    assert call(vcpu_configure, VCPU, THREAD, CHILDS_SPACE) == errors.STATE


def test_the_slot_of_the_space() -> None:
    assert call(vcpu_configure, VCPU, THREAD, 0) == errors.BAD_SLOT
    assert call(vcpu_configure, VCPU, THREAD, TABLE) == errors.WRONG_KIND
    assert call(vcpu_configure, VCPU, THREAD, weak(SPACE, rights.WRITE)) == errors.NO_RIGHT


def test_a_running_guest_stays_where_it_is() -> None:
    assert call(vcpu_configure, VCPU, RUNNING_THREAD, SPACE) == errors.OK
    state.threads[RUNNING].guest = u32(VCPU[1])
    assert call(vcpu_configure, VCPU, THREAD, SPACE) == errors.BUSY
    assert vcpu.is_busy(u32(VCPU[1]))


def test_a_loaded_vcpu_is_taken_out_first() -> None:
    assert call(vcpu_configure, VCPU, THREAD, SPACE) == errors.OK
    state.cores[0].loaded, state.vcpus[VCPU[1]].loaded_on = u32(VCPU[1]), u32(1)
    assert vcpu.is_busy(u32(VCPU[1]))
    assert call(vcpu_configure, VCPU, THREAD, OTHER_SPACE) == errors.OK
    assert state.cores[0].loaded == 0 and state.vcpus[VCPU[1]].loaded_on == 0
    assert not vcpu.is_busy(u32(VCPU[1]))


def test_a_destroyed_vcpu_leaves_nothing() -> None:
    assert call(vcpu_configure, VCPU, THREAD, SPACE) == errors.OK
    vcpu.commit_destroy(u32(VCPU[1]))
    workshop.check_counts()
    assert state.vcpus[VCPU[1]].thread == 0 and state.vcpus[VCPU[1]].space == 0
    vcpu.commit_destroy(u32(OTHER_VCPU[1]))
    workshop.check_counts()


def test_a_new_vcpu_is_reset() -> None:
    state.vcpus[VCPU[1]].context.program_counter = u64(5)
    vcpu.commit_create(u32(VCPU[1]))
    assert state.vcpus[VCPU[1]].context.program_counter == 0
    assert state.vcpus[VCPU[1]].context.process_state != 0

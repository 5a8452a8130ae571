"""Threads: start, stop, resume, read, write, configure."""

from __future__ import annotations

import pytest

from keelback.abi import errors, rights, syscalls
from keelback.prover.state import Activity
from tests.kernel.conformance.world import (
    EMPTY,
    FRAME_1,
    SPACE_2,
    TABLE_8,
    World,
    endpoint,
    notification,
    thread,
)

START, STOP, RESUME = syscalls.THREAD_START, syscalls.THREAD_STOP, syscalls.THREAD_RESUME
READ, WRITE, CONFIGURE = syscalls.THREAD_READ, syscalls.THREAD_WRITE, syscalls.THREAD_CONFIGURE


def test_a_better_thread_runs_at_once_when_started(world: World) -> None:
    world.boot("low")
    assert world.do("low", START, thread("high"), 0x1000, 0x2000, 3) == errors.OK
    assert world.running() == "high"


def test_a_started_thread_knows_its_argument_alone(world: World) -> None:
    world.boot("low")
    world.do("low", START, thread("high"), 0x1000, 0x2000, 3)
    assert world["high"].registers == [3, *[0] * 30, 0x2000, 0x1000, 0]


def test_a_lesser_thread_waits_when_started(world: World) -> None:
    world.boot("high")
    world.do("high", START, thread("low"), 0x1000)
    assert world.running() == "high" and world.activity("low") == Activity.READY


def test_a_blocked_thread_is_stopped_before_it_starts_again(world: World) -> None:
    world.boot("low", "high")
    world.wait("high")
    assert world.do("low", START, thread("high"), 0x1000) == errors.PENDING
    assert world.running() == "low" and world.activity("high") == Activity.STOPPED
    assert world.x("high", 8) == errors.RESTARTED
    assert world.do("low", START, thread("high"), 0x1000) == errors.OK
    assert world.running() == "high" and world.x("high", 32) == 0x1000


def test_a_start_sends_clients_away(world: World) -> None:
    world.boot("low", "mid", "top")
    world.wait("top")
    world.receive("mid")
    world.call("low", "mid")
    world.do("mid", syscalls.SIGNAL, notification("top"))
    assert world.do("top", START, thread("mid"), 0x1000) == errors.PENDING
    assert world.x("low", 8) == errors.RESTARTED and world.activity("low") == Activity.READY


def test_a_faulted_server_sends_its_client_away_before_it_starts(world: World) -> None:
    world.boot("low", "twin", "high")
    world.receive("high")
    world.call("low", "high")
    world.fault("high")
    assert world.do("twin", START, thread("high"), 0x1000) == errors.PENDING
    assert world.x("low", 8) == errors.RESTARTED
    assert world.do("twin", START, thread("high"), 0x1000) == errors.OK
    assert world.running() == "high"


def test_a_start_forgets_accept(world: World) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.ACCEPT, 0, EMPTY)
    world.wait("high")
    world.do("low", STOP, thread("high"))
    world.do("low", START, thread("high"), 0x1000)
    assert world["high"].accept == 0


def test_a_thread_does_not_start_itself(world: World) -> None:
    world.boot("low")
    assert world.refused("low", START, thread("low"), 0x1000) == errors.STATE


def test_a_thread_does_not_stop_itself(world: World) -> None:
    world.boot("low")
    assert world.refused("low", STOP, thread("low")) == errors.STATE


def test_a_ready_thread_stops(world: World) -> None:
    world.boot("low", "twin")
    assert world.do("low", STOP, thread("twin")) == errors.OK
    world.wait("low")
    assert world.running() == "nobody"


@pytest.mark.parametrize("call", [syscalls.WAIT, syscalls.RECEIVE])
def test_a_stopped_thread_hears_restarted(world: World, call: int) -> None:
    world.boot("low", "high")
    world.do("high", call, notification("high") if call == syscalls.WAIT else endpoint("high"))
    world.do("low", STOP, thread("high"))
    assert world.x("high", 8) == errors.RESTARTED and world.activity("high") == Activity.STOPPED


def test_stopping_twice_changes_nothing(world: World) -> None:
    world.boot("low")
    assert world.do("low", STOP, thread("high")) == errors.OK
    assert world.activity("high") == Activity.STOPPED


def test_a_stopped_thread_goes_on_where_it_was(world: World) -> None:
    world.boot("low", "twin")
    before = list(world["twin"].registers)
    world.do("low", STOP, thread("twin"))
    world.do("low", RESUME, thread("twin"))
    assert world.activity("twin") == Activity.READY and world["twin"].registers == before


def test_a_ready_thread_is_not_resumed(world: World) -> None:
    world.boot("low", "twin")
    assert world.refused("low", RESUME, thread("twin")) == errors.STATE


def test_a_waiting_thread_is_not_resumed(world: World) -> None:
    world.boot("low", "high")
    world.wait("high")
    assert world.refused("low", RESUME, thread("high")) == errors.STATE


@pytest.mark.parametrize(("number", "value"), [(0, 4), (30, 0), (31, 0x8004), (32, 0x20_0004), (33, 0)])
def test_registers_are_read(world: World, number: int, value: int) -> None:
    world.boot("low")
    assert world.do("low", READ, thread("high"), number) == errors.OK
    assert world.x("low", 0) == value


@pytest.mark.parametrize("number", [0, 7, 30, 31, 32])
def test_registers_are_written(world: World, number: int) -> None:
    world.boot("low")
    assert world.do("low", WRITE, thread("high"), number, 0xABCD) == errors.OK
    assert world.x("high", number) == 0xABCD


def test_of_the_process_state_only_the_flags_are_written(world: World) -> None:
    world.boot("low")
    world.do("low", WRITE, thread("high"), 33, (1 << 64) - 1)
    assert world.x("high", 33) == 0xF000_0000


@pytest.mark.parametrize("call", [READ, WRITE])
def test_there_are_34_registers(world: World, call: int) -> None:
    world.boot("low")
    assert world.refused("low", call, thread("high"), 34) == errors.BAD_ARGUMENT


def test_a_ready_threads_registers_are_not_written(world: World) -> None:
    world.boot("low", "twin")
    assert world.refused("low", WRITE, thread("twin"), 0, 1) == errors.STATE


def test_a_waiting_threads_registers_are_read(world: World) -> None:
    world.boot("low", "high")
    world.wait("high")
    assert world.do("low", READ, thread("high"), 32) == errors.OK and world.x("low", 0) == 0x20_0004


def test_a_threads_own_registers_are_not_read(world: World) -> None:
    world.boot("low")
    assert world.refused("low", READ, thread("low"), 0) == errors.STATE


def test_a_thread_gets_another_space_and_table(world: World) -> None:
    world.boot("low")
    assert world.do("low", CONFIGURE, thread("high"), SPACE_2, TABLE_8, endpoint("top"), 0x55) == errors.OK
    high = world["high"]
    assert (high.space, high.table, high.fault_endpoint, high.fault_badge) == (2, 8, (5, 0), 0x55)


def test_a_thread_can_have_no_handler(world: World) -> None:
    world.boot("low")
    assert world.do("low", CONFIGURE, thread("high"), SPACE_2, TABLE_8, 0, 0x55) == errors.OK
    assert world["high"].fault_endpoint == (0, 0)


def test_a_ready_thread_is_not_configured(world: World) -> None:
    world.boot("low", "twin")
    assert world.refused("low", CONFIGURE, thread("twin"), SPACE_2, TABLE_8, 0, 0) == errors.STATE


def test_a_configured_thread_uses_its_new_table(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.CAPABILITY_COPY, FRAME_1, 3, rights.ALL, 0, TABLE_8)
    world.do("low", CONFIGURE, thread("high"), SPACE_2, TABLE_8, 0, 0)
    world.do("low", RESUME, thread("high"))
    assert world.do("high", syscalls.FRAME_INFO, 3) == errors.OK
    assert world.refused("high", syscalls.FRAME_INFO, FRAME_1) == errors.BAD_SLOT


def test_nothing_happens_in_a_null_call(world: World) -> None:
    world.boot("low")
    before = list(world["low"].registers)
    assert world.do("low", syscalls.NULL) == errors.OK
    assert world["low"].registers == [*before[:8], 0, 0, 0, *before[11:]]


@pytest.mark.parametrize("number", [syscalls.SYSTEM_CALL_COUNT, 1000, 0xFFFF])
def test_an_unknown_call_is_an_error(world: World, number: int) -> None:
    world.boot("low")
    assert world.refused("low", number) == errors.UNKNOWN_CALL


def test_power_needs_the_right_argument(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.SYSTEM_OFF, 50, 2) == errors.BAD_ARGUMENT


def test_the_trace_tells_of_stops(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.TRACE_CONTROL, 49, 0, 1 << 7)
    world.do("low", STOP, thread("high"))
    assert world.do("low", syscalls.TRACE_READ, 49, 0, 0) == errors.OK
    assert world.x("low", 1) == 4 << 32 | 1 << 8 | 7 and world.x("low", 4) == 1


def test_what_is_not_written_is_not_read(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.TRACE_READ, 49, 0, 0) == errors.BUSY


def test_each_core_has_its_trace(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.TRACE_CONTROL, 49, 1, 1 << 7)
    world.do("low", STOP, thread("high"))
    assert world.refused("low", syscalls.TRACE_READ, 49, 1, 0) == errors.BUSY


@pytest.mark.parametrize("call", [syscalls.TRACE_READ, syscalls.TRACE_CONTROL])
def test_there_are_two_traces(world: World, call: int) -> None:
    world.boot("low")
    assert world.refused("low", call, 49, 2, 0) == errors.BAD_ARGUMENT


def test_an_old_record_is_the_oldest_kept(world: World) -> None:
    world.boot("low")
    world.do("low", syscalls.TRACE_CONTROL, 49, 0, 1 << 7)
    for _ in range(10):
        world.do("low", STOP, thread("high"))
    world.do("low", syscalls.TRACE_READ, 49, 0, 0)
    assert world.x("low", 4) == 3

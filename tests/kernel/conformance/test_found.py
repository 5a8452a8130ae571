"""What random programs found, each as a short program that failed once."""

from __future__ import annotations

import pytest

from keelback.abi import errors, objects, syscalls, trace
from keelback.prover.state import Activity
from tests.kernel.conformance.world import CHILD, EMPTY, PLAIN_NOTIFICATION, ROOT, World, endpoint, notification, thread


@pytest.mark.parametrize("number", [syscalls.WAIT, syscalls.RECEIVE])
def test_a_signal_without_bits_wakes_nobody(world: World, number: int) -> None:
    world.boot("low")
    world.do("low", syscalls.THREAD_BIND, thread("mid"), 18)
    world.do("low", syscalls.THREAD_RESUME, thread("mid"))
    world.do("mid", number, 18 if number == syscalls.WAIT else endpoint("mid"))
    world.do("low", syscalls.SIGNAL, PLAIN_NOTIFICATION)
    assert world.running() == "low" and world.activity("mid") != Activity.READY


@pytest.mark.parametrize("number", [syscalls.THREAD_STOP, syscalls.THREAD_START])
def test_the_trace_says_who_stopped_a_server_though_its_client_runs_at_once(world: World, number: int) -> None:
    world.boot("low", "mid", "high", "top")
    world.do("top", syscalls.TRACE_CONTROL, 49, 0, (1 << 64) - 1)
    world.receive("top")
    world.receive("high")
    world.call("mid", "high")
    world.fault("high")
    world.wait("top")
    world.do("low", number, thread("high"))
    stops = [record.head for record in world.state.cores[0].trace.records if record.head & 0xFF == trace.STOP]
    assert [head >> 8 & 0xFF_FFFF for head in stops] == [1]


def test_a_destroyed_endpoint_is_forgotten_by_its_waiting_server(world: World) -> None:
    world.boot("low", "high")
    world.receive("high")
    world.do("low", syscalls.OBJECT_DESTROY, ROOT, objects.ENDPOINT, 4)
    world.wait("high")
    assert world.do("low", syscalls.OBJECT_CREATE, ROOT, objects.ENDPOINT, 4, EMPTY) == errors.OK
    assert world.refused("low", syscalls.CALL, EMPTY) == errors.STATE


def test_an_object_whose_generations_are_used_up_is_nobodys(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.OBJECT_REVOKE, CHILD, objects.ENDPOINT, 4) == errors.NOT_OWNED
    world.do("low", syscalls.SIGNAL, notification("high"))
    assert world.state.objects[objects.ENDPOINT, 4].owner == 1

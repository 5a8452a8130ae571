"""Calls and replies, in every order of arrival."""

from __future__ import annotations

import pytest

from keelback.abi import errors, messages, syscalls
from keelback.prover.state import Activity
from tests.kernel.conformance.world import EMPTY, WEAK, World, endpoint, notification, thread

WORDS = [11, 22, 33, 44, 55, 66, 77, 88]


def serve(world: World, *names: str) -> None:
    """Servers wait, the highest first."""
    for name in names:
        world.receive(name)


def test_call_to_a_waiting_server_runs_it_at_once(world: World) -> None:
    world.boot("low", "high")
    serve(world, "high")
    world.call("low", "high", *WORDS)
    assert world.running() == "high"
    assert world.words("high") == WORDS


def test_a_server_sees_the_badge_of_its_client(world: World) -> None:
    world.boot("low", "high")
    serve(world, "high")
    world.call("low", "high")
    assert (world.x("high", 8), world.x("high", 9), world.x("high", 10)) == (errors.OK, 0x101, messages.MESSAGE)


def test_a_caller_awaits_its_reply(world: World) -> None:
    world.boot("low", "high")
    serve(world, "high")
    world.call("low", "high")
    assert world.activity("low") == Activity.AWAITING


def test_a_reply_has_eight_words(world: World) -> None:
    world.boot("low", "high")
    serve(world, "high")
    world.call("low", "high")
    world.reply_receive("high", *reversed(WORDS))
    assert world.running() == "low" and world.words("low") == WORDS[::-1] and world.x("low", 8) == errors.OK


def test_a_reply_comes_without_badge_and_kind(world: World) -> None:
    world.boot("low", "high")
    serve(world, "high")
    world.call("low", "high")
    world.reply_receive("high")
    assert (world.x("low", 9), world.x("low", 10)) == (0, 0)


def test_call_before_receive_queues(world: World) -> None:
    world.boot("low", "high")
    serve(world, "high")
    world.call("low", "high")
    world.do("high", syscalls.THREAD_START, thread("twin"), 0x1000)
    world.wait("high")
    world.call("twin", "high", 5)
    assert world.activity("twin") == Activity.CALLING
    assert world.state.endpoints[4].callers == [2]


def test_a_queued_caller_is_received_later(world: World) -> None:
    world.boot("low", "mid", "high")
    world.wait("high")
    world.call("mid", "high", 7)
    world.do("low", syscalls.SIGNAL, notification("high"))
    assert world.receive("high") == errors.OK
    assert world.x("high", 0) == 7 and world.x("high", 9) == 0x103 and world.activity("mid") == Activity.AWAITING


@pytest.mark.parametrize("order", [("low", "twin"), ("twin", "low")])
def test_callers_are_received_in_order_of_arrival(world: World, order: tuple[str, str]) -> None:
    world.boot("low", "twin", "high", "far")
    world.wait("high")
    if order[0] != "low":
        world.do("low", syscalls.YIELD)
    world.call(order[0], "high")
    world.call(order[1], "high")
    world.do("far", syscalls.SIGNAL, notification("high"))
    world.asked(0)
    world.receive("high")
    assert world.x("high", 9) == 0x100 + world[order[0]].index
    world.reply_receive("high")
    assert world.x("high", 9) == 0x100 + world[order[1]].index


def test_reply_receive_takes_the_next_caller_and_the_client_is_ready(world: World) -> None:
    world.boot("low", "twin", "high", "far")
    world.wait("high")
    world.call("low", "high", 1)
    world.call("twin", "high", 2)
    world.do("far", syscalls.SIGNAL, notification("high"))
    world.asked(0)
    world.receive("high")
    world.reply_receive("high", 9)
    assert world.running() == "high" and world.x("high", 0) == 2
    assert world.activity("low") == Activity.READY and world.x("low", 0) == 9


def test_a_signal_is_received_before_a_caller(world: World) -> None:
    world.boot("low", "mid", "high")
    world.wait("high")
    world.call("mid", "high")
    world.do("low", syscalls.SIGNAL, notification("high"))
    world.do("high", syscalls.SIGNAL, notification("high"))
    world.receive("high")
    assert (world.x("high", 9), world.x("high", 10)) == (1 << 4, messages.SIGNAL)
    assert world.activity("mid") == Activity.CALLING


def test_a_signal_ends_receive(world: World) -> None:
    world.boot("low", "high")
    serve(world, "high")
    world.do("low", syscalls.SIGNAL, notification("high"))
    assert world.running() == "high"
    assert (world.x("high", 8), world.x("high", 9), world.x("high", 10)) == (errors.OK, 2, messages.SIGNAL)


def test_bits_that_are_pending_are_received_at_once(world: World) -> None:
    world.boot("low", "high")
    world.do("high", syscalls.SIGNAL, notification("high"))
    assert world.receive("high") == errors.OK
    assert world.running() == "high" and world.x("high", 9) == 1 << 4


def test_a_call_to_an_equal_is_refused(world: World) -> None:
    world.boot("low", "twin")
    assert world.refused("low", syscalls.CALL, endpoint("twin")) == errors.PRIORITY


def test_a_call_downwards_is_refused(world: World) -> None:
    world.boot("high")
    assert world.refused("high", syscalls.CALL, endpoint("low")) == errors.PRIORITY


def test_a_call_to_oneself_is_refused(world: World) -> None:
    world.boot("high")
    assert world.refused("high", syscalls.CALL, endpoint("high")) == errors.PRIORITY


def test_a_call_where_nobody_serves_is_refused(world: World) -> None:
    world.boot("high")
    assert world.refused("high", syscalls.CALL, 8) == errors.STATE


def test_a_call_without_the_right_is_refused(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.CALL, WEAK) == errors.NO_RIGHT


def test_who_serves_nothing_may_not_receive(world: World) -> None:
    world.boot("low")
    assert world.do("low", syscalls.ENDPOINT_BIND, endpoint("low"), 0) == errors.OK
    assert world.refused("low", syscalls.RECEIVE, endpoint("high")) == errors.STATE


def test_who_serves_nothing_may_not_receive_until_a_deadline(world: World) -> None:
    world.boot("low")
    assert world.do("low", syscalls.ENDPOINT_BIND, endpoint("low"), 0) == errors.OK
    assert world.refused("low", syscalls.RECEIVE_UNTIL, endpoint("low"), 5000) == errors.STATE


def test_who_serves_nothing_may_not_reply_and_receive(world: World) -> None:
    world.boot("low")
    assert world.do("low", syscalls.ENDPOINT_BIND, endpoint("low"), 0) == errors.OK
    assert world.refused("low", syscalls.REPLY_RECEIVE, endpoint("high")) == errors.STATE


def test_a_server_receives_without_a_capability(world: World) -> None:
    world.boot("low", "high")
    assert world.do("high", syscalls.CAPABILITY_DELETE, endpoint("high"), 0) == errors.OK
    serve(world, "high")
    assert world.call("low", "high", *WORDS) == errors.OK
    assert world.running() == "high"


def test_a_reply_finds_callers_of_a_server_that_was_bound_to_them_later(world: World) -> None:
    world.boot("low", "mid", "high")
    world.wait("high")
    world.call("mid", "high", 7)
    world.do("low", syscalls.SIGNAL, notification("high"))
    assert world.do("high", syscalls.ENDPOINT_BIND, endpoint("high"), 0) == errors.OK
    assert world.do("high", syscalls.ENDPOINT_BIND, endpoint("high"), thread("high")) == errors.OK
    world.reply_receive("high")
    assert world.running() == "high" and world["high"].registers[0] == 7


def test_a_reply_to_nobody_is_dropped(world: World) -> None:
    world.boot("low", "high")
    world.reply_receive("high", *WORDS)
    assert world.running() == "low" and world.activity("high") == Activity.RECEIVING


def test_receive_without_reply_sends_the_client_away(world: World) -> None:
    world.boot("low", "high")
    serve(world, "high")
    world.call("low", "high")
    world.receive("high")
    assert world.x("low", 8) == errors.RESTARTED and world.running() == "low"


def test_nested_calls_return_one_by_one(world: World) -> None:
    world.boot("low", "mid", "high")
    serve(world, "high", "mid")
    world.call("low", "mid", 1)
    world.call("mid", "high", 2)
    assert world.running() == "high"
    world.reply_receive("high", 3)
    assert world.running() == "mid" and world.x("mid", 0) == 3
    world.reply_receive("mid", 4)
    assert world.running() == "low" and world.x("low", 0) == 4


def test_a_better_thread_runs_before_the_client(world: World) -> None:
    world.boot("low", "mid", "high", "top")
    serve(world, "top", "high")
    world.wait("mid")
    world.call("low", "high")
    world.do("high", syscalls.SIGNAL, notification("mid"))
    world.reply_receive("high")
    assert world.running() == "mid" and world.activity("low") == Activity.READY


def test_a_stopped_server_frees_its_client(world: World) -> None:
    world.boot("low", "mid", "top")
    world.wait("top")
    serve(world, "mid")
    world.call("low", "mid")
    world.do("mid", syscalls.SIGNAL, notification("top"))
    world.do("top", syscalls.THREAD_STOP, thread("mid"))
    world.wait("top")
    assert world.running() == "low" and world.x("low", 8) == errors.RESTARTED


def test_a_stopped_client_is_forgotten_by_its_server(world: World) -> None:
    world.boot("low", "mid")
    serve(world, "mid")
    world.call("low", "mid")
    world.do("mid", syscalls.THREAD_STOP, thread("low"))
    assert world["mid"].client == 0
    world.reply_receive("mid", 1)
    assert world.running() == "nobody"


def test_a_stopped_caller_leaves_the_queue(world: World) -> None:
    world.boot("low", "twin", "high")
    world.wait("high")
    world.call("low", "high")
    world.do("twin", syscalls.THREAD_STOP, thread("low"))
    assert world.state.endpoints[4].callers == [] and world.x("low", 8) == errors.RESTARTED


def test_cancel_ends_the_first_call(world: World) -> None:
    world.boot("low", "twin", "high")
    world.wait("high")
    world.call("low", "high")
    world.do("twin", syscalls.ENDPOINT_CANCEL, endpoint("high"))
    assert world.x("low", 8) == errors.RESTARTED and world.activity("low") == Activity.READY


def test_cancel_without_callers_is_refused(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.ENDPOINT_CANCEL, endpoint("high")) == errors.STATE


def test_an_endpoint_can_change_its_server(world: World) -> None:
    world.boot("low")
    assert world.do("low", syscalls.ENDPOINT_BIND, endpoint("high"), 0) == errors.OK
    assert world.do("low", syscalls.ENDPOINT_BIND, endpoint("mid"), 0) == errors.OK
    assert world.do("low", syscalls.ENDPOINT_BIND, endpoint("high"), thread("mid")) == errors.OK
    assert world.state.endpoints[4].server == 3 and world["mid"].serves == 4


def test_an_endpoint_has_one_server(world: World) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.ENDPOINT_BIND, endpoint("high"), thread("mid")) == errors.STATE


def test_a_waiting_server_keeps_its_endpoint(world: World) -> None:
    world.boot("low", "high")
    serve(world, "high")
    assert world.refused("low", syscalls.ENDPOINT_BIND, endpoint("high"), 0) == errors.STATE


def test_callers_wait_for_the_next_server(world: World) -> None:
    world.boot("low", "twin", "high")
    world.wait("high")
    world.call("low", "high", 3)
    world.do("twin", syscalls.THREAD_STOP, thread("high"))
    world.do("twin", syscalls.ENDPOINT_BIND, endpoint("high"), 0)
    world.do("twin", syscalls.ENDPOINT_BIND, endpoint("mid"), 0)
    world.do("twin", syscalls.ENDPOINT_BIND, endpoint("high"), thread("mid"))
    world.do("twin", syscalls.THREAD_RESUME, thread("mid"))
    assert world.do("mid", syscalls.RECEIVE, endpoint("high")) == errors.OK
    assert world.x("mid", 0) == 3


def test_a_saved_client_is_answered_later(world: World) -> None:
    world.boot("low", "high")
    serve(world, "high")
    world.call("low", "high")
    assert world.do("high", syscalls.REPLY_SAVE, 37) == errors.OK
    assert world["high"].client == 0 and world["low"].reply == 1
    world.do("high", syscalls.REPLY, 37, 42)
    assert world.x("low", 0) == 42 and world.activity("low") == Activity.READY


def test_clients_are_answered_out_of_order(world: World) -> None:
    world.boot("low", "twin", "high")
    serve(world, "high")
    world.call("low", "high")
    world.do("high", syscalls.REPLY_SAVE, 37)
    world.receive("high")
    world.call("twin", "high")
    world.do("high", syscalls.REPLY_SAVE, 38)
    world.do("high", syscalls.REPLY, 38, 2)
    world.do("high", syscalls.REPLY, 37, 1)
    assert (world.x("low", 0), world.x("twin", 0)) == (1, 2)
    world.wait("high")
    assert world.running() == "twin"


def test_saving_without_a_client_is_refused(world: World) -> None:
    world.boot("high")
    assert world.refused("high", syscalls.REPLY_SAVE, 37) == errors.STATE


def test_a_reply_object_holds_one_client(world: World) -> None:
    world.boot("low", "twin", "high")
    serve(world, "high")
    world.call("low", "high")
    world.do("high", syscalls.REPLY_SAVE, 37)
    world.receive("high")
    world.call("twin", "high")
    assert world.refused("high", syscalls.REPLY_SAVE, 37) == errors.BUSY


def test_replying_through_an_empty_object_is_refused(world: World) -> None:
    world.boot("high")
    assert world.refused("high", syscalls.REPLY, 37) == errors.STATE


def test_a_stopped_client_leaves_its_reply_object(world: World) -> None:
    world.boot("low", "high")
    serve(world, "high")
    world.call("low", "high")
    world.do("high", syscalls.REPLY_SAVE, 37)
    world.do("high", syscalls.THREAD_STOP, thread("low"))
    assert world.state.replies == {} and world.refused("high", syscalls.REPLY, 37) == errors.STATE


def test_a_destroyed_reply_object_frees_its_client(world: World) -> None:
    world.boot("low", "high")
    serve(world, "high")
    world.call("low", "high")
    world.do("high", syscalls.REPLY_SAVE, 37)
    world.do("high", syscalls.OBJECT_DESTROY, 31, 14, 1)
    assert world.x("low", 8) == errors.RESTARTED and world.activity("low") == Activity.READY


def test_a_saved_client_survives_its_servers_receive(world: World) -> None:
    world.boot("low", "high")
    serve(world, "high")
    world.call("low", "high")
    world.do("high", syscalls.REPLY_SAVE, 37)
    world.receive("high")
    assert world.activity("low") == Activity.AWAITING


@pytest.mark.parametrize("slot", [0, EMPTY, 95, 96, 1 << 32, (1 << 64) - 1])
def test_a_call_through_no_capability_is_refused(world: World, slot: int) -> None:
    world.boot("low")
    assert world.refused("low", syscalls.CALL, slot) == errors.BAD_SLOT


def test_a_destroyed_endpoint_tells_its_waiting_server(world: World) -> None:
    world.boot("low", "high")
    serve(world, "high")
    world.do("low", syscalls.OBJECT_DESTROY, 31, 7, 4)
    assert world.running() == "high" and world.x("high", 8) == errors.DEAD
    assert world["high"].serves == 0


def test_an_endpoint_with_callers_is_not_destroyed(world: World) -> None:
    world.boot("low", "twin", "high")
    world.wait("high")
    world.call("low", "high")
    assert world.refused("twin", syscalls.OBJECT_DESTROY, 31, 7, 4) == errors.BUSY

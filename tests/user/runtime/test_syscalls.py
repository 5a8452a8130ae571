"""System calls: each goes out under its number with its slot and words, and brings back what the ABI says."""

from __future__ import annotations

from typing import Any

import pytest

from keelback.abi import errors, messages
from keelback.abi import syscalls as numbers
from keelback.lang import u64
from tests.user.host import Component, Words, load

# Answer of every call: status, x9, x10, x0 ... x7, all different.
ANSWER: Words = (0, 109, 110, 100, 101, 102, 103, 104, 105, 106, 107)

# function, number, arguments after the slot, result
PLAIN = [
    ("signal", numbers.SIGNAL, (), 0),
    ("wait", numbers.WAIT, (), (0, 109)),
    ("poll", numbers.POLL, (), (0, 109)),
    ("interrupt_acknowledge", numbers.INTERRUPT_ACKNOWLEDGE, (), 0),
    ("vcpu_run", numbers.VCPU_RUN, (3, 4), (0, 100, 101, 102, 103, 104, 105, 106)),
    ("vcpu_read", numbers.VCPU_READ, (3,), (0, 100)),
    ("vcpu_write", numbers.VCPU_WRITE, (3, 4), 0),
    ("vcpu_inject", numbers.VCPU_INJECT, (3, 4), 0),
    ("vcpu_reset", numbers.VCPU_RESET, (), 0),
    ("thread_stop", numbers.THREAD_STOP, (), 0),
    ("thread_start", numbers.THREAD_START, (3, 4, 5), 0),
    ("thread_read", numbers.THREAD_READ, (3,), (0, 100)),
    ("thread_write", numbers.THREAD_WRITE, (3, 4), 0),
    ("thread_resume", numbers.THREAD_RESUME, (), 0),
    ("revoke", numbers.REVOKE, (), 0),
    ("trace_read", numbers.TRACE_READ, (3, 4), (0, 100, 101, 102, 103, 104)),
    ("trace_control", numbers.TRACE_CONTROL, (3, 4), 0),
    ("wait_until", numbers.WAIT_UNTIL, (3,), (0, 109)),
]

# function, number, all arguments, slot and x0 to x3 that they become, result
OBJECTS = [
    ("capability_copy", numbers.CAPABILITY_COPY, (9, 3, 4, 5), (9, 3, 4, 0, 5), 0),
    ("capability_mint", numbers.CAPABILITY_MINT, (9, 3, 4, 5, 6), (9, 3, 4, 5, 6), 0),
    ("capability_delete", numbers.CAPABILITY_DELETE, (9, 3), (9, 3, 0, 0, 0), 0),
    ("capability_move", numbers.CAPABILITY_MOVE, (9, 3, 4), (9, 3, 4, 0, 0), 0),
    ("capability_clear", numbers.CAPABILITY_CLEAR, (9, 3), (9, 3, 0, 0, 0), (0, 100)),
    ("delegate", numbers.DELEGATE, (9, 3, 4, 5, 6), (9, 3, 4, 5, 6), 0),
    ("reply_save", numbers.REPLY_SAVE, (9,), (9, 0, 0, 0, 0), 0),
    ("accept", numbers.ACCEPT, (3,), (0, 3, 0, 0, 0), 0),
    ("give_way", numbers.YIELD, (), (0, 0, 0, 0, 0), 0),
    ("object_create", numbers.OBJECT_CREATE, (9, 3, 4, 5, 6), (9, 3, 4, 5, 6), 0),
    ("object_destroy", numbers.OBJECT_DESTROY, (9, 3, 4), (9, 3, 4, 0, 0), 0),
    ("object_give", numbers.OBJECT_GIVE, (9, 3, 4, 5), (9, 3, 4, 5, 0), 0),
    ("object_take", numbers.OBJECT_TAKE, (9, 3, 4), (9, 3, 4, 0, 0), 0),
    ("object_claim", numbers.OBJECT_CLAIM, (9, 3, 4, 5), (9, 3, 4, 5, 0), 0),
    ("object_revoke", numbers.OBJECT_REVOKE, (9, 3, 4), (9, 3, 4, 0, 0), 0),
    ("thread_configure", numbers.THREAD_CONFIGURE, (9, 3, 4, 5, 6), (9, 3, 4, 5, 6), 0),
    ("thread_schedule", numbers.THREAD_SCHEDULE, (9, 3, 4, 5), (9, 3, 4, 5, 0), 0),
    ("thread_bind", numbers.THREAD_BIND, (9, 3), (9, 3, 0, 0, 0), 0),
    ("thread_give_time", numbers.THREAD_GIVE_TIME, (9, 3), (9, 3, 0, 0, 0), 0),
    ("time_configure", numbers.TIME_CONFIGURE, (9, 3, 4, 5, 6), (9, 3, 4, 5, 6), 0),
    ("endpoint_bind", numbers.ENDPOINT_BIND, (9, 3), (9, 3, 0, 0, 0), 0),
    ("endpoint_cancel", numbers.ENDPOINT_CANCEL, (9,), (9, 0, 0, 0, 0), 0),
    ("interrupt_bind", numbers.INTERRUPT_BIND, (9, 3, 4, 5), (9, 3, 4, 5, 0), 0),
    ("vcpu_configure", numbers.VCPU_CONFIGURE, (9, 3, 4), (9, 3, 4, 0, 0), 0),
    ("frame_clear", numbers.FRAME_CLEAR, (9,), (9, 0, 0, 0, 0), (0, 100)),
    ("frame_info", numbers.FRAME_INFO, (9,), (9, 0, 0, 0, 0), (0, 100, 101, 102, 103)),
    ("map_frame", numbers.MAP, (9, 3, 4, 5), (9, 3, 4, 5, 0), 0),
    ("unmap", numbers.UNMAP, (9, 3), (9, 3, 0, 0, 0), 0),
    ("link_table", numbers.LINK, (9, 3, 4), (9, 3, 4, 0, 0), 0),
    ("unlink_table", numbers.UNLINK, (9,), (9, 0, 0, 0, 0), 0),
    ("unlink_entry", numbers.UNLINK_ENTRY, (9, 3), (9, 3, 0, 0, 0), 0),
]


@pytest.fixture
def component() -> Component:
    component = load("keelback.user.runtime")
    for number in range(numbers.SYSTEM_CALL_COUNT):
        component.kernel.handlers[number] = lambda slot, words: ANSWER
    return component


@pytest.mark.parametrize(("function", "number", "arguments", "result"), PLAIN)
def test_arguments_and_results(
    component: Component, function: str, number: int, arguments: Words, result: int | Words
) -> None:
    given = [u64(argument) for argument in arguments]
    assert getattr(component.root, function)(u64(9), *given) == result
    called, slot, words = component.kernel.calls[0]
    assert (called, slot) == (number, 9)
    assert words[: len(arguments)] == arguments
    assert set(words[len(arguments) :]) <= {0}


@pytest.mark.parametrize(("function", "number", "arguments", "registers", "result"), OBJECTS)
def test_calls_on_objects(
    component: Component, function: str, number: int, arguments: Words, registers: Words, result: int | Words
) -> None:
    assert getattr(component.root, function)(*(u64(argument) for argument in arguments)) == result
    called, slot, words = component.kernel.calls[0]
    assert (called, slot, *words[:4]) == (number, *registers)
    assert set(words[4:]) <= {0}


@pytest.mark.parametrize("function", ["thread_stop", "thread_schedule", "vcpu_read"])
def test_what_waits_for_another_core_is_asked_again(component: Component, function: str) -> None:
    answers = [(errors.PENDING,), (errors.PENDING,), ANSWER]
    for number in range(numbers.SYSTEM_CALL_COUNT):
        component.kernel.handlers[number] = lambda slot, words: answers.pop(0)
    arguments = {"thread_stop": 1, "thread_schedule": 4, "vcpu_read": 2}[function]
    getattr(component.root, function)(*(u64(9),) * arguments)
    assert len(component.kernel.calls) == 3


def test_a_capability_goes_with_the_message(component: Component) -> None:
    component.kernel.handlers[numbers.CALL_PASS] = lambda slot, words: (0, 0, messages.PASSED, *range(100, 108))
    message = message_of(component)
    assert component.root.call_pass(u64(9), u64(7), message) == (0, True)
    assert component.root.reply_pass(u64(9), u64(7), message) == 0
    assert component.root.reply(u64(9), message) == 0
    slots = [(number, slot) for number, slot, _ in component.kernel.calls]
    assert slots == [(numbers.CALL_PASS, 7 << 32 | 9), (numbers.REPLY_PASS, 7 << 32 | 9), (numbers.REPLY, 9)]


def test_receive_until_tells_the_deadline(component: Component) -> None:
    event = component.root.Event()
    component.root.receive_until(u64(77), event)
    assert component.kernel.calls == [(numbers.RECEIVE_UNTIL, 0, (77, *(0,) * 7))]
    assert (event.status, event.badge, event.kind) == (0, 109, 110)


def test_every_call_a_component_may_need_is_there() -> None:
    here = {number for _, number, _, _ in PLAIN} | {number for _, number, _, _, _ in OBJECTS}
    elsewhere = {numbers.NULL, numbers.CALL, numbers.RECEIVE, numbers.REPLY_RECEIVE, numbers.SYSTEM_OFF}
    elsewhere |= {numbers.REPLY, numbers.CALL_PASS, numbers.REPLY_PASS, numbers.RECEIVE_UNTIL}
    assert here | elsewhere == set(range(numbers.SYSTEM_CALL_COUNT))


@pytest.mark.parametrize(("function", "action"), [("power_off", numbers.OFF), ("restart_board", numbers.RESET)])
def test_the_platform_is_told_what_to_do(component: Component, function: str, action: int) -> None:
    getattr(component.root, function)(u64(9))
    number, slot, words = component.kernel.calls[0]
    assert (number, slot, words[0]) == (numbers.SYSTEM_OFF, 9, action)


def message_of(component: Component) -> Any:
    message = component.root.Message()
    for index in range(8):
        message.words[index] = u64(index + 1)
    return message


def words_of(message: Any) -> list[int]:
    return [int(message.words[index]) for index in range(8)]


def test_a_call_carries_eight_words_there_and_back(component: Component) -> None:
    message = message_of(component)
    assert component.root.call(u64(9), message) == 0
    assert component.kernel.calls == [(numbers.CALL, 9, (1, 2, 3, 4, 5, 6, 7, 8))]
    assert words_of(message) == list(range(100, 108))


def test_a_refused_call_leaves_the_message(component: Component) -> None:
    component.kernel.handlers[numbers.CALL] = lambda slot, words: (6,)
    message = message_of(component)
    assert component.root.call(u64(9), message) == 6
    assert words_of(message) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_receive_and_reply_receive_fill_the_event(component: Component) -> None:
    event = component.root.Event()
    component.root.receive(event)
    component.root.reply_receive(event)
    assert (event.status, event.badge, event.kind) == (0, 109, 110)
    assert words_of(event.message) == list(range(100, 108))
    assert component.kernel.calls == [
        (numbers.RECEIVE, 0, (0,) * 8),
        (numbers.REPLY_RECEIVE, 0, tuple(range(100, 108))),
    ]


def test_every_gate_names_each_register_once() -> None:
    """A register is a result or clobbered, and every argument's register is one of the two."""
    from keelback.lang.assembly import function_notes

    modules: list[Any] = [load(f"keelback.user.runtime.{name}").root for name in ("gates", "object_gates")]
    functions = [function for module in modules for function in vars(module).values() if callable(function)]
    notes = [function_notes(function).assembly for function in functions]
    assembled = [assembly for assembly in notes if assembly is not None]
    assert len(assembled) == numbers.SYSTEM_CALL_COUNT - 1
    for assembly in assembled:
        touched = [*assembly.results, *assembly.clobbers]
        assert sorted(touched) == sorted([*(f"x{number}" for number in range(19)), "memory", "cc"])
        assert set(assembly.registers.values()) <= set(assembly.results)

"""The event loop: which hook gets what, and when an answer is due."""

from __future__ import annotations

from typing import Any

import pytest

from keelback.abi import messages, syscalls
from keelback.lang import TrapKind, expect_trap, u64
from tests.user.host import Component, Words, load

Call = tuple[int, int, Words]


class Events:
    """A component whose kernel delivers the given events, one for each receive."""

    def __init__(self, *events: Words) -> None:
        self.component: Component = load("keelback.user.runtime.component")
        self.root: Any = self.component.root
        self.seen: list[tuple[str, int]] = []
        self.events = list(events)
        for number in (syscalls.RECEIVE, syscalls.REPLY_RECEIVE):
            self.component.kernel.handlers[number] = lambda slot, words: self.events.pop(0)

    def step(self, answer_due: bool = False) -> bool:
        return bool(self.root.step(answer_due))


def event(kind: int, badge: int, *words: int) -> Words:
    return (0, badge, kind, *words)


def test_a_signal_goes_to_notified_and_wants_no_answer() -> None:
    run = Events(event(messages.SIGNAL, 0b101))

    def notified(bits: u64) -> None:
        run.seen.append(("notified", int(bits)))

    run.root.notified = notified
    assert not run.step()
    assert run.seen == [("notified", 0b101)]


def test_a_call_goes_to_protected_and_its_words_are_the_answer() -> None:
    run = Events(event(messages.MESSAGE, 3, 40), event(messages.SIGNAL, 1))

    def protected(badge: u64, message: Any) -> None:
        run.seen.append(("protected", int(badge)))
        message.words[0] = message.words[0] + 2

    run.root.protected = protected
    assert run.step()
    assert not run.step(answer_due=True)
    assert run.seen == [("protected", 3)]
    number, slot, words = run.component.kernel.calls[1]
    assert (number, slot, words[0]) == (syscalls.REPLY_RECEIVE, 0, 42)


@pytest.mark.parametrize("resume", [False, True])
def test_a_fault_is_answered_with_what_the_hook_says(resume: bool) -> None:
    run = Events(event(messages.FAULT, 2, 5, 0x200000), event(messages.SIGNAL, 1))

    def fault(badge: u64, message: Any) -> bool:
        run.seen.append(("fault", int(message.words[1])))
        return resume

    run.root.fault = fault
    assert run.step()
    run.step(answer_due=True)
    assert run.seen == [("fault", 0x200000)]
    assert run.component.kernel.calls[1][2][0] == int(resume)


def test_without_hooks_calls_are_refused_and_faults_stay_stopped() -> None:
    run = Events(event(messages.MESSAGE, 1, 7), event(messages.FAULT, 1, 7), event(messages.SIGNAL, 7))
    run.step()
    run.step(answer_due=True)
    assert not run.step(answer_due=True)
    answers = [words[0] for number, _, words in run.component.kernel.calls if number == syscalls.REPLY_RECEIVE]
    assert answers == [2**64 - 1, 0]


def test_a_refused_receive_stops_the_component() -> None:
    run = Events((3,))
    with expect_trap(TrapKind.ASSERT):
        run.step()


def test_an_event_of_an_unknown_kind_stops_the_component() -> None:
    run = Events(event(9, 1))
    with expect_trap(TrapKind.ASSERT):
        run.step()


class LifeOverError(Exception):
    """Ends a component's loop, which has no end."""


def test_init_runs_once_before_anything_is_received() -> None:
    run = Events(event(messages.SIGNAL, 1), event(messages.SIGNAL, 2))
    run.root.init = lambda: run.seen.append(("init", len(run.component.kernel.calls)))

    def notified(bits: u64) -> None:
        run.seen.append(("notified", int(bits)))
        if bits == 2:
            raise LifeOverError

    run.root.notified = notified
    with pytest.raises(LifeOverError):
        run.root.component_start()
    assert run.seen == [("init", 0), ("notified", 1), ("notified", 2)]

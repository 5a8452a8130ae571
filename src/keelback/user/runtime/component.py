"""The life of a component: take up the log, `init`, then one event after the other for ever.

A component's root module defines whichever of the four hooks it needs; the others do what is written here. It never
calls this module. It has one thread, one endpoint and one notification (slot 2); memory and registers are
what the boot state says, so there is nothing to set up before `component_start`.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, faults, messages
from keelback.lang import entry, hook, u64
from keelback.user.runtime import syscalls
from keelback.user.runtime.keyboard import attach_keyboard
from keelback.user.runtime.log import attach_log
from keelback.user.runtime.messages import Event, Message

REFUSED: Final = u64.MAX

event: Final = Event()


@hook
def init() -> None:
    """Runs once, before anything is received."""


@hook
def notified(bits: u64) -> None:
    """Bits of the own notification were signalled; they are taken."""


@hook
def protected(badge: u64, message: Message) -> None:
    """A client called; `message` is its words, and afterwards the reply."""
    message.words[0] = u64(REFUSED)


@hook
def fault(badge: u64, message: Message) -> bool:
    """A thread faulted (words: keelback.abi.faults). True lets it continue."""
    return False


@entry("component_start")
def component_start() -> None:
    """Where the thread begins. Never returns."""
    start()
    serve()


def start() -> None:
    """Everything that happens once."""
    attach_log()
    attach_keyboard()
    init()


def serve() -> None:
    """Receive and dispatch for ever."""
    answer_due = False
    while True:
        answer_due = step(answer_due)


def step(answer_due: bool) -> bool:
    """Answer the last event if it was a call or a fault, then receive and handle one; True if that wants an answer.

    A receive that is refused means a wrong system description: the component stops itself with a trap, which is
    reported.
    """
    if answer_due:
        syscalls.reply_receive(event)
    else:
        syscalls.receive(event)
    assert event.status == errors.OK
    return dispatch()


def dispatch() -> bool:
    """Call the hook for the event received; True if its words are an answer to send."""
    if event.kind == messages.SIGNAL:
        notified(event.badge)
        return False
    if event.kind == messages.FAULT:
        resume = fault(event.badge, event.message)
        event.message.words[0] = u64(faults.RESUME) if resume else u64(faults.STAY_STOPPED)
        return True
    assert event.kind & ~u64(messages.PASSED) == messages.MESSAGE
    protected(event.badge, event.message)
    return True

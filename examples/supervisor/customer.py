"""Has the adder add, makes it crash, is told that it was restarted, and has it add again."""

from __future__ import annotations

from typing import Final

from keelback.lang import u64
from keelback.user.runtime import Message, call

SUPERVISOR_SLOT: Final = 3
ADDER_SLOT: Final = 4

order: Final = Message()
report: Final = Message()


def init() -> None:
    """Ask three times, then tell the supervisor what came of it."""
    report.words[0] = ask(u64(20), u64(22))
    report.words[1] = order.words[0]
    report.words[2] = ask(u64(0), u64(0))
    report.words[3] = ask(u64(40), u64(2))
    report.words[4] = order.words[0]
    call(u64(SUPERVISOR_SLOT), report)


def ask(first: u64, second: u64) -> u64:
    """The status of one call; the sum is in `order`."""
    order.words[0] = first
    order.words[1] = second
    return call(u64(ADDER_SLOT), order)

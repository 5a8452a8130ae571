"""Runs as much as it is let, in one of several ways, and then says when it ran: `run START END`, in ticks.

It cannot see when others run but by the clock: a pause of GAP ticks ends a run.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import messages
from keelback.lang import Struct, array, parameter, struct, u64, upto
from keelback.user.runtime import (
    Message,
    call,
    counter,
    end_line,
    give_way,
    log_number,
    put_number,
    put_text,
    wait_until,
)

SPIN: Final = 0
SLEEP: Final = 1
"""Sleep a little, shortly before the budget ends."""
YIELD: Final = 2
"""Give way all the time."""
CALL: Final = 3
"""Let a server that has no time of its own spin."""
SERVE: Final = 4
"""Be that server."""

WAY: Final = parameter("way", SPIN)
GAP: Final = parameter("gap", 1_250)
RUN_COUNT: Final = parameter("run_count", 24)
AWAKE: Final = parameter("awake", 50_000)
"""SLEEP: ticks between sleeps."""
ASLEEP: Final = parameter("asleep", 5_000)
SERVER_SLOT: Final = parameter("server_slot", 0)
SERVED: Final = 20_000
"""CALL: ticks that the server shall spin for each call."""


@struct
class Record(Struct):
    """The run that goes on, and how many came before."""

    start: u64 = u64(0)
    end: u64 = u64(0)
    count: u64 = u64(0)


record: Final = Record()
starts: Final = array(u64, RUN_COUNT)
ends: Final = array(u64, RUN_COUNT)
message: Final = Message()


def note() -> None:
    """It runs now."""
    now = counter()
    if now - record.end > GAP:
        if record.start != 0 and record.count < RUN_COUNT:
            starts[record.count] = record.start
            ends[record.count] = record.end
            record.count = record.count + 1
            if record.count == RUN_COUNT:
                report()
        record.start = now
    record.end = now


def report() -> None:
    """Say all runs."""
    for index in upto(u64(RUN_COUNT)):
        put_text("run ")
        put_number(starts[index])
        put_text(" ")
        put_number(ends[index])
        end_line()
    log_number("runs", u64(RUN_COUNT))


def init() -> None:
    """Run for ever."""
    while WAY != SERVE:
        note()
        if WAY == SLEEP and record.end - record.start > AWAKE:
            wait_until(u64(messages.OWN_NOTIFICATION_SLOT), counter() + ASLEEP)
        elif WAY == YIELD:
            give_way()
        elif WAY == CALL:
            call(u64(SERVER_SLOT), message)


def protected(badge: u64, message: Message) -> None:
    """Spin for a client, on its time."""
    end = counter() + SERVED
    while counter() < end:
        note()

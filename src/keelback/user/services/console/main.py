"""The console component: shows all sources on one serial line, and gives the keys typed to one of them.

Each line is marked with its source's name.

Every signal, whatever its bit, means "look at all rings": a bit says nothing that the rings do not, so none can be
missed. Sources take turns of at most `TURN_BYTES`, and a round goes on where the room ran out, so a flood delays
others by a turn each but never silences them. Keys are looked at in every round.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Struct, struct, u64, upto
from keelback.user.runtime.rings import attach_reader, attach_writer, release, take_byte, waiting_count
from keelback.user.runtime.syscalls import signal
from keelback.user.services.console.keyboard import press, say_focus, tell_guest
from keelback.user.services.console.screen import STEP_BYTES, restore_line, show_byte
from keelback.user.services.console.serial import (
    attach_serial,
    await_room,
    flush,
    has_room,
    received_count,
    release_received,
    take_received,
)
from keelback.user.services.console.sources import (
    SOURCE_COUNT,
    TAKING_COUNT,
    input_ring,
    input_slots,
    output_ring,
    sources,
    takes_input,
)

TURN_BYTES: Final = 512


@struct
class Turn(Struct):
    """Whose turn it is."""

    next: u64 = u64(0)  # source that a round begins with


turn: Final = Turn()


def init() -> None:
    """Take up all rings; say where the keys go if there is a choice; show what waits already."""
    attach_serial()
    for index in upto(SOURCE_COUNT):
        attach_reader(sources[index].reader, output_ring(index))
        if takes_input(index):
            attach_writer(sources[index].keys, input_ring(index))
    if TAKING_COUNT > 1 and has_room(u64(STEP_BYTES)):
        say_focus()
    pump()


def notified(bits: u64) -> None:
    """Somebody has bytes, or room."""
    pump()


def pump() -> None:
    """Move bytes until nobody has any, or the serial line has no room (then the driver signals).

    One look at each ring is enough: what is written after it comes with a signal of its own.
    """
    busy = True
    while busy:
        serve_keys()
        busy = serve_sources()
        if not busy and has_room(u64(STEP_BYTES)):
            restore_line()
        flush()
        if not has_room(u64(STEP_BYTES)):
            busy = await_room(u64(STEP_BYTES))


def serve_keys() -> None:
    """Handle the keys that wait, as far as there is room for what they show."""
    waiting = received_count()
    pressed = u64(0)
    while pressed < waiting and has_room(u64(STEP_BYTES)):
        press(take_received())
        pressed += 1
    if pressed > 0:
        tell_guest()
        release_received()


def serve_sources() -> bool:
    """One turn for every source, beginning where the last round stopped; True if any has bytes left."""
    left = False
    for _ in upto(SOURCE_COUNT):
        if not has_room(u64(STEP_BYTES)):
            return True
        index = turn.next
        turn.next = (index + 1) % SOURCE_COUNT
        left = serve_source(index) or left
    return left


def serve_source(index: u64) -> bool:
    """Show up to `TURN_BYTES` of one source; True if it has more."""
    ring = output_ring(index)
    source = sources[index]
    waiting = waiting_count(source.reader, ring)
    limit = min(waiting, u64(TURN_BYTES))
    shown = u64(0)
    while shown < limit and has_room(u64(STEP_BYTES)):
        value, _ = take_byte(source.reader, ring)
        show_byte(index, value)
        shown += 1
    if shown > 0 and release(source.reader, ring) and takes_input(index):
        signal(input_slots[index])
    return shown < waiting

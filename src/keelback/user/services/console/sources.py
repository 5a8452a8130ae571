"""The streams the console shows: their names, rings and lines, all from the build's parameters. Moves no bytes.

A *source* is a component's log (whole lines) or a guest's console (a byte stream); some also take what is typed.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Array, Memory, Struct, array, constants, embedded, parameter, struct, text_parameter, u8, u64
from keelback.user.runtime.rings import RingReader, RingWriter

RING_BYTES: Final = 4096
LINE_BYTES: Final = 256
GUEST: Final = 1  # source_<i>_kind

SOURCE_COUNT: Final = parameter("source_count", 1)
SOURCES_ADDRESS: Final = parameter("sources_address", 0x1010_0000)
INPUTS_ADDRESS: Final = parameter("inputs_address", 0x1020_0000)
INPUTS_SIZE: Final = parameter("inputs_size", RING_BYTES)

OWN_NAME: Final = "console"
NAMES: Final = [text_parameter(f"source_{index}_name", "source").encode() for index in range(SOURCE_COUNT)]
NAME_BYTES: Final = max(len(OWN_NAME), *(len(name) for name in NAMES))
"""Width of the mark: the longest name."""

INPUT_ADDRESSES: Final = [parameter(f"source_{index}_input_address", 0) for index in range(SOURCE_COUNT)]
INPUT_SLOTS: Final = [parameter(f"source_{index}_input_slot", 0) for index in range(SOURCE_COUNT)]
TAKING: Final = [index for index in range(SOURCE_COUNT) if INPUT_ADDRESSES[index] != 0 and INPUT_SLOTS[index] != 0]
"""The sources that take input, in the order of their numbers on the keyboard."""
TAKING_COUNT: Final = len(TAKING)
KINDS: Final = [parameter(f"source_{index}_kind", 0) for index in range(SOURCE_COUNT)]
FIRST_FOCUS: Final = parameter("focus", next((i for i in TAKING if KINDS[i] == GUEST), TAKING[0] if TAKING else 0))

names: Final = constants(u8, tuple(b"".join(name.ljust(NAME_BYTES) for name in NAMES)))
kinds: Final = constants(u8, tuple(KINDS))
taking: Final = constants(u64, tuple(TAKING) or (0,))
input_offsets: Final = constants(u64, tuple(max(address - INPUTS_ADDRESS, 0) for address in INPUT_ADDRESSES))
input_slots: Final = constants(u64, tuple(INPUT_SLOTS))
takers: Final = constants(u8, tuple(1 if index in TAKING else 0 for index in range(SOURCE_COUNT)))


@struct
class Source(Struct):
    """One source: where its rings stand, and its line since the last line feed."""

    reader: RingReader = embedded(RingReader)
    keys: RingWriter = embedded(RingWriter)  # used only if it takes input
    line: Array[u8] = array(u8, LINE_BYTES)
    count: u64 = u64(0)  # bytes of `line` in use
    returned: bool = False  # a carriage return came, and nothing after it yet


sources: Final = array(Source, SOURCE_COUNT)
output_window: Final = Memory(SOURCES_ADDRESS, SOURCE_COUNT * RING_BYTES)
input_window: Final = Memory(INPUTS_ADDRESS, max(INPUTS_SIZE, RING_BYTES))


def output_ring(index: u64) -> Memory:
    """The ring that source `index` writes."""
    return output_window.narrow(index * RING_BYTES, u64(RING_BYTES))


def input_ring(index: u64) -> Memory:
    """The ring that source `index` reads typed bytes from; only if it takes input."""
    return input_window.narrow(input_offsets[index], u64(RING_BYTES))


def takes_input(index: u64) -> bool:
    """It has an input ring and a notification that says so."""
    return takers[index] != 0


def is_guest(index: u64) -> bool:
    """It is a guest's console, a byte stream with prompts; else a log, lines only."""
    return kinds[index] == GUEST

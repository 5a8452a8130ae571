"""A console component with its sources, its driver's rings and a keyboard, all on the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.user.host import PAGE_BYTES, Component, Ring, load

OUTPUT, INPUT = 0x5600_0000, 0x5600_1000
SOURCES, INPUTS = 0x5610_0000, 0x5620_0000
DRIVER_SLOT = 3
FIRST_INPUT_SLOT = 10

ESCAPE = "\x1d"


@dataclass(frozen=True)
class Stream:
    """One source: `guest` is a byte stream, else lines; `keys` if it takes input."""

    name: str
    guest: bool = False
    keys: bool = False


class Console:
    """`say` writes as a source, `type` types, `screen` is what the terminal got since the last time."""

    def __init__(self, *streams: Stream, focus: int | None = None, start: bool = True) -> None:
        self.names = [stream.name for stream in streams]
        self.output, self.input = Ring(OUTPUT), Ring(INPUT)
        self.rings = {name: Ring(SOURCES + index * PAGE_BYTES) for index, name in enumerate(self.names)}
        self.keys: dict[str, Ring] = {}
        self.slots: dict[str, int] = {}
        parameters: dict[str, int | str] = {
            "output_address": OUTPUT,
            "output_slot": DRIVER_SLOT,
            "input_address": INPUT,
            "source_count": len(streams),
            "sources_address": SOURCES,
            "sources_size": len(streams) * PAGE_BYTES,
            "inputs_address": INPUTS,
        }
        for index, stream in enumerate(streams):
            parameters[f"source_{index}_name"] = stream.name
            parameters[f"source_{index}_kind"] = int(stream.guest)
            if stream.keys:
                address = INPUTS + len(self.keys) * PAGE_BYTES
                self.slots[stream.name] = FIRST_INPUT_SLOT + index
                self.keys[stream.name] = Ring(address)
                parameters[f"source_{index}_input_address"] = address
                parameters[f"source_{index}_input_slot"] = FIRST_INPUT_SLOT + index
        parameters["inputs_size"] = max(len(self.keys), 1) * PAGE_BYTES
        if focus is not None:
            parameters["focus"] = focus
        self.component: Component = load("keelback.user.services.console.main", parameters)
        self.main: Any = self.component.root
        if start:
            self.main.init()

    def write(self, name: str, text: str) -> None:
        """A source puts bytes into its ring and says nothing."""
        self.rings[name].feed(text.encode("latin-1"))

    def signal(self) -> None:
        """Anybody signals the console."""
        self.main.notified(self.main.u64(1))

    def say(self, name: str, text: str) -> str:
        """A source writes and signals; what the terminal gets."""
        self.write(name, text)
        self.signal()
        return self.screen()

    def type(self, text: str) -> str:
        """Keys are pressed; what the terminal gets."""
        self.input.feed(text.encode("latin-1"))
        self.signal()
        return self.screen()

    def screen(self) -> str:
        return self.output.drain().decode("latin-1")

    def settle(self) -> str:
        """As `screen`, with a driver that sends and signals until there is no more."""
        shown = self.screen()
        while True:
            self.output.set_field(8, 0)
            self.signal()
            more = self.screen()
            if not more:
                return shown
            shown += more

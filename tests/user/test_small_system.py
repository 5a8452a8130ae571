"""Driver, console, monitor, vault and clerk together on the host: what is typed on the wire comes back on the wire.

The kernel is replaced by one that keeps pending bits and lets the component of the highest priority go first, so a
wake-up that is lost here would be lost on the machine too.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keelback.abi import faults, syscalls
from keelback.lang import TrapKind, u64
from tests.user.drivers.test_pl011 import Uart
from tests.user.host import PAGE_BYTES, Component, Ring, Words, load

FOLDER = Path(__file__).parents[2] / "examples" / "vault"
KEY = bytes(reversed(range(32)))
OUTPUT, INPUT, SOURCES, INPUTS, BUFFERS = 0x5900_0000, 0x5900_1000, 0x5910_0000, 0x5920_0000, 0x5930_0000
SOURCE_NAMES = ("monitor", "vault", "clerk")
ORDER = ("uart", "console", "monitor", "vault", "clerk")
CONSOLE_SLOT, DRIVER_SLOT, CLERK_SLOT, VAULT_SLOT, INTERRUPT_SLOT = 3, 4, 5, 6, 7

PARAMETERS: Mapping[str, Mapping[str, int | str]] = {
    "uart": {
        "output_address": OUTPUT,
        "input_address": INPUT,
        "input_slot": CONSOLE_SLOT,
        "pl011_interrupt_slot": INTERRUPT_SLOT,
        "pl011_bit": 0,
        "output_bit": 1,
    },
    "console": {
        "output_address": OUTPUT,
        "input_address": INPUT,
        "output_slot": DRIVER_SLOT,
        "source_count": 3,
        "sources_address": SOURCES,
        "inputs_address": INPUTS,
        "inputs_size": PAGE_BYTES,
        "source_0_name": "monitor",
        "source_1_name": "vault",
        "source_2_name": "clerk",
        "source_2_input_address": INPUTS,
        "source_2_input_slot": CLERK_SLOT,
    },
    "monitor": {"component_count": 2, "component_1_name": "vault", "component_2_name": "clerk"},
    "vault": {
        "key_hex": KEY.hex(),
        "client_count": 1,
        "client_0_name": "clerk",
        "client_buffers_address": BUFFERS,
        "client_buffer_stride": PAGE_BYTES,
    },
    "clerk": {"vault_slot": VAULT_SLOT, "vault_buffer_address": BUFFERS, "console_in_address": INPUTS},
}
ROOTS = {
    "uart": "keelback.user.drivers.pl011.driver",
    "console": "keelback.user.services.console.main",
    "monitor": "keelback.user.services.monitor.main",
    "vault": "vault",
    "clerk": "clerk",
}


class System:
    """All five components, and the device at the end."""

    def __init__(self) -> None:
        for address in (OUTPUT, INPUT, INPUTS, *(SOURCES + index * PAGE_BYTES for index in range(3))):
            Ring(address)
        self.pending: dict[str, int] = dict.fromkeys(ORDER, 0)
        self.targets = {CONSOLE_SLOT: ("console", 1), DRIVER_SLOT: ("uart", 2), CLERK_SLOT: ("clerk", 1)}
        self.components = {name: self.component(name) for name in ORDER}
        self.uart = Uart(self.root("uart").device)
        for name in ORDER:
            for module in ("log", "keyboard"):
                loaded: Any = self.components[name].modules.get(f"keelback.user.runtime.{module}")
                if loaded is not None:
                    getattr(loaded, f"attach_{module}")()
            getattr(self.root(name), "init", lambda: None)()

    def component(self, name: str) -> Component:
        parameters = dict(PARAMETERS[name])
        if name in SOURCE_NAMES:
            parameters |= {"log_address": SOURCES + SOURCE_NAMES.index(name) * PAGE_BYTES, "log_slot": CONSOLE_SLOT}
        component = load(ROOTS[name], parameters, folder=FOLDER if name in ("vault", "clerk") else None)
        component.kernel.handlers[syscalls.SIGNAL] = self.signal
        component.kernel.handlers[syscalls.CALL] = self.call
        return component

    def root(self, name: str) -> Any:
        return self.components[name].root

    def signal(self, slot: int, words: Words) -> Words:
        target, bits = self.targets[slot]
        self.pending[target] |= bits
        return (0,)

    def call(self, slot: int, words: Words) -> Words:
        assert slot == VAULT_SLOT
        return (0, 0, 0, *self.deliver("vault", "protected", 1, words))

    def deliver(self, name: str, hook: str, badge: int, words: Words) -> Words:
        message: Any = self.components[name].modules["keelback.user.runtime.messages"].Message()
        for index, word in enumerate(words):
            message.words[index] = u64(word)
        getattr(self.root(name), hook)(u64(badge), message)
        return tuple(int(message.words[index]) for index in range(8))

    def run(self) -> str:
        """Until nobody has anything to do and the device is idle; what the terminal got."""
        while True:
            ready = next((name for name in ORDER if self.pending[name]), None)
            if ready is not None:
                bits, self.pending[ready] = self.pending[ready], 0
                self.root(ready).notified(u64(bits))
            elif (self.uart.wire and self.uart.let_through & 0x50) or self.uart.let_through & 0x20:
                self.uart.send_fifo()
                self.pending["uart"] |= 1
            else:
                break
        self.uart.send_fifo()
        shown = self.uart.sent.decode("latin-1")
        self.uart.sent.clear()
        return shown

    def type(self, text: str) -> str:
        self.uart.wire.extend(text.encode())
        self.pending["uart"] |= 1
        return self.run()


def signature(text: str) -> str:
    return hmac.digest(KEY, text.encode(), "sha256").hex()


def test_components_come_up_and_talk() -> None:
    lines = System().run().splitlines()
    assert sorted(lines) == [
        f"clerk   | signature {signature('the clerk is at work')}",
        "vault   | ready, holding one key",
        "vault   | signed 20 bytes for clerk",
    ]


def test_what_is_typed_is_signed() -> None:
    system = System()
    system.run()
    shown = system.type("sign hello\r")
    assert "clerk   > sign hello\r\n" in shown
    assert "vault   | signed 5 bytes for clerk\r\n" in shown
    assert f"clerk   | signature {signature('hello')}\r\n" in shown


def test_a_fault_is_reported_while_the_others_go_on() -> None:
    system = System()
    system.run()
    system.deliver("monitor", "fault", 2, (faults.TRAP, 0x20_0000, 0, 0, int(TrapKind.INDEX)))
    assert "monitor | clerk stopped: trap: index out of range\r\n" in system.run()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(st.sampled_from("abc "), min_size=1, max_size=60), min_size=1, max_size=12))
def test_no_line_is_lost_whatever_is_typed_at_once(texts: list[str]) -> None:
    system = System()
    system.run()
    shown = system.type("".join(f"sign {text}\r" for text in texts))
    assert [line[20:] for line in shown.split("\r\n") if line.startswith("clerk   | signature ")] == [
        signature(text) for text in texts
    ]


@pytest.mark.parametrize("count", [200])
def test_more_output_than_the_rings_hold_comes_out_whole(count: int) -> None:
    system = System()
    system.run()
    log: Any = system.components["vault"].modules["keelback.user.runtime.log"]
    shown = ""
    for number in range(count):
        log.log_number("line of the vault", u64(number))
        if number % 50 == 0:
            shown += system.run()
    shown += system.run()
    assert [line for line in shown.splitlines() if "line of" in line] == [
        f"vault   | line of the vault {number}" for number in range(count)
    ]

"""Every component of the base, compiled and in CPython side by side: same calls made, same bytes in every ring."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keelback.abi import faults, messages, syscalls
from keelback.lang.memory import write_bytes
from tests.user.compiled.execution import CompiledComponent, InterpretedComponent
from tests.user.drivers.test_pl011 import Uart
from tests.user.host import PAGE_BYTES, Ring, Words
from tests.user.services.test_monitor import TABLE

EXAMPLE = Path(__file__).parents[3] / "examples" / "vault"
BASE, DEVICE = 0x5B00_0000, 0x5BF0_0000
LOG, KEYS, OUTPUT, INPUT = (BASE + index * PAGE_BYTES for index in range(4))
SOURCES, INPUTS, BUFFERS, LINES = BASE + 0x10_0000, BASE + 0x20_0000, BASE + 0x30_0000, BASE + 0x40_0000

Component = CompiledComponent | InterpretedComponent
Seen = list[object]
Play = Callable[[Component, random.Random], Seen]


class Stage:
    """Delivers events to one component and notes what it does."""

    def __init__(self, component: Component, *rings: Ring) -> None:
        self.component = component
        self.rings = rings
        self.seen: Seen = []
        self.answer_due = False

    def start(self) -> None:
        self.component.start()
        self.note()

    def deliver(self, kind: int, badge: int, *words: int) -> None:
        """One event; the answer to the last one goes with it."""
        event: Words = (0, badge, kind, *words)
        for number in (syscalls.RECEIVE, syscalls.REPLY_RECEIVE):
            self.component.kernel.handlers[number] = lambda slot, given: event
        self.answer_due = self.component.step(self.answer_due)
        self.note()

    def note(self) -> None:
        self.seen.append((list(self.component.kernel.calls), [ring.drain() for ring in self.rings]))
        self.component.kernel.calls.clear()


def some_text(chance: random.Random, count: int) -> bytes:
    return bytes(chance.choice(b"abc \n\r\x1b\x7f\x08\t\xc2\x9b\x1dn12") for _ in range(chance.randrange(count)))


def play_console(component: Component, chance: random.Random) -> Seen:
    sources = [Ring(SOURCES + index * PAGE_BYTES) for index in range(3)]
    keys, output = Ring(INPUT), Ring(OUTPUT)
    stage = Stage(component, output, Ring(INPUTS), Ring(INPUTS + PAGE_BYTES))
    stage.start()
    for _ in range(40):
        ring = chance.choice([*sources, keys])
        data = some_text(chance, 300)
        if ring.waiting() + len(data) < 4000:
            ring.feed(data)
        if chance.random() < 0.05:
            chance.choice(sources).set_field(0, chance.randrange(2**32))
        stage.deliver(messages.SIGNAL, 1)
    return stage.seen


def play_driver(component: Component, chance: random.Random) -> Seen:
    output = Ring(OUTPUT)
    stage = Stage(component, Ring(INPUT))
    if isinstance(component, CompiledComponent):
        uart = Uart(_Hookable())
        component.devices = {DEVICE: uart}
    else:
        uart = Uart(component.root.device)
    stage.start()
    for _ in range(40):
        if output.waiting() < 3000:
            output.feed(some_text(chance, 100))
        uart.wire.extend(some_text(chance, 40))
        if chance.random() < 0.5:
            uart.send_fifo()
        stage.deliver(messages.SIGNAL, chance.choice([1, 2, 3]))
        stage.seen.append((bytes(uart.fifo), len(uart.sent), uart.log[-1]))
    return stage.seen


class _Hookable:
    """Takes the place of a Device for the model of the UART."""

    on_read: Any = None
    on_write: Any = None


def play_monitor(component: Component, chance: random.Random) -> Seen:
    write_bytes(LINES, TABLE)
    stage = Stage(component, Ring(LOG))
    component.kernel.handlers[syscalls.THREAD_READ] = lambda slot, words: (0, 0, 0, words[0] * 0x1234567)
    stage.start()
    for _ in range(20):
        address = 0x20_0000 + chance.randrange(0x120)
        kind = chance.choice([faults.TRAP, faults.MEMORY_READ, faults.EXECUTE, 77])
        stage.deliver(
            messages.FAULT, chance.randrange(4), kind, address, chance.getrandbits(64), 7, chance.getrandbits(16)
        )
    stage.deliver(messages.SIGNAL, 1)
    return stage.seen


def play_vault(component: Component, chance: random.Random) -> Seen:
    stage = Stage(component, Ring(LOG))
    stage.start()
    for _ in range(6):
        write_bytes(BUFFERS, chance.randbytes(2 * PAGE_BYTES))
        words = (chance.choice([1, 1, 1, 2]), chance.choice([0, 5, 64, 300, 4097, 2**64 - 1]))
        stage.deliver(messages.MESSAGE, chance.choice([0, 1, 2, 3]), *words)
    stage.deliver(messages.SIGNAL, 1)
    return stage.seen


def play_clerk(component: Component, chance: random.Random) -> Seen:
    keys = Ring(KEYS)
    stage = Stage(component, Ring(LOG))
    component.kernel.handlers[syscalls.CALL] = lambda slot, words: (
        chance.choice([0, 0, 10]),
        0,
        0,
        chance.choice([0, 0, 2]),
        *(chance.getrandbits(64) for _ in range(4)),
    )
    stage.start()
    for _ in range(20):
        keys.feed(chance.choice([b"sign ", b"sing", b""]) + some_text(chance, 150) + b"\n")
        stage.deliver(messages.SIGNAL, 1)
    return stage.seen


COMPONENTS: dict[str, tuple[str | Path, dict[str, int | str], Play]] = {
    "console": (
        "keelback.user.services.console.main",
        {
            "output_address": OUTPUT,
            "output_slot": 3,
            "input_address": INPUT,
            "source_count": 3,
            "sources_address": SOURCES,
            "inputs_address": INPUTS,
            "inputs_size": 2 * PAGE_BYTES,
            "source_0_name": "vault",
            "source_1_name": "clerk",
            "source_1_input_address": INPUTS,
            "source_1_input_slot": 8,
            "source_2_name": "linux",
            "source_2_kind": 1,
            "source_2_input_address": INPUTS + PAGE_BYTES,
            "source_2_input_slot": 9,
        },
        play_console,
    ),
    "driver": (
        "keelback.user.drivers.pl011.driver",
        {"pl011_address": DEVICE, "pl011_bit": 0, "output_address": OUTPUT, "input_address": INPUT},
        play_driver,
    ),
    "monitor": (
        "keelback.user.services.monitor.main",
        {
            "log_address": LOG,
            "log_slot": 3,
            "component_count": 2,
            "component_1_name": "vault",
            "component_2_name": "clerk",
            "lines_address": LINES,
            "lines_size": len(TABLE),
        },
        play_monitor,
    ),
    "vault": (
        EXAMPLE / "vault.py",
        {
            "key_hex": "5a" * 32,
            "client_count": 2,
            "client_buffers_address": BUFFERS,
            "client_0_name": "linux",
            "client_1_name": "clerk",
            "log_address": LOG,
            "log_slot": 3,
        },
        play_vault,
    ),
    "clerk": (
        EXAMPLE / "clerk.py",
        {
            "vault_slot": 4,
            "vault_buffer_address": BUFFERS,
            "log_address": LOG,
            "log_slot": 3,
            "console_in_address": KEYS,
        },
        play_clerk,
    ),
}


@pytest.mark.parametrize("name", COMPONENTS)
def test_compiled_and_interpreted_do_the_same(name: str) -> None:
    root, parameters, play = COMPONENTS[name]
    compiled = CompiledComponent(root, parameters)
    for seed in range(4):
        compiled.restart()
        expected = play(InterpretedComponent(root, parameters), random.Random(seed))
        for step, (got, wanted) in enumerate(zip(play(compiled, random.Random(seed)), expected, strict=True)):
            assert got == wanted, f"seed {seed}, step {step}"

"""The PL011 driver against a model of the device: FIFOs of 16 bytes, flags, masked interrupts."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from keelback.abi import syscalls
from tests.user.host import Component, Ring, load

OUTPUT, INPUT = 0x5500_0000, 0x5500_1000
INTERRUPT_SLOT, CONSOLE_SLOT = 5, 6
INTERRUPT_BIT, OUTPUT_BIT = 0, 1
PARAMETERS = {
    "output_address": OUTPUT,
    "input_address": INPUT,
    "pl011_interrupt_slot": INTERRUPT_SLOT,
    "pl011_bit": INTERRUPT_BIT,
    "input_slot": CONSOLE_SLOT,
}
DR, FR, LCR_H, CR, IMSC, ICR = 0x00, 0x18, 0x2C, 0x30, 0x38, 0x44
RECEIVE, TRANSMIT, TIMEOUT = 1 << 4, 1 << 5, 1 << 6
FIFO_BYTES = 16
RING_ROOM = 4096 - 16 - 1


class Uart:
    """Hooks into the driver's device; `sent` is what has left, `wire` what has arrived."""

    def __init__(self, device: Any, *, busy_reads: int = 0) -> None:
        self.wire: deque[int] = deque()
        self.fifo: deque[int] = deque()
        self.sent = bytearray()
        self.device = device
        self.busy_reads = busy_reads
        self.log: list[tuple[int, int]] = []
        device.on_read, device.on_write = self.read, self.write

    def read(self, offset: int) -> int | None:
        if offset == FR:
            busy = 8 if self.busy_reads else 0
            self.busy_reads = max(self.busy_reads - 1, 0)
            return busy | (0 if self.wire else 16) | (32 if len(self.fifo) >= FIFO_BYTES else 0)
        if offset == DR:
            return self.wire.popleft()
        return None

    def write(self, offset: int, value: int) -> None:
        self.log.append((offset, value))
        if offset == DR:
            assert len(self.fifo) < FIFO_BYTES, "the driver wrote into a full FIFO"
            self.fifo.append(value)

    def send_fifo(self) -> None:
        self.sent += bytes(self.fifo)
        self.fifo.clear()

    @property
    def let_through(self) -> int:
        return int(self.device.bus.get(IMSC, 0))


class Machine:
    def __init__(self, *, waiting: bytes = b"", busy_reads: int = 0) -> None:
        self.output, self.input = Ring(OUTPUT), Ring(INPUT)
        self.output.feed(waiting)
        self.component: Component = load("keelback.user.drivers.pl011.driver", PARAMETERS)
        self.driver: Any = self.component.root
        self.uart = Uart(self.driver.device, busy_reads=busy_reads)
        self.driver.init()

    def interrupt(self) -> None:
        self.driver.notified(self.driver.u64(1 << INTERRUPT_BIT))

    def console_signal(self) -> None:
        self.driver.notified(self.driver.u64(1 << OUTPUT_BIT))

    def acknowledged(self) -> int:
        return sum(number == syscalls.INTERRUPT_ACKNOWLEDGE for number, _, _ in self.component.kernel.calls)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_the_device_is_disabled_while_it_is_set_up() -> None:
    machine = Machine(busy_reads=3)
    order = [entry for entry in machine.uart.log if entry[0] in (LCR_H, CR)]
    assert order == [(CR, 0), (LCR_H, 0x70), (CR, 0x301)]
    assert machine.uart.busy_reads == 0
    assert machine.uart.let_through == RECEIVE | TIMEOUT
    assert machine.acknowledged() == 1


def test_a_device_that_stays_busy_is_taken_over_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(busy_reads=1_000_000)
    assert machine.uart.let_through == RECEIVE | TIMEOUT


def test_what_waits_at_the_start_is_sent() -> None:
    assert bytes(Machine(waiting=b"hello").uart.fifo) == b"hello"


def test_received_bytes_reach_the_console(machine: Machine) -> None:
    machine.component.kernel.calls.clear()
    machine.uart.wire.extend(b"ls\r")
    machine.interrupt()
    assert machine.input.drain() == b"ls\r"
    assert machine.acknowledged() == 1
    assert machine.component.kernel.take_signals() == [CONSOLE_SLOT]


def test_bytes_with_a_line_error_are_dropped(machine: Machine) -> None:
    machine.uart.wire.extend([ord("a"), 0x400 | ord("b"), ord("c")])
    machine.interrupt()
    assert machine.input.drain() == b"ac"


def test_a_signal_from_the_console_acknowledges_no_interrupt(machine: Machine) -> None:
    machine.component.kernel.calls.clear()
    machine.output.feed(b"x")
    machine.console_signal()
    assert machine.acknowledged() == 0


def test_a_full_fifo_goes_on_at_the_transmit_interrupt(machine: Machine) -> None:
    text = bytes(range(40))
    machine.output.feed(text)
    machine.console_signal()
    while machine.uart.let_through & TRANSMIT:
        machine.uart.send_fifo()
        machine.interrupt()
    machine.uart.send_fifo()
    assert bytes(machine.uart.sent) == text
    assert machine.output.waiting() == 0


def test_the_console_hears_of_room_only_if_it_asked(machine: Machine) -> None:
    machine.component.kernel.calls.clear()
    machine.output.feed(b"x")
    machine.console_signal()
    assert machine.component.kernel.take_signals() == []
    machine.output.feed(b"y")
    machine.output.set_field(8, 1)
    machine.console_signal()
    assert machine.component.kernel.take_signals() == [CONSOLE_SLOT]


def test_while_the_ring_is_full_bytes_wait_in_the_device(machine: Machine) -> None:
    machine.uart.wire.extend(b"k" * (RING_ROOM + 5))
    machine.interrupt()
    assert len(machine.uart.wire) == 5
    assert machine.uart.let_through & (RECEIVE | TIMEOUT) == 0
    assert machine.input.field(8) == 1
    assert len(machine.input.drain()) == RING_ROOM
    machine.console_signal()
    assert machine.input.drain() == b"kkkkk"
    assert machine.uart.let_through & RECEIVE


@pytest.mark.parametrize("index", [4080, 2**32 - 1])
def test_a_console_that_spoils_its_indexes_stops_its_own_bytes_only(machine: Machine, index: int) -> None:
    machine.output.set_field(0, index)
    machine.input.set_field(4, index)
    machine.uart.wire.extend(b"ab")
    machine.interrupt()
    assert bytes(machine.uart.fifo) == b""
    machine.input.set_field(4, 0)
    machine.interrupt()
    assert machine.input.drain() == b"ab"

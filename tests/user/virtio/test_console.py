"""The console device: output and input, the conversation about ports, the host's rings."""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from keelback.abi import syscalls
from tests.user.host import Words
from tests.user.virtio.machine import ALL_FEATURES, MULTIPORT, OUT_SLOT, Driver, DriverQueue, Machine, peek

READY, ADD, PORT_READY, CONSOLE_PORT, OPEN, NAME = 0, 1, 3, 4, 6, 7


class Ports:
    """The control queues, from the driver's side."""

    def __init__(self, machine: Machine, buffer_count: int = 8) -> None:
        self.driver = Driver(machine, 0)
        self.receive = DriverQueue(self.driver, 2)
        self.transmit = DriverQueue(self.driver, 3)
        self.buffers: dict[int, int] = {}
        self.give(buffer_count)

    def give(self, count: int, size: int = 64) -> None:
        """Offer buffers to hear into."""
        for _ in range(count):
            head, address = self.receive.give(size)
            self.buffers[head] = address
        self.receive.kick()

    def say(self, port: int, event: int, value: int) -> None:
        """Send one control message."""
        self.transmit.send(struct.pack("<IHH", port, event, value))

    def hear(self) -> list[tuple[int, int, int, bytes]]:
        """(port, event, value, name) of the messages received since the last time."""
        messages: list[tuple[int, int, int, bytes]] = []
        for head, count in self.receive.take():
            data = peek(self.buffers.pop(head), count)
            messages.append((*struct.unpack("<IHH", data[:8]), data[8:]))
        return messages


def test_ports_are_announced_named_and_opened() -> None:
    ports = Ports(Machine())
    ports.say(0, READY, 1)
    assert ports.hear() == [(0, ADD, 1, b""), (1, ADD, 1, b"")]
    ports.say(0, PORT_READY, 1)
    assert ports.hear() == [(0, CONSOLE_PORT, 1, b""), (0, OPEN, 1, b"")]
    ports.say(1, PORT_READY, 1)
    assert ports.hear() == [(1, NAME, 1, b"vault"), (1, OPEN, 1, b"")]


def test_what_is_unsaid_waits_for_buffers() -> None:
    ports = Ports(Machine(), buffer_count=1)
    ports.say(0, READY, 1)
    assert ports.hear() == [(0, ADD, 1, b"")]
    ports.give(1)
    assert ports.hear() == [(1, ADD, 1, b"")]
    ports.say(0, PORT_READY, 1)
    ports.say(1, PORT_READY, 1)
    ports.give(4)
    assert [message[:2] for message in ports.hear()] == [(0, CONSOLE_PORT), (0, OPEN), (1, NAME), (1, OPEN)]


def test_without_a_service_there_is_one_port() -> None:
    ports = Ports(Machine(parameters={"port_slot": 0}))
    ports.say(0, READY, 1)
    ports.say(1, PORT_READY, 1)
    assert ports.hear() == [(0, ADD, 1, b"")]


def test_messages_about_nothing_are_ignored() -> None:
    ports = Ports(Machine())
    for port, event, value in ((7, PORT_READY, 1), (0, 99, 1), (0, READY, 0), (1, PORT_READY, 0)):
        ports.say(port, event, value)
    ports.transmit.send(b"short")
    assert ports.hear() == []
    assert ports.driver.machine.ending == 0


def test_typed_bytes_reach_the_guest() -> None:
    machine = Machine()
    driver = Driver(machine, 0)
    queue = DriverQueue(driver, 0)
    _, first = queue.give(4)
    _, second = queue.give(16)
    queue.kick()
    machine.input.feed(b"hello world")
    machine.notify()
    assert queue.take() == [(0, 4), (1, 7)]
    assert (peek(first, 4), peek(second, 7)) == (b"hell", b"o world")
    assert machine.take_injected() == [48]
    assert machine.input.waiting() == 0


def test_typed_bytes_wait_for_buffers_and_the_console_is_told_of_the_room() -> None:
    machine = Machine()
    queue = DriverQueue(Driver(machine, 0), 0)
    machine.input.feed(bytes(range(200)) * 20)
    machine.input.set_field(8, 1)
    machine.notify()
    assert machine.input.waiting() == 4000
    machine.kernel.take_signals()
    _, address = queue.give(3000)
    queue.kick()
    assert peek(address, 3000) == (bytes(range(200)) * 20)[:3000]
    assert machine.input.waiting() == 1000
    assert machine.kernel.take_signals() == [OUT_SLOT]


def test_input_typed_before_the_driver_started_is_delivered() -> None:
    machine = Machine()
    machine.input.feed(b"early")
    driver = Driver(machine, 0, start=False)
    driver.negotiate()
    queue = DriverQueue(driver, 0)
    _, address = queue.give(16)
    driver.write(0x70, 15)
    assert peek(address, 5) == b"early"


class Reader:
    """A multiplexer that takes some bytes each time the monitor waits."""

    def __init__(self, machine: Machine, step: int = 10_000) -> None:
        self.machine = machine
        self.taken = b""
        self.wait_count = 0
        machine.kernel.handlers[syscalls.WAIT] = self.wait

    def wait(self, slot: int, words: Words) -> Words:
        """The monitor sleeps."""
        assert slot == 2
        assert self.machine.output.field(8) == 1, "it must have asked for a signal"
        self.wait_count += 1
        self.taken += self.machine.output.drain()
        self.machine.output.set_field(8, 0)
        return 0, 1


def test_a_flood_waits_for_room_and_loses_nothing() -> None:
    machine = Machine()
    reader = Reader(machine)
    queue = DriverQueue(Driver(machine, 0), 1)
    flood = bytes(index % 251 for index in range(50_000))
    queue.send(flood, pieces=3)
    assert reader.taken + machine.output.drain() == flood
    assert reader.wait_count == 50_000 // 4079
    assert queue.take() == [(0, 0)]


def test_input_that_came_while_waiting_is_not_forgotten() -> None:
    machine = Machine()
    reader = Reader(machine)
    driver = Driver(machine, 0)
    keyboard = DriverQueue(driver, 0)
    _, address = keyboard.give(16)
    keyboard.kick()
    machine.input.feed(b"^C")
    DriverQueue(driver, 1).send(bytes(5000))
    assert reader.wait_count == 1
    assert peek(address, 2) == b"^C"


def test_a_console_that_cannot_be_waited_for_is_given_up() -> None:
    machine = Machine()
    machine.kernel.handlers[syscalls.WAIT] = lambda slot, words: (8,)
    queue = DriverQueue(Driver(machine, 0), 1)
    queue.send(bytes(9000))
    assert queue.take() == [(0, 0)]


def test_a_guest_without_a_console_writes_into_nothing() -> None:
    machine = Machine(parameters={"console_out_address": 0, "console_in_address": 0})
    queue = DriverQueue(Driver(machine, 0), 1)
    queue.send(b"hello")
    machine.notify()
    assert queue.take() == [(0, 0)]


def test_without_multiport_the_console_works_alone() -> None:
    machine = Machine()
    driver = Driver(machine, 0, ALL_FEATURES & ~MULTIPORT)
    DriverQueue(driver, 1).send(b"plain")
    assert machine.output.drain() == b"plain"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.binary(min_size=1, max_size=900), st.integers(1, 8), st.booleans()), max_size=8))
def test_any_cutting_of_the_output_gives_the_same_bytes(parts: list[tuple[bytes, int, bool]]) -> None:
    machine = Machine()
    reader = Reader(machine)
    queue = DriverQueue(Driver(machine, 0), 1)
    for data, pieces, indirect in parts:
        queue.send(data, pieces, indirect)
        queue.take()
    assert reader.taken + machine.output.drain() == b"".join(data for data, _, _ in parts)

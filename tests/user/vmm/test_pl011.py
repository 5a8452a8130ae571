"""The UART: output, input from the ring, interrupts, identity, and who has the keyboard."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keelback.abi import syscalls
from tests.user.host import Words
from tests.user.virtio.machine import GICD, OUT_SLOT, Driver, DriverQueue, Machine, another_life, peek

UART = 0x0900_0000
DR, FR, CR, IMSC, RIS, MIS, ICR = 0x00, 0x18, 0x30, 0x38, 0x3C, 0x40, 0x44
RX, TX, RT = 1 << 4, 1 << 5, 1 << 6
INTERRUPT = 33


def test_identity_is_a_pl011s() -> None:
    machine = Machine()
    found = [machine.load(UART + offset) for offset in range(0xFE0, 0x1000, 4)]
    assert found == [0x11, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1]


def test_output_in_any_width() -> None:
    machine = Machine()
    assert machine.load(UART + FR) == 0x90
    for size, character in enumerate(b"abc"):
        machine.store(UART + DR, character, size)
    assert machine.output.drain() == b"abc"
    assert machine.kernel.take_signals().count(OUT_SLOT) == 3


def test_a_full_ring_stops_the_guest_until_there_is_room() -> None:
    machine = Machine()
    taken = b""

    def wait(slot: int, words: Words) -> Words:
        nonlocal taken
        taken += machine.output.drain()
        return 0, 1

    machine.kernel.handlers[syscalls.WAIT] = wait
    sent = bytes(index % 256 for index in range(5000))
    for value in sent:
        machine.store(UART + DR, value, 0)
    assert taken + machine.output.drain() == sent


def test_input() -> None:
    machine = Machine()
    machine.input.feed(b"ok")
    machine.input.set_field(8, 1)
    assert machine.load(UART + FR) == 0x80
    assert [machine.load(UART + DR, 1) for _ in range(3)] == [ord("o"), ord("k"), 0]
    assert machine.load(UART + FR) == 0x90
    assert OUT_SLOT in machine.kernel.take_signals(), "the console wanted to know of the room"


def test_input_interrupts() -> None:
    machine = Machine()
    machine.store(UART + IMSC, RX | RT)
    assert machine.take_injected() == []
    machine.input.feed(b"ab")
    machine.notify()
    assert machine.take_injected() == [INTERRUPT]
    assert machine.load(UART + MIS) == RX | RT
    machine.load(UART + DR)
    assert machine.take_injected() == [INTERRUPT], "there is more"
    machine.load(UART + DR)
    assert machine.take_injected() == []
    assert machine.load(UART + RIS) == 0


def test_output_interrupts() -> None:
    machine = Machine()
    machine.store(UART + IMSC, TX)
    assert machine.take_injected() == [], "nothing was sent yet"
    machine.store(UART + DR, 65)
    assert machine.take_injected() == [INTERRUPT]
    assert machine.load(UART + MIS) == TX
    machine.store(UART + ICR, TX)
    assert machine.load(UART + MIS) == 0
    assert machine.take_injected() == []


def test_unmasking_raises_what_is_there() -> None:
    machine = Machine()
    machine.input.feed(b"x")
    machine.notify()
    assert machine.take_injected() == []
    machine.store(UART + IMSC, RX)
    assert machine.take_injected() == [INTERRUPT]


def test_input_goes_to_the_virtio_console_once_the_guest_writes_to_it() -> None:
    machine = Machine()
    machine.store(UART + IMSC, RX)
    driver = Driver(machine, 0)
    keyboard, screen = DriverQueue(driver, 0), DriverQueue(driver, 1)
    _, address = keyboard.give(8)
    keyboard.kick()
    machine.input.feed(b"x")
    machine.notify()
    assert machine.take_injected() == [INTERRUPT], "a driver that is only loaded is no reason"
    assert machine.load(UART + DR) == ord("x")
    machine.input.feed(b"y")
    screen.send(b"prompt> ")
    assert peek(address, 1) == b"y"
    assert machine.load(UART + FR) == 0x90
    driver.write(0x70, 0)
    machine.take_injected()
    machine.input.feed(b"z")
    machine.notify()
    assert machine.take_injected() == [INTERRUPT]
    assert machine.load(UART + DR) == ord("z")


def test_a_uart_that_does_not_listen_leaves_the_input_to_the_virtio_console() -> None:
    machine = Machine()
    keyboard = DriverQueue(Driver(machine, 0), 0)
    keyboard.give(8)
    keyboard.kick()
    machine.input.feed(b"x")
    machine.notify()
    assert machine.take_injected() == [48]
    assert machine.load(UART + FR) == 0x90


def test_settings_are_remembered() -> None:
    machine = Machine()
    assert (machine.load(UART + CR), machine.load(UART + 0x34)) == (0x300, 0x12)
    for offset, value in ((0x24, 0x1234), (0x28, 0x2A), (0x2C, 0x70), (CR, 0x301), (0x34, 0x09)):
        machine.store(UART + offset, value, 1)
        assert machine.load(UART + offset, 1) == value


def send(machine: Machine, data: bytes) -> None:
    """As a driver that polls before each byte."""
    for value in data:
        machine.load(UART + FR)
        machine.store(UART + DR, value)


def close(machine: Machine) -> None:
    """What Linux ends each run of bytes with."""
    machine.store(UART + IMSC, 0)


def signals(machine: Machine) -> int:
    """How often the console was told since the last time."""
    return machine.kernel.take_signals().count(OUT_SLOT)


def test_a_driver_that_closes_its_runs_tells_the_console_once_for_each() -> None:
    machine = Machine()
    send(machine, b"abc")
    assert signals(machine) == 3
    close(machine)
    send(machine, b"one line\nprompt> ")
    assert signals(machine) == 1, "the line"
    assert machine.output.drain() == b"abcone line\n"
    close(machine)
    assert signals(machine) == 1
    assert machine.output.drain() == b"prompt> "


def test_a_driver_that_once_does_not_close_is_served_byte_by_byte_again() -> None:
    machine = Machine()
    send(machine, b"a")
    close(machine)
    send(machine, b"held")
    assert machine.output.drain() == b"a"
    machine.notify()
    assert machine.output.drain() == b"held"
    send(machine, b"now")
    assert machine.output.drain() == b"now"


@pytest.mark.parametrize("address", [UART + MIS, UART + DR, UART + FR])
def test_any_other_load_shows_what_is_held(address: int) -> None:
    machine = Machine()
    send(machine, b"a")
    close(machine)
    send(machine, b"b")
    machine.load(address)
    machine.load(address)
    assert machine.output.drain() == b"ab"


@pytest.mark.parametrize("address", [UART + ICR, GICD + 0x104, 0x0A00_0050])
def test_any_other_store_shows_what_is_held(address: int) -> None:
    machine = Machine()
    send(machine, b"a")
    close(machine)
    send(machine, b"b")
    machine.store(address, 1)
    assert machine.output.drain() == b"ab"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 0xFFF), st.integers(0, 3), st.integers(0, 2**64 - 1)), max_size=30),
    st.binary(max_size=20),
)
def test_no_access_traps_the_monitor(accesses: list[tuple[int, int, int]], typed: bytes) -> None:
    machine = another_life()
    machine.store(GICD, 2)
    machine.store(GICD + 0x104, 0xFFFF_FFFF)
    machine.input.feed(typed)
    for offset, size, value in accesses:
        machine.store(UART + offset, value, size)
        machine.load(UART + offset, size)
        machine.notify()
    assert machine.ending == 0

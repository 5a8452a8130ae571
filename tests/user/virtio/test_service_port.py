"""Frames from the guest to a native service and its answers back, however they are cut."""

from __future__ import annotations

import hashlib
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from keelback.abi import syscalls
from keelback.lang.memory import read_bytes
from tests.user.host import Words
from tests.user.virtio.machine import BUFFER_ADDRESS, BUFFER_BYTES, SERVICE_SLOT, Driver, DriverQueue, Machine, peek


class Service:
    """Answers a message with its SHA-256; refuses those that begin with a NUL."""

    def __init__(self, machine: Machine) -> None:
        self.seen: list[bytes] = []
        machine.kernel.handlers[syscalls.CALL] = self.answer

    def answer(self, slot: int, words: Words) -> Words:
        """One call."""
        assert (slot, words[0]) == (SERVICE_SLOT, 1)
        message = read_bytes(BUFFER_ADDRESS, words[1])
        self.seen.append(message)
        if message.startswith(b"\0"):
            return 0, 0, 0, 1
        return 0, 0, 0, 0, *struct.unpack("<4Q", hashlib.sha256(message).digest())


class Port:
    """The guest's side of the service's port."""

    def __init__(self, buffer_count: int = 8) -> None:
        self.machine = Machine()
        self.service = Service(self.machine)
        self.driver = Driver(self.machine, 0)
        self.receive = DriverQueue(self.driver, 4)
        self.transmit = DriverQueue(self.driver, 5)
        self.buffers: dict[int, int] = {}
        self.give(buffer_count)

    def give(self, count: int) -> None:
        """Offer buffers for answers."""
        for _ in range(count):
            head, address = self.receive.give(64)
            self.buffers[head] = address
        self.receive.kick()

    def answers(self) -> list[bytes]:
        """Answers since the last time, each buffer's bytes."""
        return [peek(self.buffers.pop(head), count) for head, count in self.receive.take()]


def frame(message: bytes) -> bytes:
    """A message as it travels."""
    return struct.pack("<I", len(message)) + message


def expected(message: bytes) -> bytes:
    """The answer to a message."""
    if len(message) > BUFFER_BYTES or message.startswith(b"\0"):
        return frame(b"")
    return frame(hashlib.sha256(message).digest())


def test_a_frame_is_answered() -> None:
    port = Port()
    port.transmit.send(frame(b"pay 10 to bob"))
    assert port.service.seen == [b"pay 10 to bob"]
    assert port.answers() == [expected(b"pay 10 to bob")]
    assert port.transmit.take() == [(0, 0)]
    assert port.machine.take_injected() != []


def test_a_refusal_is_the_length_zero() -> None:
    port = Port()
    port.transmit.send(frame(b"\0refuse me"))
    assert port.answers() == [b"\0\0\0\0"]


def test_a_frame_that_does_not_fit_is_refused_without_a_call_and_the_next_is_served() -> None:
    port = Port()
    port.transmit.send(frame(bytes([7]) * (BUFFER_BYTES + 1)) + frame(b"next"))
    assert port.answers() == [b"\0\0\0\0", expected(b"next")]
    assert port.service.seen == [b"next"]


def test_a_service_that_is_gone() -> None:
    port = Port()
    port.machine.kernel.handlers[syscalls.CALL] = lambda slot, words: (10,)
    port.transmit.send(frame(b"hello"))
    assert port.answers() == [b"\0\0\0\0"]


def test_frames_wait_until_the_guest_has_room_for_answers() -> None:
    port = Port(buffer_count=1)
    port.transmit.send(frame(b"one") + frame(b"two") + frame(b"three"))
    assert port.answers() == [expected(b"one")]
    assert port.transmit.take() == []
    port.give(2)
    assert port.answers() == [expected(b"two"), expected(b"three")]
    assert port.service.seen == [b"one", b"two", b"three"]
    assert port.transmit.take() == [(0, 0)]


def test_closing_the_port_forgets_half_a_frame() -> None:
    port = Port()
    control = DriverQueue(port.driver, 3)
    port.transmit.send(frame(b"never finished")[:9])
    control.send(struct.pack("<IHH", 1, 6, 0))
    port.transmit.send(frame(b"whole"))
    assert port.answers() == [expected(b"whole")]


def test_resetting_the_device_forgets_an_answer_not_delivered() -> None:
    port = Port(buffer_count=0)
    port.transmit.send(frame(b"lost"))
    port.driver.start()
    again = DriverQueue(port.driver, 4)
    _, address = again.give(64)
    again.kick()
    assert again.take() == []
    assert peek(address, 4) == bytes(4)


def test_an_open_buffer_of_a_queue_that_was_shrunk_to_nothing() -> None:
    port = Port(buffer_count=0)
    port.transmit.send(frame(b"one") + frame(b"two"))
    port.driver.write(0x30, 5)
    port.driver.write(0x44, 0)
    port.driver.write(0x38, 0)
    port.give(2)
    assert port.answers() == [expected(b"one")]
    assert port.machine.ending == 0


@settings(max_examples=40, deadline=None)
@given(
    messages=st.lists(st.one_of(st.binary(max_size=8), st.binary(min_size=60, max_size=70)), max_size=6),
    cuts=st.lists(st.integers(1, 30), min_size=1, max_size=5),
)
def test_frames_may_be_cut_anywhere(messages: list[bytes], cuts: list[int]) -> None:
    port = Port()
    stream = b"".join(frame(message) for message in messages)
    answers: list[bytes] = []
    turn = 0
    while stream:
        step = cuts[turn % len(cuts)]
        turn += 1
        port.transmit.send(stream[:step], pieces=turn % 3 + 1)
        stream = stream[step:]
        port.transmit.take()
        found = port.answers()
        answers += found
        port.give(len(found))
    assert answers == [expected(message) for message in messages]

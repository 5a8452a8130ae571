"""The entropy device, and the generator: SHA-256 with a key that is replaced."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

from keelback.lang import u64
from tests.user.virtio.machine import Driver, DriverQueue, Machine, peek

SEED = (0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210, 0x1111_2222_3333_4444, 0x5555_6666_7777_8888)


def digest(key: bytes, count: int, purpose: int) -> bytes:
    """The generator's one-way step, with hashlib."""
    return hashlib.sha256(key + struct.pack("<QB", count, purpose)).digest()


def seeded() -> Machine:
    """A machine with the seed above."""
    return Machine(parameters={f"rng_seed_{index}": word for index, word in enumerate(SEED)})


def test_blocks_are_what_hashlib_says() -> None:
    machine = seeded()
    entropy: Any = machine.module("virtio.entropy")
    entropy.counter = lambda: u64(777)
    entropy.start_entropy()
    key = digest(struct.pack("<4Q", *SEED), 777, 1)
    for count in range(3):
        entropy.make_block()
        made = bytes(int(entropy.block[index]) for index in range(32))
        assert made == digest(key, count, 0)
        key = digest(key, count, 1)


def test_a_buffer_is_filled_with_at_most_64_bytes() -> None:
    machine = seeded()
    machine.module("virtio.entropy").start_entropy()
    queue = DriverQueue(Driver(machine, 1), 0)
    _, long = queue.give(200)
    _, short = queue.give(10)
    queue.kick()
    assert queue.take() == [(0, 64), (1, 10)]
    assert peek(long + 64, 136) == bytes(136)
    assert peek(long, 32) != peek(long + 32, 32)
    assert peek(long, 10) != peek(short, 10)
    assert machine.take_injected() == [49]


def test_other_queues_are_ignored() -> None:
    machine = seeded()
    driver = Driver(machine, 1)
    driver.write(0x50, 1)
    assert machine.ending == 0

"""Split virtqueues against a driver of its own: chains, indirect tables, event index, and every kind of nonsense."""

from __future__ import annotations

import struct
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.user.virtio.machine import (
    ALL_FEATURES,
    EVENT_INDEX,
    INDIRECT_FLAG,
    NEXT,
    RAM_BASE,
    RAM_BYTES,
    VERSION_1,
    WRITABLE,
    Driver,
    DriverQueue,
    Machine,
    another_life,
    peek,
    poke,
)

NEEDS_RESET = 64


def console_output(machine: Machine, features: int = ALL_FEATURES, size: int = 8) -> DriverQueue:
    """The console's output queue."""
    return DriverQueue(Driver(machine, 0, features), 1, size)


@pytest.mark.parametrize("indirect", [False, True])
@pytest.mark.parametrize("features", [ALL_FEATURES, ALL_FEATURES & ~EVENT_INDEX])
@pytest.mark.parametrize("pieces", [1, 3, 8])
def test_bytes_of_a_chain_arrive_in_order(indirect: bool, features: int, pieces: int) -> None:
    machine = Machine()
    queue = console_output(machine, features)
    data = bytes(range(1, 201))
    queue.send(data, pieces, indirect)
    assert machine.output.drain() == data
    assert queue.take() == [(0, 0)]
    assert machine.take_injected() == [48]
    assert queue.driver.acknowledge() == 1


def test_rings_go_round_many_times() -> None:
    machine = Machine()
    queue = console_output(machine, size=4)
    for number in range(300):
        text = f"line {number}\n".encode()
        queue.send(text, pieces=2)
        assert machine.output.drain() == text
        assert len(queue.take()) == 1
        queue.driver.next_free = RAM_BASE + 0x10_0000
    assert machine.ending == 0


def test_interrupts_wait_for_the_used_event() -> None:
    machine = Machine()
    queue = console_output(machine)
    queue.want_interrupt_after(2)
    for _ in range(2):
        queue.send(b"x")
        assert machine.take_injected() == []
    queue.send(b"x")
    assert machine.take_injected() == [48]


def test_no_interrupt_flag_without_event_index() -> None:
    machine = Machine()
    queue = console_output(machine, ALL_FEATURES & ~EVENT_INDEX)
    poke(queue.available, struct.pack("<H", 1))
    queue.send(b"x")
    assert machine.take_injected() == []
    poke(queue.available, struct.pack("<H", 0))
    queue.send(b"x")
    assert machine.take_injected() == [48]


def test_input_buffers_are_kicked_only_when_the_device_starved() -> None:
    machine = Machine()
    queue = DriverQueue(Driver(machine, 0), 0)
    queue.give(16)
    assert queue.kick()
    queue.give(16)
    assert not queue.kick(), "the device has buffers enough"
    for _ in range(2):
        machine.input.feed(b"a")
        machine.notify()
    machine.input.feed(b"b")
    machine.notify()
    queue.give(16)
    assert queue.kick(), "the device waits for a buffer"
    assert [count for _, count in queue.take()] == [1, 1, 1]


def test_a_broken_device_is_marked_and_ends_the_guest() -> None:
    machine = Machine()
    queue = console_output(machine)
    queue.add((RAM_BASE - 1, 4, False))
    queue.kick()
    assert queue.driver.read(0x70) & NEEDS_RESET
    assert queue.driver.read(0x60) == 2, "a configuration change tells the driver"
    assert machine.ending == 3


def spoil(queue: DriverQueue, address: int, length: int, flags: int, following: int) -> str:
    """Offer one descriptor; the failure it makes."""
    queue.describe(queue.descriptors, address, length, flags, following)
    queue.offer(0)
    queue.kick(force=True)
    queue.driver.machine.module("vmm.policy").settle_ending()
    (line,) = queue.driver.machine.lines()
    return line.removeprefix("guest broke a virtqueue: ").removesuffix("; stopped")


NONSENSE = [
    (0, 4, 0, 0, "a buffer outside RAM"),
    (RAM_BASE, RAM_BYTES + 1, 0, 0, "a buffer outside RAM"),
    (RAM_BASE + RAM_BYTES - 1, 2, 0, 0, "a buffer outside RAM"),
    (2**64 - 1, 2, 0, 0, "a buffer outside RAM"),
    (RAM_BASE, 2**32 - 1, 0, 0, "a buffer outside RAM"),
    (RAM_BASE, 0, NEXT, 0, "a descriptor chain without end"),
    (RAM_BASE, 0, NEXT, 8, "an index outside the descriptor table"),
    (RAM_BASE, 0, NEXT, 65535, "an index outside the descriptor table"),
    (RAM_BASE, 0, INDIRECT_FLAG, 0, "an indirect table that is not allowed"),
    (RAM_BASE, 24, INDIRECT_FLAG, 0, "an indirect table that is not allowed"),
    (RAM_BASE, 16, INDIRECT_FLAG | NEXT, 0, "an indirect table that is not allowed"),
    (RAM_BASE + RAM_BYTES - 8, 16, INDIRECT_FLAG, 0, "an indirect table that is not allowed"),
]


@pytest.mark.parametrize(("address", "length", "flags", "following", "message"), NONSENSE)
def test_nonsense_is_named(address: int, length: int, flags: int, following: int, message: str) -> None:
    assert spoil(console_output(Machine()), address, length, flags, following) == message


def test_an_indirect_table_in_an_indirect_table() -> None:
    queue = console_output(Machine())
    table = queue.driver.allocate(16)
    queue.describe(table, table, 16, INDIRECT_FLAG, 0)
    assert spoil(queue, table, 16, INDIRECT_FLAG, 0) == "an indirect table that is not allowed"


def test_readable_behind_writable() -> None:
    machine = Machine()
    queue = DriverQueue(Driver(machine, 1), 0)
    queue.add((RAM_BASE, 4, True), (RAM_BASE, 4, False), (RAM_BASE, 100, True))
    queue.kick()
    machine.module("vmm.policy").settle_ending()
    assert machine.lines() == ["guest broke a virtqueue: a readable buffer behind a writable one; stopped"]


def test_a_head_outside_the_table() -> None:
    machine = Machine()
    queue = console_output(machine)
    queue.offer(8)
    queue.kick()
    assert machine.ending == 3


def test_an_available_index_that_ran_away() -> None:
    machine = Machine()
    queue = console_output(machine)
    poke(queue.available + 2, struct.pack("<H", 9))
    queue.kick(force=True)
    machine.module("vmm.policy").settle_ending()
    assert machine.lines() == ["guest broke a virtqueue: more buffers available than the queue holds; stopped"]


@pytest.mark.parametrize("size", [0, 3, 256, 65535, 2**32 - 1])
def test_queue_sizes_that_are_not_allowed(size: int) -> None:
    machine = Machine()
    queue = DriverQueue(Driver(machine, 0), 1, ready=False)
    queue.size = size
    queue.program()
    assert machine.ending == 3


@pytest.mark.parametrize("part", ["descriptors", "available", "used"])
@pytest.mark.parametrize("address", [0, RAM_BASE + 1, RAM_BASE + RAM_BYTES - 16, 2**64 - 16])
def test_queue_parts_outside_ram_or_not_aligned(part: str, address: int) -> None:
    machine = Machine()
    queue = DriverQueue(Driver(machine, 0), 1, size=128, ready=False)
    setattr(queue, part, address)
    queue.program()
    assert machine.ending == 3


def test_a_queue_in_use_cannot_be_resized() -> None:
    machine = Machine()
    queue = console_output(machine)
    queue.driver.write(0x38, 2**31)
    queue.send(b"still here")
    assert machine.output.drain() == b"still here"


def test_a_queue_taken_out_of_use_is_not_served() -> None:
    machine = Machine()
    queue = console_output(machine)
    queue.driver.write(0x44, 0)
    queue.driver.write(0x38, 0)
    queue.send(b"nobody listens")
    assert machine.output.drain() == b""
    assert machine.ending == 0


@contextmanager
def output_ignored(machine: Machine) -> Generator[None]:
    """Console output goes nowhere: a chain of wild lengths can ask for gigabytes of it."""
    console = machine.module("virtio.console")
    send_bytes = console.send_bytes
    console.send_bytes = ignore_bytes
    try:
        yield
    finally:
        console.send_bytes = send_bytes


def ignore_bytes(source: object, count: object) -> None:
    """In place of the console's ring."""


descriptors = st.tuples(
    st.one_of(
        st.integers(RAM_BASE, RAM_BASE + 0x4_0000),
        st.sampled_from([0, RAM_BASE - 1, RAM_BASE + RAM_BYTES - 4, RAM_BASE + RAM_BYTES, 2**64 - 1]),
    ),
    st.one_of(st.integers(0, 300), st.sampled_from([RAM_BYTES, 2**31, 2**32 - 1]), st.just(16), st.just(64)),
    st.integers(0, 7),
    st.integers(0, 9),
)


@settings(max_examples=400, deadline=None)
@given(
    table=st.lists(descriptors, min_size=8, max_size=8),
    heads=st.lists(st.integers(0, 9), max_size=9),
    ahead=st.integers(0, 10),
    number=st.integers(0, 5),
    features=st.sampled_from([ALL_FEATURES, VERSION_1]),
)
def test_a_hostile_driver_never_traps_its_monitor(
    table: list[tuple[int, int, int, int]], heads: list[int], ahead: int, number: int, features: int
) -> None:
    """Whatever lies in the rings, the monitor goes on; and it writes no guest memory that no descriptor offers."""
    machine = another_life()
    queue = DriverQueue(Driver(machine, 0, features), number)
    machine.input.feed(b"typed")
    for index, entry in enumerate(table):
        queue.describe(queue.descriptors + 16 * index, *entry)
    for index, head in enumerate(heads):
        poke(queue.available + 4 + 2 * (index % 8), struct.pack("<H", head))
    poke(queue.available + 2, struct.pack("<H", ahead))
    untouched = RAM_BASE + 0x20_0000
    poke(untouched, b"guest")
    with output_ignored(machine):
        for kicked in {number, 0, 2, 4, 5}:
            machine.store(queue.driver.base + 0x50, kicked)
        machine.notify()
    assert peek(untouched, 5) == b"guest"
    assert machine.ending in (0, 3)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 0x1FF), st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 16))),
        max_size=40,
    )
)
def test_any_register_writes_leave_the_monitor_running(writes: list[tuple[int, int, int]]) -> None:
    machine = another_life()
    Driver(machine, 0)
    for device, offset, value in writes:
        machine.store(0x0A00_0000 + device * 0x200 + offset, value)
        machine.load(0x0A00_0000 + device * 0x200 + offset, value % 4)
    assert machine.ending in (0, 3)


def test_writable_descriptors_of_an_output_chain_are_left_alone() -> None:
    machine = Machine()
    queue = console_output(machine)
    address = queue.driver.allocate(8)
    poke(address, b"readonly")
    queue.add((address, 4, False), (address + 4, 4, True))
    queue.kick()
    assert machine.output.drain() == b"read"
    assert peek(address, 8) == b"readonly"
    assert queue.take() == [(0, 0)]
    assert WRITABLE == 2

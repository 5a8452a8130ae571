"""A guest for the monitor's tests: loads and stores that trap, and a virtio driver written after the specification.

The monitor runs in CPython on a kernel that records (tests.user.host); the driver here shares no code with it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import cache
from typing import Any

from keelback.abi import syscalls, vcpu
from keelback.lang import u64
from keelback.lang.memory import forget_memory, read_bytes, write_bytes
from tests.user.host import Component, Ring, Words, load

RAM_ADDRESS = 0x10_0000_0000
RAM_BASE = 0x4000_0000
RAM_BYTES = 0x40_0000
OUT_ADDRESS, IN_ADDRESS, LOG_ADDRESS, BUFFER_ADDRESS = 0x5000_0000, 0x5000_1000, 0x5000_2000, 0x5000_3000
BUFFER_BYTES = 64
VCPU_SLOT, OUT_SLOT, LOG_SLOT, SERVICE_SLOT = 3, 4, 5, 6
VIRTIO_BASE = 0x0A00_0000
GICD = 0x0800_0000

PARAMETERS: Mapping[str, int | str] = {
    "vcpu_slot": VCPU_SLOT,
    "guest_ram_address": RAM_ADDRESS,
    "guest_ram_base": RAM_BASE,
    "guest_ram_size": RAM_BYTES,
    "console_out_address": OUT_ADDRESS,
    "console_out_slot": OUT_SLOT,
    "console_in_address": IN_ADDRESS,
    "log_address": LOG_ADDRESS,
    "log_slot": LOG_SLOT,
    "port_slot": SERVICE_SLOT,
    "port_buffer_address": BUFFER_ADDRESS,
    "port_buffer_size": BUFFER_BYTES,
    "port_name": "vault",
}

EVENT_INDEX, INDIRECT, VERSION_1, MULTIPORT = 1 << 29, 1 << 28, 1 << 32, 1 << 1
ALL_FEATURES = EVENT_INDEX | INDIRECT | VERSION_1 | MULTIPORT
NEXT, WRITABLE, INDIRECT_FLAG = 1, 2, 4


class Machine:
    """One virtual machine: the monitor's modules, the rings around it, the guest's RAM."""

    def __init__(self, enable_interrupts: bool = True, parameters: Mapping[str, int | str] | None = None) -> None:
        forget_memory()
        self.monitor: Component = load("keelback.user.vmm.main", {**PARAMETERS, **(parameters or {})})
        self.kernel = self.monitor.kernel
        self.output = Ring(OUT_ADDRESS)
        self.input = Ring(IN_ADDRESS)
        self.log = Ring(LOG_ADDRESS)
        self.injected: list[int] = []
        self.kernel.handlers[syscalls.VCPU_INJECT] = self._inject
        self.module("runtime.log").attach_log()
        self.module("virtio.host_console").attach_console()
        self.module("virtio.devices").describe_devices()
        if enable_interrupts:
            self.store(GICD + 0x0, 0x12)
            self.store(GICD + 0x104, 0xFFFF_FFFF)

    def start_over(self) -> None:
        """A guest's next life, with empty rings: cheaper than another machine where a test needs hundreds."""
        for name, reset in (
            ("virtio.devices", "reset_devices"),
            ("vmm.pl011", "reset_pl011"),
            ("vmm.gic", "reset_gic"),
            ("vmm.interrupts", "reset_interrupts"),
        ):
            getattr(self.module(name), reset)()
        self.module("vmm.guest").guest.ending = u64(0)
        self.kernel.handlers = {syscalls.VCPU_INJECT: self._inject}
        for ring in (self.output, self.input, self.log):
            ring.drain()
        self.take_injected()
        self.kernel.calls.clear()

    def _inject(self, slot: int, words: Words) -> Words:
        assert slot == VCPU_SLOT
        self.injected.append(words[0])
        return ()

    def module(self, name: str) -> Any:
        """The monitor's own instance of keelback.user.`name`."""
        return self.monitor.module(f"keelback.user.{name}")

    def take_injected(self) -> list[int]:
        """Interrupts injected since the last time."""
        taken, self.injected = self.injected, []
        return taken

    def lines(self) -> list[str]:
        """What the monitor said since the last time."""
        return self.log.drain().decode().splitlines()

    @property
    def ending(self) -> int:
        """How the guest ended; 0 while it runs."""
        return int(self.module("vmm.guest").guest.ending)

    def load(self, address: int, size: int = 2) -> int:
        """A trapped load of 2**size bytes."""
        flags = vcpu.MEMORY_SYNDROME | size << vcpu.MEMORY_SIZE_LOW
        actions, value = self.access(address, flags, 0)
        assert actions == vcpu.SKIP | vcpu.WRITE_RESULT
        return int(value) & ((1 << (8 << size)) - 1)

    def store(self, address: int, value: int, size: int = 2) -> None:
        """A trapped store of 2**size bytes."""
        flags = vcpu.MEMORY_SYNDROME | vcpu.MEMORY_WRITE | size << vcpu.MEMORY_SIZE_LOW
        actions, _ = self.access(address, flags, value & ((1 << (8 << size)) - 1))
        assert actions == vcpu.SKIP

    def access(self, address: int, flags: int, value: int) -> tuple[int, int]:
        """Any trapped access; (action flags, value)."""
        handler = self.module("vmm.device_access").handle_memory
        actions, result = handler(u64(address), u64(flags), u64(value), u64(0xFFFF_8000))
        return int(actions), int(result)

    def notify(self) -> None:
        """The kernel's exit NOTIFIED."""
        self.module("vmm.run").handle_exit(u64(vcpu.NOTIFIED), u64(1), u64(0), u64(0), u64(0))


@cache
def shared_machine() -> Machine:
    """One machine for all examples of a property."""
    return Machine(enable_interrupts=False)


def another_life() -> Machine:
    """The shared machine, started over."""
    machine = shared_machine()
    machine.start_over()
    return machine


def poke(address: int, data: bytes) -> None:
    """Write guest RAM at a guest physical address."""
    assert RAM_BASE <= address <= RAM_BASE + RAM_BYTES - len(data)
    write_bytes(address - RAM_BASE + RAM_ADDRESS, data)


def peek(address: int, count: int) -> bytes:
    """Read guest RAM at a guest physical address."""
    return read_bytes(address - RAM_BASE + RAM_ADDRESS, count)


class Driver:
    """A virtio driver for one device."""

    def __init__(self, machine: Machine, number: int, features: int = ALL_FEATURES, start: bool = True) -> None:
        self.machine = machine
        self.base = VIRTIO_BASE + number * 0x200
        self.interrupt = 48 + number
        self.next_free = RAM_BASE + 0x1_0000 * (number + 1)
        self.features = features & self.offered()
        if start:
            self.start()

    def read(self, offset: int, size: int = 2) -> int:
        """A register."""
        return self.machine.load(self.base + offset, size)

    def write(self, offset: int, value: int) -> None:
        """A register."""
        self.machine.store(self.base + offset, value)

    def offered(self) -> int:
        """All features the device offers."""
        self.write(0x14, 0)
        low = self.read(0x10)
        self.write(0x14, 1)
        return low | self.read(0x10) << 32

    def negotiate(self) -> None:
        """Steps 1 to 6 of virtio 1.2, 3.1.1."""
        self.write(0x70, 0)
        self.write(0x70, 1)
        self.write(0x70, 3)
        self.write(0x24, 0)
        self.write(0x20, self.features & 0xFFFF_FFFF)
        self.write(0x24, 1)
        self.write(0x20, self.features >> 32)
        self.write(0x70, 11)

    def start(self) -> None:
        """Negotiate and go; the caller sets up queues later, which devices must bear."""
        self.negotiate()
        assert self.read(0x70) == 11
        self.write(0x70, 15)

    def allocate(self, count: int) -> int:
        """Guest memory, zeroed, 4 KiB aligned."""
        address = self.next_free
        self.next_free += (count + 4095) & ~4095
        poke(address, bytes(count))
        return address

    def acknowledge(self) -> int:
        """Read the interrupt status and clear it."""
        status = self.read(0x60)
        self.write(0x64, status)
        return status


class DriverQueue:
    """The driver's side of one split virtqueue."""

    def __init__(self, driver: Driver, number: int, size: int = 8, ready: bool = True) -> None:
        self.driver = driver
        self.number = number
        self.size = size
        self.descriptors = driver.allocate(16 * size)
        self.available = driver.allocate(6 + 2 * size)
        self.used = driver.allocate(6 + 8 * size)
        self.free = list(range(size))
        self.chains: dict[int, list[int]] = {}  # head -> its descriptors
        self.added = 0
        self.seen = 0
        self.kicked = 0
        if ready:
            self.program()

    def program(self) -> None:
        """Tell the device where the queue is."""
        write = self.driver.write
        write(0x30, self.number)
        write(0x38, self.size)
        for offset, address in ((0x80, self.descriptors), (0x90, self.available), (0xA0, self.used)):
            write(offset, address & 0xFFFF_FFFF)
            write(offset + 4, address >> 32)
        write(0x44, 1)

    def describe(self, place: int, address: int, length: int, flags: int, following: int) -> None:
        """Write one descriptor."""
        poke(place, struct.pack("<QIHH", address, length, flags, following))

    def add(self, *buffers: tuple[int, int, bool], indirect: bool = False) -> int:
        """Make a chain of (address, length, writable) available; its head."""
        if indirect:
            return self._add_indirect(buffers)
        heads = [self.free.pop(0) for _ in buffers]
        for index, (address, length, writable) in enumerate(buffers):
            last = index == len(buffers) - 1
            flags = (WRITABLE if writable else 0) | (0 if last else NEXT)
            following = 0 if last else heads[index + 1]
            self.describe(self.descriptors + 16 * heads[index], address, length, flags, following)
        self.chains[heads[0]] = heads
        self.offer(heads[0])
        return heads[0]

    def _add_indirect(self, buffers: tuple[tuple[int, int, bool], ...]) -> int:
        table = self.driver.allocate(16 * len(buffers))
        for index, (address, length, writable) in enumerate(buffers):
            flags = (WRITABLE if writable else 0) | (0 if index == len(buffers) - 1 else NEXT)
            self.describe(table + 16 * index, address, length, flags, index + 1)
        head = self.free.pop(0)
        self.describe(self.descriptors + 16 * head, table, 16 * len(buffers), INDIRECT_FLAG, 0)
        self.chains[head] = [head]
        self.offer(head)
        return head

    def offer(self, head: int) -> None:
        """Put a head into the available ring."""
        poke(self.available + 4 + 2 * (self.added % self.size), struct.pack("<H", head))
        self.added = (self.added + 1) & 0xFFFF
        poke(self.available + 2, struct.pack("<H", self.added))

    def wants_kick(self) -> bool:
        """Whether the device asked to be notified about what was added since the last kick (virtio 1.2, 2.7.10)."""
        if not self.driver.features & EVENT_INDEX:
            return int.from_bytes(peek(self.used, 2), "little") & 1 == 0
        event = int.from_bytes(peek(self.used + 4 + 8 * self.size, 2), "little")
        return ((self.added - event - 1) & 0xFFFF) < ((self.added - self.kicked) & 0xFFFF)

    def kick(self, force: bool = False) -> bool:
        """Notify the device if it wants that; whether it did."""
        wanted = force or self.wants_kick()
        self.kicked = self.added
        if wanted:
            self.driver.write(0x50, self.number)
        return wanted

    def want_interrupt_after(self, index: int) -> None:
        """Set the used event: interrupt once this used index is passed."""
        poke(self.available + 4 + 2 * self.size, struct.pack("<H", index & 0xFFFF))

    def take(self) -> list[tuple[int, int]]:
        """(head, bytes written) of the chains given back since the last time."""
        (index,) = struct.unpack("<H", peek(self.used + 2, 2))
        found: list[tuple[int, int]] = []
        while self.seen != index:
            found.append(struct.unpack("<II", peek(self.used + 4 + 8 * (self.seen % self.size), 8)))
            self.seen = (self.seen + 1) & 0xFFFF
        self.want_interrupt_after(self.seen)
        for head, _ in found:
            self.free += self.chains.pop(head)
        return found

    def send(self, data: bytes, pieces: int = 1, indirect: bool = False) -> None:
        """Send bytes in a chain of so many buffers, and reap it."""
        step = max(1, -(-len(data) // pieces))
        buffers: list[tuple[int, int, bool]] = []
        for start in range(0, max(len(data), 1), step):
            part = data[start : start + step]
            address = self.driver.allocate(max(len(part), 1))
            poke(address, part)
            buffers.append((address, len(part), False))
        self.add(*buffers, indirect=indirect)
        self.kick()

    def give(self, count: int) -> tuple[int, int]:
        """Offer one buffer to write into; (head, address)."""
        address = self.driver.allocate(count)
        return self.add((address, count, True)), address

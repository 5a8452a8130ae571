"""Whole lives of a guest: loading, running, dying, starting again, driven through VCPU_RUN by a scripted guest."""

from __future__ import annotations

import struct
from collections.abc import Generator

import pytest

from keelback.abi import syscalls, vcpu
from keelback.lang.memory import write_bytes
from tests.user.host import Words
from tests.user.virtio.machine import RAM_BASE, RAM_BYTES, VCPU_SLOT, Machine, peek

KERNEL_ADDRESS, INITRD_ADDRESS, TREE_ADDRESS = 0x6000_0000, 0x6100_0000, 0x6200_0000
KERNEL_PLACE, INITRD_PLACE, TREE_PLACE = RAM_BASE + 0x20_0000, RAM_BASE + 0x30_0000, RAM_BASE
SEED_OFFSET = 64

Exit = tuple[int, ...]
Script = Generator[Exit, tuple[int, int], None]


def image(
    size: int = 8192,
    *,
    magic: bytes = b"ARM\x64",
    text_offset: int = 0,
    image_size: int = 0x4000,
    flags: int = 0xA,
) -> bytes:
    """A kernel Image with a header as given and recognisable contents."""
    header = struct.pack("<IIQQQQQQ4sI", 0x14000010, 0, text_offset, image_size, flags, 0, 0, 0, magic, 0)
    return (header + bytes(index * 7 % 256 for index in range(size)))[:size]


class Life:
    """A machine with files, and a guest that plays one script for each of its lives."""

    def __init__(
        self, *scripts: Script, kernel: bytes | None = None, parameters: dict[str, int | str] | None = None
    ) -> None:
        self.kernel_file = image() if kernel is None else kernel
        self.initrd = bytes(range(256)) * 5
        self.tree = bytes([0xD0, 0x0D]) * 100
        given: dict[str, int | str] = {
            "kernel_address": KERNEL_ADDRESS,
            "kernel_size": len(self.kernel_file),
            "kernel_load_address": KERNEL_PLACE,
            "initrd_address": INITRD_ADDRESS,
            "initrd_size": len(self.initrd),
            "initrd_load_address": INITRD_PLACE,
            "dtb_address": TREE_ADDRESS,
            "dtb_size": len(self.tree),
            "dtb_load_address": TREE_PLACE,
            "rng_seed_offset": SEED_OFFSET,
        }
        self.machine = Machine(enable_interrupts=False, parameters=given | (parameters or {}))
        write_bytes(KERNEL_ADDRESS, self.kernel_file)
        write_bytes(INITRD_ADDRESS, self.initrd)
        write_bytes(TREE_ADDRESS, self.tree)
        self.scripts = list(scripts)
        self.script: Script | None = None
        self.seeds: list[bytes] = []
        self.registers: dict[int, int] = {}
        handlers = self.machine.kernel.handlers
        handlers[syscalls.VCPU_RESET] = self.reset
        handlers[syscalls.VCPU_WRITE] = self.write
        handlers[syscalls.VCPU_READ] = lambda slot, words: (0, 0, 0, self.registers.get(words[0], 0))
        handlers[syscalls.VCPU_RUN] = self.run

    def reset(self, slot: int, words: Words) -> Words:
        """VCPU_RESET: the next life."""
        assert slot == VCPU_SLOT
        self.registers = {}
        self.script = None
        return ()

    def write(self, slot: int, words: Words) -> Words:
        """VCPU_WRITE."""
        self.registers[words[0]] = words[1]
        return ()

    def run(self, slot: int, words: Words) -> Words:
        """VCPU_RUN: the script's next exit."""
        if self.script is None:
            self.script = self.scripts.pop(0)
            self.seeds.append(peek(TREE_PLACE + SEED_OFFSET, 32))
            exit = next(self.script)
        else:
            exit = self.script.send((words[0], words[1]))
        return 0, 0, 0, *exit

    def play(self) -> list[str]:
        """The component's `init`; what it said."""
        self.machine.monitor.root.init()
        assert not self.scripts, "a life was not played"
        return self.machine.lines()


def hypercall(function: int) -> Exit:
    """`hvc #0` with a function number."""
    return vcpu.HYPERCALL, function


def power_off() -> Script:
    """A guest that only turns itself off."""
    yield hypercall(0x84000008)


def reboot() -> Script:
    """A guest that only resets itself."""
    yield hypercall(0x84000009)


def load(address: int) -> Exit:
    """A 32-bit load that traps."""
    return vcpu.MEMORY, address, vcpu.MEMORY_SYNDROME | 2 << vcpu.MEMORY_SIZE_LOW, 0, 0xFFFF_8000


def crash() -> Script:
    """A guest that loads from nowhere."""
    yield load(0xDEAD_0000)


CRASH_LINE = "guest read from unmapped address 0x00000000dead0000, pc 0x00000000ffff8000"


def test_a_guest_is_loaded_by_the_boot_protocol() -> None:
    life = Life(power_off())
    assert life.play() == ["guest powered off"]
    assert peek(KERNEL_PLACE, len(life.kernel_file)) == life.kernel_file
    assert peek(INITRD_PLACE, len(life.initrd)) == life.initrd
    tree = peek(TREE_PLACE, len(life.tree))
    assert (tree[:64], tree[96:]) == (life.tree[:64], life.tree[96:])
    assert life.registers == {0: TREE_PLACE, vcpu.PC: KERNEL_PLACE, vcpu.PSTATE: 0x3C5}


def test_each_life_has_its_own_seed() -> None:
    life = Life(reboot(), reboot(), power_off())
    life.play()
    assert len(set(life.seeds)) == 3
    assert bytes(32) not in life.seeds


def test_a_trapped_load_gets_its_value() -> None:
    answers: list[tuple[int, int]] = []

    def guest() -> Script:
        answers.append((yield load(0x0A00_0000)))
        answers.append((yield hypercall(0x84000000)))
        yield hypercall(0x84000008)

    Life(guest()).play()
    assert answers == [(vcpu.SKIP | vcpu.WRITE_RESULT, 0x74726976), (vcpu.WRITE_RESULT, 0x10001)]


def test_a_crash_stops_the_guest() -> None:
    assert Life(crash()).play() == [CRASH_LINE + "; stopped"]


def test_a_crash_restarts_the_guest_if_the_description_says_so() -> None:
    life = Life(crash(), crash(), power_off(), parameters={"on_crash": 1, "max_restarts": 2})
    assert life.play() == [
        CRASH_LINE + "; restarting it (1 of 2)",
        CRASH_LINE + "; restarting it (2 of 2)",
        "guest powered off",
    ]


def test_restarts_are_counted() -> None:
    life = Life(crash(), reboot(), crash(), parameters={"on_crash": 1, "max_restarts": 2})
    assert life.play()[-2:] == [
        "guest asked for a reset; restarting it (2 of 2)",
        CRASH_LINE + "; stopped: it was restarted 2 times",
    ]


def test_a_reset_restarts_whatever_the_policy_for_crashes() -> None:
    assert Life(reboot(), power_off()).play() == [
        "guest asked for a reset; restarting it (1 of 3)",
        "guest powered off",
    ]


def test_a_new_life_starts_with_new_devices() -> None:
    status: list[int] = []

    def first() -> Script:
        flags = vcpu.MEMORY_SYNDROME | vcpu.MEMORY_WRITE | 2 << vcpu.MEMORY_SIZE_LOW
        for address, value in ((0x0A00_0070, 1), (0x0800_0000, 2), (0x0800_0104, 7), (0x0900_0038, 16)):
            yield vcpu.MEMORY, address, flags, value, 0
        yield hypercall(0x84000009)

    def second() -> Script:
        for address in (0x0A00_0070, 0x0800_0000, 0x0800_0104, 0x0900_0038):
            _, value = yield load(address)
            status.append(value)
        yield hypercall(0x84000008)

    Life(first(), second()).play()
    assert status == [0, 0x50, 0, 0]


def fetch(address: int) -> Exit:
    """A jump into the void."""
    return vcpu.MEMORY, address, vcpu.MEMORY_FETCH, 0, address


def pair(address: int) -> Exit:
    """`ldp`: no syndrome."""
    return vcpu.MEMORY, address, 0, 0, 0x4020_0000


def write(address: int) -> Exit:
    """A store that traps."""
    return vcpu.MEMORY, address, vcpu.MEMORY_SYNDROME | vcpu.MEMORY_WRITE | 3 << 2, 1, 0x4020_0000


DEATHS = [
    (fetch(0x1000), "guest jumped to unmapped address 0x0000000000001000, pc 0x0000000000001000"),
    (
        pair(0x0A00_0000),
        "guest used an instruction that cannot be emulated on address 0x000000000a000000, pc 0x0000000040200000",
    ),
    (write(2**64 - 1), "guest wrote to unmapped address 0xffffffffffffffff, pc 0x0000000040200000"),
    (write(0x0A00_0800), "guest wrote to unmapped address 0x000000000a000800, pc 0x0000000040200000"),
    (
        (vcpu.FAULT, 0x86000000, 0x1234, 0x5678),
        "guest faulted: syndrome 0x0000000086000000, address 0x0000000000001234, pc 0x0000000000005678",
    ),
    ((99,), "guest faulted: syndrome 0x0000000000000000, address 0x0000000000000000, pc 0x0000000000000000"),
]


@pytest.mark.parametrize(("death", "line"), DEATHS)
def test_deaths_are_told_in_one_line(death: Exit, line: str) -> None:
    def guest() -> Script:
        yield death

    assert Life(guest()).play() == [line + "; stopped"]


def test_a_vcpu_that_cannot_run() -> None:
    life = Life()
    life.machine.kernel.handlers[syscalls.VCPU_RUN] = lambda slot, words: (4,)
    assert life.play() == ["the vcpu cannot run: error 4; stopped"]


def test_a_vcpu_that_does_not_reset() -> None:
    life = Life()
    life.machine.kernel.handlers[syscalls.VCPU_RESET] = lambda slot, words: (2,)
    assert life.play() == ["guest cannot start: the vcpu does not reset"]


@pytest.mark.parametrize("power", [0, 9])
def test_the_board_goes_off_with_the_guest_that_owns_its_power(power: int) -> None:
    life = Life(power_off(), parameters={"platform_slot": power})
    life.play()
    offs = [(slot, words[0]) for number, slot, words in life.machine.kernel.calls if number == syscalls.SYSTEM_OFF]
    assert offs == ([(9, syscalls.OFF)] if power else [])


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (image(magic=b"zimg"), "its kernel is not an arm64 Image (no ARM\\x64 at offset 56)"),
        (image(63), "its kernel is shorter than the header of an Image"),
        (b"", "its kernel is shorter than the header of an Image"),
        (image(flags=1), "its kernel is big-endian"),
        (image(image_size=0), "its kernel does not say how much memory it needs (image_size is 0)"),
        (image(text_offset=0x80000), "its kernel is not placed at its text offset from a 2 MiB boundary"),
        (image(image_size=RAM_BYTES), f"its kernel does not fit into its RAM; bytes needed: {RAM_BYTES}"),
        (image(image_size=2**64 - 1), f"its kernel does not fit into its RAM; bytes needed: {2**64 - 1}"),
        (image(image_size=0x10_0001), "kernel, initial RAM disk and device tree overlap in its RAM"),
    ],
)
def test_kernels_that_cannot_start(kernel: bytes, message: str) -> None:
    assert Life(kernel=kernel).play() == [f"guest cannot start: {message}"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"dtb_size": 0}, "its device tree is missing or cut off"),
        ({"dtb_size": 95}, "its device tree is missing or cut off"),
        ({"dtb_load_address": RAM_BASE - 8}, "its device tree does not fit into its RAM; bytes: 200"),
        (
            {"initrd_load_address": RAM_BASE + RAM_BYTES - 1279},
            "its initial RAM disk does not fit into its RAM; bytes: 1280",
        ),
        ({"initrd_load_address": TREE_PLACE}, "kernel, initial RAM disk and device tree overlap in its RAM"),
        ({"dtb_load_address": KERNEL_PLACE + 0x3FFF}, "kernel, initial RAM disk and device tree overlap in its RAM"),
    ],
)
def test_places_that_do_not_fit(parameters: dict[str, int | str], message: str) -> None:
    assert Life(parameters=parameters).play() == [f"guest cannot start: {message}"]


def test_a_guest_without_an_initial_ram_disk() -> None:
    life = Life(power_off(), parameters={"initrd_size": 0, "initrd_load_address": 0, "initrd_address": 0})
    assert life.play() == ["guest powered off"]


def test_an_unknown_system_register_is_undefined_to_the_guest() -> None:
    life = Life(parameters={})

    def guest() -> Script:
        life.registers |= {vcpu.PSTATE: 0x6000_0005, vcpu.VBAR_EL1: 0x4030_0000}
        actions, _ = yield vcpu.SYSTEM_REGISTER, 0x30_0001, 1, 0, 0x4020_1000
        assert actions == 0, "the pc stays where the vector is"
        yield hypercall(0x84000008)

    life.scripts.append(guest())
    life.play()
    assert life.registers[vcpu.PC] == 0x4030_0200
    assert life.registers[vcpu.PSTATE] == 0x3C5
    assert (life.registers[vcpu.ELR_EL1], life.registers[vcpu.SPSR_EL1]) == (0x4020_1000, 0x6000_0005)
    assert life.registers[vcpu.ESR_EL1] == 1 << 25


@pytest.mark.parametrize(("pstate", "vector"), [(0x0, 0x400), (0x4, 0x0), (0x5, 0x200)])
def test_the_vector_depends_on_where_the_guest_was(pstate: int, vector: int) -> None:
    life = Life()
    life.registers = {vcpu.PSTATE: pstate, vcpu.VBAR_EL1: 0x1000}
    life.machine.module("vmm.system_registers").inject_undefined(life.machine.module("vmm.guest").u64(0x40))
    assert life.registers[vcpu.PC] == 0x1000 + vector


def test_a_software_interrupt_through_its_register() -> None:
    def guest() -> Script:
        flags = vcpu.MEMORY_SYNDROME | vcpu.MEMORY_WRITE | 2 << vcpu.MEMORY_SIZE_LOW
        yield vcpu.MEMORY, 0x0800_0000, flags, 2, 0
        yield vcpu.MEMORY, 0x080B_0100, flags, 0xFF, 0
        actions, _ = yield vcpu.SYSTEM_REGISTER, 0x3A_3016 | 9 << 5, 0, 3 << 24 | 1, 0
        assert actions == vcpu.SKIP
        yield hypercall(0x84000008)

    life = Life(guest())
    life.play()
    assert life.machine.injected == [3]


def test_typed_input_arrives_through_the_exit() -> None:
    life = Life()

    def guest() -> Script:
        flags = vcpu.MEMORY_SYNDROME | vcpu.MEMORY_WRITE | 2 << vcpu.MEMORY_SIZE_LOW
        yield vcpu.MEMORY, 0x0900_0038, flags, 16, 0
        life.machine.input.feed(b"q")
        yield vcpu.NOTIFIED, 1
        _, value = yield load(0x0900_0000)
        assert value == ord("q")
        yield vcpu.MAINTENANCE, 0
        yield hypercall(0x84000008)

    life.scripts.append(guest())
    assert life.play() == ["guest powered off"]


def test_the_last_words_of_a_guest_are_shown() -> None:
    def guest() -> Script:
        flags = vcpu.MEMORY_SYNDROME | vcpu.MEMORY_WRITE | 2 << vcpu.MEMORY_SIZE_LOW
        yield vcpu.MEMORY, 0x0900_0000, flags, ord("a"), 0
        yield vcpu.MEMORY, 0x0900_0038, flags, 0, 0
        yield vcpu.MEMORY, 0x0900_0000, flags, ord("b"), 0
        yield load(0xDEAD_0000)

    life = Life(guest())
    life.play()
    assert life.machine.output.drain() == b"ab"

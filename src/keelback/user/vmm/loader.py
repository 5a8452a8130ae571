"""Putting a guest into its RAM: kernel Image, initial RAM disk, device tree, and the vcpu's first registers.

By Linux's boot protocol for arm64 (Documentation/arm64/booting.rst). The files are read-only regions of the image, so a
restart loads the very same guest; only the device tree's `rng-seed` is drawn anew. Where things go is the system
description's doing; here it is checked against the Image's header and the RAM, and the first thing wrong is said.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, vcpu
from keelback.lang import Memory, bytes_of, parameter, u64
from keelback.user.runtime import syscalls
from keelback.user.runtime.log import end_line, log, log_number, put_text
from keelback.user.virtio.entropy import BLOCK_BYTES, block, make_block
from keelback.user.virtio.guest_memory import RAM_BASE, is_ram, ram, ram_offset
from keelback.user.vmm.cache import clean_memory
from keelback.user.vmm.guest import VCPU_SLOT
from keelback.user.vmm.image_header import GOOD, NO_MAGIC, NO_SIZE, TOO_SHORT, WRONG_ENDIAN, check_header, needed_bytes

KERNEL_BYTES: Final = parameter("kernel_size", 0)
INITRD_BYTES: Final = parameter("initrd_size", 0)
TREE_BYTES: Final = parameter("dtb_size", 0)
SEED_OFFSET: Final = parameter("rng_seed_offset", 0)
"""Of the 32 bytes of `rng-seed` in the device tree; 0: it has none."""

kernel: Final = Memory(parameter("kernel_address", 0), KERNEL_BYTES)
initrd: Final = Memory(parameter("initrd_address", 0), INITRD_BYTES)
tree: Final = Memory(parameter("dtb_address", 0), TREE_BYTES)

# Guest physical addresses.
KERNEL_PLACE: Final = parameter("kernel_load_address", RAM_BASE + 0x20_0000)
INITRD_PLACE: Final = parameter("initrd_load_address", RAM_BASE) if INITRD_BYTES != 0 else RAM_BASE
TREE_PLACE: Final = parameter("dtb_load_address", RAM_BASE)

ENTRY_PSTATE: Final = 0x3C5
"""EL1 with its own stack pointer, all interrupts masked."""


def start_guest() -> bool:
    """Load the guest and set the vcpu to its first instruction; False, after one line that says why, if it cannot
    run.
    """
    if not check_guest():
        return False
    copy_file(kernel, u64(KERNEL_PLACE))
    copy_file(initrd, u64(INITRD_PLACE))
    copy_file(tree, u64(TREE_PLACE))
    if SEED_OFFSET != 0:
        make_block()
        ram.copy(ram_offset(u64(TREE_PLACE)) + SEED_OFFSET, bytes_of(block), u64(0), u64(BLOCK_BYTES))
        clean_memory(ram, ram_offset(u64(TREE_PLACE)) + SEED_OFFSET, u64(BLOCK_BYTES))
    return reset_vcpu()


def copy_file(source: Memory, place: u64) -> None:
    """Copy a file to a guest physical address that was checked, through to memory."""
    ram.copy(ram_offset(place), source, u64(0), source.size_bytes)
    clean_memory(ram, ram_offset(place), source.size_bytes)


def reset_vcpu() -> bool:
    """The state the boot protocol asks for: x0 is the device tree, x1 to x3 zero, MMU off (reset does both)."""
    slot = u64(VCPU_SLOT)
    if syscalls.vcpu_reset(slot) != errors.OK:
        log("guest cannot start: the vcpu does not reset")
        return False
    syscalls.vcpu_write(slot, u64(0), u64(TREE_PLACE))
    syscalls.vcpu_write(slot, u64(vcpu.PC), u64(KERNEL_PLACE))
    syscalls.vcpu_write(slot, u64(vcpu.PSTATE), u64(ENTRY_PSTATE))
    return True


def check_guest() -> bool:
    """Whether the kernel is one and everything has its place in RAM; says what is wrong."""
    problem = check_header(kernel, u64(KERNEL_PLACE))
    if problem != GOOD:
        put_text("guest cannot start: ")
        put_problem(problem)
        end_line()
        return False
    return check_places(needed_bytes(kernel))


def put_problem(problem: u64) -> None:
    """What keelback.user.vmm.image_header found."""
    if problem == NO_MAGIC:
        put_text("its kernel is not an arm64 Image (no ARM\\x64 at offset 56)")
    elif problem == TOO_SHORT:
        put_text("its kernel is shorter than the header of an Image")
    elif problem == WRONG_ENDIAN:
        put_text("its kernel is big-endian")
    elif problem == NO_SIZE:
        put_text("its kernel does not say how much memory it needs (image_size is 0)")
    else:
        put_text("its kernel is not placed at its text offset from a 2 MiB boundary")


def check_places(kernel_bytes: u64) -> bool:
    """Whether kernel, initial RAM disk and device tree fit into RAM without touching each other; says what is wrong."""
    initrd_bytes = u64(INITRD_BYTES)
    tree_bytes = u64(TREE_BYTES)
    initrd_place = u64(INITRD_PLACE)
    if tree_bytes < u64(SEED_OFFSET) + BLOCK_BYTES:
        log("guest cannot start: its device tree is missing or cut off")
    elif not is_ram(u64(KERNEL_PLACE), kernel_bytes):
        log_number("guest cannot start: its kernel does not fit into its RAM; bytes needed:", kernel_bytes)
    elif not is_ram(initrd_place, initrd_bytes):
        log_number("guest cannot start: its initial RAM disk does not fit into its RAM; bytes:", initrd_bytes)
    elif not is_ram(u64(TREE_PLACE), tree_bytes):
        log_number("guest cannot start: its device tree does not fit into its RAM; bytes:", tree_bytes)
    elif (
        is_overlap(u64(KERNEL_PLACE), kernel_bytes, initrd_place, initrd_bytes)
        or is_overlap(u64(KERNEL_PLACE), kernel_bytes, u64(TREE_PLACE), tree_bytes)
        or is_overlap(initrd_place, initrd_bytes, u64(TREE_PLACE), tree_bytes)
    ):
        log("guest cannot start: kernel, initial RAM disk and device tree overlap in its RAM")
    else:
        return True
    return False


def is_overlap(first: u64, first_count: u64, second: u64, second_count: u64) -> bool:
    """Whether two ranges in RAM share a byte."""
    if first_count == 0 or second_count == 0:
        return False
    return first < second + second_count and second < first + first_count

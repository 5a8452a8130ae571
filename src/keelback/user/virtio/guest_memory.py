"""The guest's RAM as its devices see it. Guest addresses become offsets into `ram` here, after a check."""

from __future__ import annotations

from typing import Final

from keelback.lang import Memory, parameter, u64

RAM_BASE: Final = parameter("guest_ram_base", 0x4000_0000)
"""Guest physical address of the first byte."""
RAM_BYTES: Final = parameter("guest_ram_size", 0x40_0000)
RAM_ADDRESS: Final = parameter("guest_ram_address", 0x10_0000_0000)
"""Where the monitor has it mapped."""

ram: Final = Memory(RAM_ADDRESS, RAM_BYTES)


def is_ram(address: u64, count: u64) -> bool:
    """Whether the `count` bytes at guest physical `address` all lie in RAM. Any values at all may be given."""
    offset = address.wrapping_sub(RAM_BASE)
    return offset <= RAM_BYTES and count <= RAM_BYTES - offset


def ram_offset(address: u64) -> u64:
    """Offset into `ram` of an address that `is_ram` accepted."""
    return address.wrapping_sub(RAM_BASE)

"""The processor at boot, once the kernel's own translation is on: what components and guests may do, and a look at
memory that is not the kernel's.

The boot code that runs before that is in `vectors`.
"""

from __future__ import annotations

from typing import Final

from keelback.kernel.arch.aarch64 import registers
from keelback.kernel.arch.aarch64.registers import (
    CNTHCTL_EL2,
    CNTHP_CTL_EL2,
    CNTV_CTL_EL0,
    CNTVOFF_EL2,
    CPACR_EL1,
    CPTR_EL2,
    CPTR_FP_CLOSED,
    HSTR_EL2,
    MDCR_EL2,
    VTCR_EL2,
)
from keelback.kernel.arch.aarch64.vcpu_state import set_component_registers
from keelback.kernel.state import boot
from keelback.lang import Memory, asm, u64

BLOCK_BYTES: Final = 1 << 21
WINDOW_BASE: Final = 511 << 30
"""Entry 511 of the kernel's level 1 table points to `boot.window_table`."""
WINDOW_BYTES: Final = 2 * BLOCK_BYTES
WINDOW_ATTRIBUTES: Final = 1 << 54 | 0x7C1
"""Execute never, accessed, inner shareable, read only, attribute 0, block (Arm DDI 0487, D8.3.1)."""

physical: Final = Memory(0, 1 << 39)
"""Everything that the kernel's translation maps, at its own address."""
window: Final = Memory(WINDOW_BASE, WINDOW_BYTES)


@asm("dsb ish\nisb", clobbers=("memory",))
def complete_new_entries() -> None:
    """Let table entries that were invalid before take effect."""


@asm("dsb ish\ntlbi alle2\ndsb ish\nisb", clobbers=("memory",))
def complete_old_entries() -> None:
    """Let table entries that were valid before lose their effect."""


def start_processor() -> None:
    """On each core: set what traps below EL2, and stop the timers."""
    VTCR_EL2.write(u64(registers.VTCR))
    MDCR_EL2.write(u64(registers.MDCR))
    CPTR_EL2.write(u64(CPTR_FP_CLOSED))
    HSTR_EL2.write(u64(0))
    CNTHCTL_EL2.write(u64(0))
    CNTVOFF_EL2.write(u64(0))
    CNTV_CTL_EL0.write(u64(0))
    CNTHP_CTL_EL2.write(u64(0))
    CPACR_EL1.write(u64(0))
    set_component_registers()


def open_window(address: u64) -> u64:
    """Map the 2 MiB from `address` up, or more, read only. The offset of `address` in `window`."""
    block = address & ~u64(BLOCK_BYTES - 1)
    table = u64(boot.window_table)
    physical.store_u64(table, block | WINDOW_ATTRIBUTES)
    physical.store_u64(table + 8, (block + BLOCK_BYTES) | WINDOW_ATTRIBUTES)
    complete_new_entries()
    return address - block


def close_window() -> None:
    """Unmap the window."""
    table = u64(boot.window_table)
    physical.store_u64(table, u64(0))
    physical.store_u64(table + 8, u64(0))
    complete_old_entries()

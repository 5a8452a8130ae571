"""Stage-2 translation: descriptors, the VMID of each address space, and how processors forget what was unmapped.

Table i lies at `entries` + 4096 * i, physically too, since the kernel's own translation is the identity. What is mapped
where is decided in `objects.translation`. In CPython and on the host there is no processor, so nothing to forget.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, mappings
from keelback.kernel.state import entries
from keelback.lang import PhysAddr, address_of, asm, constants, inline, noinline, u8, u32, u64

TABLE_BYTES: Final = 8 * mappings.ENTRY_COUNT

# Descriptors (Arm DDI 0487, D8.3.1, D8.3.2, D8.4.2, D8.5.5).
VALID: Final = 1
TABLE_OR_PAGE: Final = 2
"""Not set in a block, a mapping of 2 MiB."""
DEVICE: Final = 1 << 2
"""MemAttr: Device-nGnRE."""
NORMAL: Final = 0xF << 2
"""MemAttr: normal memory, write-back."""
ACCESS_SHIFT: Final = 6
"""S2AP: bit 6 to read, bit 7 to write, in the order of mappings.READ and WRITE."""
COMMON: Final = 3 << 8 | 1 << 10 | VALID
"""SH: inner shareable; AF; valid."""
KINDS: Final = (COMMON | NORMAL | TABLE_OR_PAGE, COMMON | NORMAL, COMMON | DEVICE | TABLE_OR_PAGE)
"""By size of the frame: small, large, device."""
NEVER_SHIFT: Final = 52
"""XN, bit 54, is what mappings.EXECUTE, bit 2, is not."""
ACCESS: Final = mappings.READ | mappings.WRITE
LEAVES: Final = constants(
    u64,
    [
        kind | (flags & ACCESS) << ACCESS_SHIFT | (~flags & mappings.EXECUTE) << NEVER_SHIFT
        for kind in KINDS
        for flags in range(8)
    ],
)
"""A leaf but for the address, by 8 * size of the frame + flags."""

VMID_SHIFT: Final = 48
OWN_VMIDS: Final = 128
"""Address spaces below have a VMID of their own, the same number; the others share the rest of the 8 bits."""


@inline
def make_leaf(address: PhysAddr, size: u8, flags: u64) -> u64:
    """The entry that maps a frame of this size."""
    return u64(address) | LEAVES[8 * u64(size) + flags]


@inline
def make_link(table: u32) -> u64:
    """The entry that points to a table."""
    return table_address(table) | VALID | TABLE_OR_PAGE


@inline
def is_link(level: u8, entry: u64) -> bool:
    """Whether an entry that is not zero points to a table."""
    return level != 3 and entry & TABLE_OR_PAGE != 0


@inline
def table_address(table: u32) -> u64:
    """Physical address of a translation table."""
    return address_of(entries).wrapping_add(u64(table) * TABLE_BYTES)


@inline
def vmid_of(space: u32) -> u64:
    """The VMID of an address space."""
    return u64(space) if space < OWN_VMIDS else u64(space) % OWN_VMIDS + OWN_VMIDS


@inline
def stage2_of(space: u32) -> u64:
    """VTTBR_EL2 for an address space."""
    return table_address(space) | vmid_of(space) << VMID_SHIFT


@inline
def complete_new_entry(is_executable: bool) -> None:
    """An entry that was zero has been written: let table walks find it."""
    complete_writes()
    if is_executable:
        forget_instructions()


@asm("dsb ishst", clobbers=("memory",))
def complete_writes() -> None:
    """Let table walks of all cores see what was written (Arm DDI 0487, D8.14.1). Nobody remembers a zero entry."""


@asm("ic ialluis\ndsb ish", clobbers=("memory",))
def forget_instructions() -> None:
    """Let no core execute what the memory held before, at whatever address it saw it."""


@inline
def forget_space(space: u32) -> u64:
    """An entry in an address space has been set to zero: let all cores forget it. Table 0, which is empty, stands in
    for the real one, so that nothing new is remembered meanwhile. OK, for those that have to say so."""
    if space >= OWN_VMIDS:
        return forget_shared_space(space)
    forget_vmid(address_of(entries) | u64(space) << VMID_SHIFT)
    return u64(errors.OK)


@noinline
def forget_shared_space(space: u32) -> u64:
    """forget_space, where the VMID is shared."""
    forget_vmid(address_of(entries) | vmid_of(space) << VMID_SHIFT)
    return u64(errors.OK)


@asm(
    """
    dsb ishst
    mrs x1, vttbr_el2
    msr vttbr_el2, {stage2}
    isb
    tlbi vmalls12e1is
    dsb ish
    msr vttbr_el2, x1
    """,
    clobbers=("memory", "x1"),
)
def forget_vmid(stage2: u64) -> None:
    """Let all cores forget the translations of a VMID, stage 1 and 2 (Arm DDI 0487, D8.13). The exception return
    synchronizes what follows."""


@asm(
    """
    mov x1, {address}
1:  dc zva, x1
    dc civac, x1
    add x1, x1, #64
    tst x1, #4095
    b.ne 1b
    dsb sy
    """,
    clobbers=("memory", "x1", "cc"),
)
def clear_page(address: u64) -> None:
    """Set the 4096 bytes of a page to zero, also for a guest whose caches are off. Cache lines and what DC ZVA clears
    have at least 64 bytes. The models know nothing of components' memory."""

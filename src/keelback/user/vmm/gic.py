"""The registers of the guest's GICv3 distributor and redistributor (GIC IHI 0069, 12.8 to 12.11).

What Linux needs, and nothing that one processor without LPIs does not have. Registers that are not listed read as zero
and ignore writes, as do active bits (they live in the hardware's list registers) and groups (every interrupt is Group
1). The two frames that hold interrupt state have the same layout: the distributor's first word of each row belongs to
the redistributor.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Array, Struct, array, struct, u8, u32, u64, upto
from keelback.user.vmm.interrupts import (
    INTERRUPT_COUNT,
    WORD_COUNT,
    clear_pending,
    disable_interrupts,
    enable_interrupts,
    interrupts,
    raise_interrupt,
    set_forwarding,
    set_pending,
    set_priority,
)

DISTRIBUTOR_BASE: Final = 0x0800_0000
DISTRIBUTOR_BYTES: Final = 0x1_0000
REDISTRIBUTOR_BASE: Final = 0x080A_0000
REDISTRIBUTOR_BYTES: Final = 0x2_0000
SGI_FRAME: Final = 0x1_0000
"""Offset of the redistributor's second frame."""

# Distributor.
GICD_CTLR: Final = 0x0000
GICD_TYPER: Final = 0x0004
GICD_IIDR: Final = 0x0008
GICD_IROUTER: Final = 0x6000
GICD_IROUTER_END: Final = 0x8000
PIDR2: Final = 0xFFE8

# Redistributor, first frame.
GICR_IIDR: Final = 0x0004
GICR_TYPER: Final = 0x0008
GICR_WAKER: Final = 0x0014

# Rows of interrupt state: 128 bytes of one bit per interrupt, number = offset >> 7.
ROW_SHIFT: Final = 7
IGROUPR: Final = 1
ISENABLER: Final = 2
ICENABLER: Final = 3
ISPENDR: Final = 4
ICPENDR: Final = 5
ROW_END: Final = 0x0400
IPRIORITYR: Final = 0x0400
IPRIORITYR_END: Final = 0x0800
ICFGR: Final = 0x0C00
ICFGR_END: Final = 0x0D00

ENABLE_GROUP_1: Final = 1 << 1
CTLR_FIXED: Final = 0x50
"""One security state (DS), affinity routing (ARE)."""
TYPER_VALUE: Final = 0x0378_0000 | (WORD_COUNT - 1)
"""No 1-of-N routing, Aff3, 16 bits of interrupt id, no LPIs, no extended ranges."""
IIDR_VALUE: Final = 0x0000_043B
PIDR2_VALUE: Final = 0x3B
"""GICv3."""
GICR_TYPER_VALUE: Final = 1 << 4
"""Processor 0, affinity 0, the last redistributor."""
PROCESSOR_SLEEP: Final = 1 << 1
CHILDREN_ASLEEP: Final = 1 << 2
PRIVATE_CONFIGURATION: Final = 0xAAAA_AAAA
"""Software-generated interrupts are edge-triggered."""

# Sizes of accesses as log2 of bytes.
BYTE: Final = 0
WORD: Final = 2
DOUBLE: Final = 3


@struct
class Gic(Struct):
    """Registers that only remember what was written."""

    asleep: bool = True
    configuration: Array[u32] = array(u32, INTERRUPT_COUNT // 16)
    route: Array[u64] = array(u64, INTERRUPT_COUNT)


gic: Final = Gic()


def reset_gic() -> None:
    """As at power-on; keelback.user.vmm.interrupts has its own reset."""
    gic.asleep = True
    for index in upto(INTERRUPT_COUNT // 16):
        gic.configuration[index] = u32(0)
    for index in upto(INTERRUPT_COUNT):
        gic.route[index] = u64(0)


def read_distributor(offset: u64, size: u64) -> u64:
    """A load of 2**size bytes at `offset` in the distributor."""
    if GICD_IROUTER <= offset < GICD_IROUTER_END:
        return read_route(offset - GICD_IROUTER, size)
    if offset < ICFGR_END and offset >= 0x80:
        return read_state(offset, size, u64(1))
    if offset == GICD_CTLR:
        return u64(CTLR_FIXED | ENABLE_GROUP_1) if interrupts.forwarding else u64(CTLR_FIXED)
    if offset == GICD_TYPER:
        return u64(TYPER_VALUE)
    if offset == GICD_IIDR:
        return u64(IIDR_VALUE)
    if offset == PIDR2:
        return u64(PIDR2_VALUE)
    return u64(0)


def write_distributor(offset: u64, size: u64, value: u64) -> None:
    """A store of 2**size bytes at `offset` in the distributor."""
    if GICD_IROUTER <= offset < GICD_IROUTER_END:
        write_route(offset - GICD_IROUTER, size, value)
    elif offset < ICFGR_END and offset >= 0x80:
        write_state(offset, size, value, u64(1))
    elif offset == GICD_CTLR and size == WORD:
        set_forwarding(value & ENABLE_GROUP_1 != 0)


def read_redistributor(offset: u64, size: u64) -> u64:
    """A load of 2**size bytes at `offset` in the redistributor's two frames."""
    if offset >= SGI_FRAME:
        return read_state(offset - SGI_FRAME, size, u64(0))
    if offset == GICR_TYPER:
        return u64(GICR_TYPER_VALUE)
    if offset == GICR_WAKER and gic.asleep:
        return u64(PROCESSOR_SLEEP | CHILDREN_ASLEEP)
    if offset == GICR_IIDR:
        return u64(IIDR_VALUE)
    if offset == PIDR2:
        return u64(PIDR2_VALUE)
    return u64(0)


def write_redistributor(offset: u64, size: u64, value: u64) -> None:
    """A store of 2**size bytes at `offset` in the redistributor's two frames."""
    if offset >= SGI_FRAME:
        write_state(offset - SGI_FRAME, size, value, u64(0))
    elif offset == GICR_WAKER and size == WORD:
        gic.asleep = value & PROCESSOR_SLEEP != 0


def is_state_word(word: u64, frame: u64) -> bool:
    """Whether word `word` of a row is in this frame: word 0 in the redistributor (0), the others in the distributor."""
    if frame == 0:
        return word == 0
    return 0 < word < WORD_COUNT


def read_state(offset: u64, size: u64, frame: u64) -> u64:
    """Interrupt state; `frame` is 0 for the redistributor, 1 for the distributor."""
    if offset < ROW_END:
        word = (offset & 0x7F) >> 2
        if size == WORD and is_state_word(word, frame):
            return read_row(offset >> ROW_SHIFT, word)
    elif offset < IPRIORITYR_END:
        return read_priorities(offset - IPRIORITYR, size, frame)
    elif ICFGR <= offset < ICFGR_END:
        word = (offset - ICFGR) >> 2
        if size == WORD and is_state_word(word >> 1, frame):
            return u64(gic.configuration[word]) if word != 0 else u64(PRIVATE_CONFIGURATION)
    return u64(0)


def read_row(row: u64, word: u64) -> u64:
    """One word of one row."""
    if row == ISENABLER or row == ICENABLER:
        return u64(interrupts.enabled[word])
    if row == ISPENDR or row == ICPENDR:
        return u64(interrupts.pending[word])
    if row == IGROUPR:
        return u64(u32.MAX)
    return u64(0)


def write_state(offset: u64, size: u64, value: u64, frame: u64) -> None:
    """Interrupt state; `frame` as in `read_state`."""
    if offset < ROW_END:
        word = (offset & 0x7F) >> 2
        if size == WORD and is_state_word(word, frame):
            write_row(offset >> ROW_SHIFT, word, u32.truncate(value))
    elif offset < IPRIORITYR_END:
        write_priorities(offset - IPRIORITYR, size, value, frame)
    elif ICFGR <= offset < ICFGR_END:
        word = (offset - ICFGR) >> 2
        if size == WORD and is_state_word(word >> 1, frame):
            gic.configuration[word] = u32.truncate(value) & PRIVATE_CONFIGURATION


def write_row(row: u64, word: u64, mask: u32) -> None:
    """Set or clear the bits of `mask`; bits that are 0 change nothing."""
    if row == ISENABLER:
        enable_interrupts(word, mask)
    elif row == ICENABLER:
        disable_interrupts(word, mask)
    elif row == ISPENDR:
        set_pending(word, mask)
    elif row == ICPENDR:
        clear_pending(word, mask)


def priority_count(size: u64) -> u64:
    """Priorities in an access of 2**size bytes: 1 or 4; 0 for sizes that are not allowed."""
    if size == WORD:
        return u64(4)
    return u64(1) if size == BYTE else u64(0)


def read_priorities(number: u64, size: u64, frame: u64) -> u64:
    """Priorities from interrupt `number` up."""
    value = u64(0)
    if is_state_word(number >> 5, frame) and number & (priority_count(size).wrapping_sub(1)) == 0:
        for index in upto(priority_count(size)):
            value = value | (u64(interrupts.priority[number + index]) << (index * 8))
    return value


def write_priorities(number: u64, size: u64, value: u64, frame: u64) -> None:
    """Set priorities from interrupt `number` up."""
    if is_state_word(number >> 5, frame) and number & (priority_count(size).wrapping_sub(1)) == 0:
        for index in upto(priority_count(size)):
            set_priority(number + index, u8.truncate(value >> (index * 8)))


def read_route(offset: u64, size: u64) -> u64:
    """A route (12.9.22): all of it, or one half."""
    number = offset >> 3
    if number >= INTERRUPT_COUNT or number < 32:
        return u64(0)
    if size == DOUBLE and offset & 7 == 0:
        return gic.route[number]
    if size == WORD and offset & 3 == 0:
        return gic.route[number] >> ((offset & 4) * 8)
    return u64(0)


def write_route(offset: u64, size: u64, value: u64) -> None:
    """Remember a route; there is only one processor to go to."""
    number = offset >> 3
    if number >= INTERRUPT_COUNT or number < 32:
        return
    if size == DOUBLE and offset & 7 == 0:
        gic.route[number] = value
    elif size == WORD and offset & 3 == 0:
        kept = gic.route[number] & (u64(u32.MAX) << (32 - (offset & 4) * 8))
        gic.route[number] = kept | ((value & u32.MAX) << ((offset & 4) * 8))


def send_software_interrupt(value: u64) -> None:
    """ICC_SGI1R_EL1 (12.2.21): interrupt 0 to 15 to processors by affinity; only 0.0.0.0 is there, and it never sends
    to others.
    """
    to_others = value.bit(40)
    other_affinity = value & 0x00FF_00FF_00FF_0000 != 0
    if not to_others and not other_affinity and value.bit(0):
        raise_interrupt((value >> 24) & 15)

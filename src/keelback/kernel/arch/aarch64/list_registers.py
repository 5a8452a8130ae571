"""Virtual interrupts: the list registers of the GIC's virtual CPU interface (GIC IHI 0069, 4.2 and 12.4.11).

A list register holds one virtual interrupt: bits 31:0 its id, 55:48 its priority, 60 group 1, 62 pending, 63 active.
The table's copy counts while the vcpu is not loaded, the hardware's while it is; the functions here work on the copy
and bring it up to date first.
"""

from __future__ import annotations

from typing import Final

from keelback.abi.limits import LIST_REGISTER_COUNT
from keelback.kernel.arch.aarch64.registers import (
    ICH_HCR_EL2,
    ICH_LR0_EL2,
    ICH_LR1_EL2,
    ICH_LR2_EL2,
    ICH_LR3_EL2,
)
from keelback.kernel.state import Vcpu, cores, vcpus
from keelback.lang import u32, u64, upto

GROUP_1: Final = 1 << 60
PENDING: Final = 1 << 62
STATE_SHIFT: Final = 62
PRIORITY_SHIFT: Final = 48

HCR_ENABLE: Final = 1
HCR_UNDERFLOW: Final = 2
"""ICH_HCR_EL2.UIE: maintenance interrupt when at most one list register is in use."""


def save_list_registers(vcpu: Vcpu) -> None:
    """Copy the hardware's list registers to the table."""
    vcpu.list_registers[0] = ICH_LR0_EL2.read()
    vcpu.list_registers[1] = ICH_LR1_EL2.read()
    vcpu.list_registers[2] = ICH_LR2_EL2.read()
    vcpu.list_registers[3] = ICH_LR3_EL2.read()


def load_list_registers(vcpu: Vcpu) -> None:
    """Copy the table's list registers to the hardware."""
    ICH_LR0_EL2.write(vcpu.list_registers[0])
    ICH_LR1_EL2.write(vcpu.list_registers[1])
    ICH_LR2_EL2.write(vcpu.list_registers[2])
    ICH_LR3_EL2.write(vcpu.list_registers[3])


def is_loaded(index: u32) -> bool:
    """Whether this vcpu's state is in the processor."""
    return cores[0].loaded == index


def inject(index: u32, interrupt: u64, priority: u64) -> bool:
    """Make an interrupt (below 1020, priority below 256) pending. False if there is no room; then an underflow
    interrupt is asked for."""
    vcpu = vcpus[index]
    if is_loaded(index):
        save_list_registers(vcpu)
    has_room = place(vcpu, interrupt, priority)
    if is_loaded(index):
        load_list_registers(vcpu)
        if not has_room:
            ICH_HCR_EL2.write(u64(HCR_ENABLE | HCR_UNDERFLOW))
    return has_room


def place(vcpu: Vcpu, interrupt: u64, priority: u64) -> bool:
    """Enter an interrupt into the table's copy. One that is there already becomes pending, if it is not yet."""
    free = u64(LIST_REGISTER_COUNT)
    for number in upto(LIST_REGISTER_COUNT):
        value = vcpu.list_registers[number]
        if value >> STATE_SHIFT == 0:
            free = number
        elif value & 0xFFFF_FFFF == interrupt:
            vcpu.list_registers[number] = value | PENDING
            return True
    if free == LIST_REGISTER_COUNT:
        return False
    vcpu.list_registers[free] = interrupt | (priority << PRIORITY_SHIFT) | GROUP_1 | PENDING
    return True


def has_pending(index: u32) -> bool:
    """Whether an interrupt is pending in a list register."""
    return count_with(index, u64(PENDING)) != 0


def has_room(index: u32) -> bool:
    """Whether a list register is free."""
    return count_with(index, u64(3 << STATE_SHIFT)) < LIST_REGISTER_COUNT


def count_with(index: u32, mask: u64) -> u64:
    """How many list registers have one of these bits set."""
    vcpu = vcpus[index]
    if is_loaded(index):
        save_list_registers(vcpu)
    count = u64(0)
    for number in upto(LIST_REGISTER_COUNT):
        if vcpu.list_registers[number] & mask != 0:
            count = count + 1
    return count


def end_underflow() -> None:
    """Take back the request for an underflow interrupt."""
    ICH_HCR_EL2.write(u64(HCR_ENABLE))

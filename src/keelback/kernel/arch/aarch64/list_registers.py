"""Virtual interrupts: the list registers of the GIC's virtual CPU interface (GIC IHI 0069, 4.2 and 12.4.11).

A list register holds one virtual interrupt: bits 31:0 its id, 55:48 its priority, 60 group 1, 62 pending, 63 active.
The table's copy counts while the vcpu is not loaded, the hardware's while it is; the functions here work on the copy
and bring it up to date first. For a vcpu that is loaded on another core interrupts are left in `Vcpu.arriving`.
"""

from __future__ import annotations

from typing import Final

from keelback.abi.limits import LIST_REGISTER_COUNT
from keelback.kernel.arch.aarch64 import gic
from keelback.kernel.arch.aarch64.processor import this_core
from keelback.kernel.arch.aarch64.registers import (
    ICH_HCR_EL2,
    ICH_LR0_EL2,
    ICH_LR1_EL2,
    ICH_LR2_EL2,
    ICH_LR3_EL2,
)
from keelback.kernel.state import ASKED_INJECT, Vcpu, cores, vcpus
from keelback.lang import Array, inline, u32, u64, upto

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


@inline
def clear(registers: Array[u64]) -> None:
    """Set these list registers to zero."""
    registers[0] = u64(0)
    registers[1] = u64(0)
    registers[2] = u64(0)
    registers[3] = u64(0)


def is_loaded(index: u32) -> bool:
    """Whether this vcpu's state is in this processor."""
    return this_core().loaded == index


def inject(index: u32, interrupt: u64, priority: u64) -> bool:
    """Make an interrupt (below 1020, priority below 256) pending. False if there is no room; then an underflow
    interrupt is asked for."""
    vcpu = vcpus[index]
    if is_loaded(index):
        save_list_registers(vcpu)
        has_room = place(vcpu.list_registers, interrupt, priority)
        load_list_registers(vcpu)
        if not has_room:
            start_underflow()
        return has_room
    if vcpu.loaded_on == 0:
        return place(vcpu.list_registers, interrupt, priority)
    gic.ask(cores[vcpu.loaded_on - 1], u32(ASKED_INJECT))
    return place(vcpu.arriving, interrupt, priority)


def place(registers: Array[u64], interrupt: u64, priority: u64) -> bool:
    """Enter an interrupt into the table's copy. One that is there already becomes pending, if it is not yet."""
    free = u64(LIST_REGISTER_COUNT)
    for number in upto(LIST_REGISTER_COUNT):
        value = registers[number]
        if value >> STATE_SHIFT == 0:
            free = number
        elif value & 0xFFFF_FFFF == interrupt:
            registers[number] = value | PENDING
            return True
    if free == LIST_REGISTER_COUNT:
        return False
    registers[free] = interrupt | (priority << PRIORITY_SHIFT) | GROUP_1 | PENDING
    return True


def take_arriving(index: u32) -> None:
    """Inject what other cores left for the loaded vcpu, as far as there is room; the rest waits for an underflow."""
    vcpu = vcpus[index]
    save_list_registers(vcpu)
    for number in upto(LIST_REGISTER_COUNT):
        value = vcpu.arriving[number]
        if value != 0:
            if place(vcpu.list_registers, value & 0xFFFF_FFFF, value >> PRIORITY_SHIFT & 0xFF):
                vcpu.arriving[number] = u64(0)
            else:
                start_underflow()
    load_list_registers(vcpu)


def has_pending(index: u32) -> bool:
    """Whether an interrupt is pending in a list register, or arriving."""
    refresh(index)
    vcpu = vcpus[index]
    return has_any_pending(vcpu.list_registers) or has_any_pending(vcpu.arriving)


@inline
def has_any_pending(registers: Array[u64]) -> bool:
    """Whether one of these list registers holds a pending interrupt."""
    return (registers[0] | registers[1] | registers[2] | registers[3]) & PENDING != 0


def has_room(index: u32) -> bool:
    """Whether a list register is free."""
    refresh(index)
    for number in upto(LIST_REGISTER_COUNT):
        if vcpus[index].list_registers[number] >> STATE_SHIFT == 0:
            return True
    return False


def refresh(index: u32) -> None:
    """Bring the table's copy up to date."""
    if is_loaded(index):
        save_list_registers(vcpus[index])


def start_underflow() -> None:
    """Ask for an interrupt when there is room in the list registers of the loaded vcpu."""
    ICH_HCR_EL2.write(u64(HCR_ENABLE | HCR_UNDERFLOW))


def end_underflow() -> None:
    """There is room: take back that request, and use the room for what other cores left."""
    ICH_HCR_EL2.write(u64(HCR_ENABLE))
    if this_core().loaded != 0:
        take_arriving(this_core().loaded)

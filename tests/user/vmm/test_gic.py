"""The interrupt controller: registers as Linux reads and writes them, delivery, full list registers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keelback.abi import errors, syscalls, vcpu
from keelback.lang import u64
from tests.user.host import Words
from tests.user.virtio.machine import VCPU_SLOT, Machine, another_life

GICD, GICR, SGI = 0x0800_0000, 0x080A_0000, 0x080B_0000


def fresh() -> Machine:
    """A controller as at power-on."""
    return Machine(enable_interrupts=False)


def raise_interrupt(machine: Machine, number: int) -> None:
    """A device has something new."""
    machine.module("vmm.interrupts").raise_interrupt(u64(number))


def timer_settings(machine: Machine) -> list[int]:
    """What the kernel was told about the timer's interrupt."""
    return [
        words[1]
        for number, slot, words in machine.kernel.calls
        if (number, slot, words[:1]) == (syscalls.VCPU_WRITE, VCPU_SLOT, (vcpu.TIMER_INTERRUPT,))
    ]


def test_what_linux_probes() -> None:
    machine = fresh()
    assert machine.load(GICD + 0xFFE8) & 0xF0 == 0x30, "GICv3"
    assert machine.load(GICR + 0xFFE8) & 0xF0 == 0x30
    typer = machine.load(GICD + 4)
    assert (typer & 31, typer >> 17 & 1, typer >> 19 & 31) == (1, 0, 15), "64 interrupts, no LPIs, 16 bits of id"
    assert machine.load(GICR + 8, 3) == 0x10, "the last redistributor, affinity 0"
    assert (machine.load(GICD + 8), machine.load(GICR + 4), machine.load(GICD + 0xC)) == (0x43B, 0x43B, 0)


def test_no_write_is_ever_pending() -> None:
    machine = fresh()
    machine.store(GICD, 0x13)
    assert machine.load(GICD) == 0x52
    machine.store(GICD, 0)
    assert machine.load(GICD) == 0x50
    assert machine.load(GICR) == 0


def test_waking_the_redistributor() -> None:
    machine = fresh()
    assert machine.load(GICR + 0x14) == 6
    machine.store(GICR + 0x14, 0)
    assert machine.load(GICR + 0x14) == 0


def test_enable_rows() -> None:
    machine = fresh()
    machine.store(GICD + 0x104, 0x0003_0002)
    machine.store(GICD + 0x184, 0x0001_0000)
    assert machine.load(GICD + 0x104) == machine.load(GICD + 0x184) == 0x0002_0002
    machine.store(SGI + 0x100, 0xFFFF)
    assert machine.load(SGI + 0x100) == 0xFFFF
    assert machine.load(GICD + 0x100) == 0, "word 0 belongs to the redistributor"
    assert machine.load(SGI + 0x104) == machine.load(GICD + 0x108) == 0


def test_priorities_in_bytes_and_words() -> None:
    machine = fresh()
    machine.store(GICD + 0x420, 0xA0A0_A0A0)
    machine.store(GICD + 0x421, 0x47, 0)
    assert machine.load(GICD + 0x420) == 0xA0A0_40A0
    assert machine.load(GICD + 0x421, 0) == 0x40
    machine.store(SGI + 0x418, 0x8888_8888)
    assert machine.load(SGI + 0x418) == 0x8888_8888
    assert machine.load(GICD + 0x418) == machine.load(GICD + 0x440) == 0


def test_configuration_and_routes() -> None:
    machine = fresh()
    machine.store(GICD + 0xC0C, 0xFFFF_FFFF)
    assert machine.load(GICD + 0xC0C) == 0xAAAA_AAAA
    assert (machine.load(SGI + 0xC00), machine.load(SGI + 0xC04)) == (0xAAAA_AAAA, 0)
    machine.store(GICD + 0x6000 + 33 * 8, 0x1_8000_0001, 3)
    assert machine.load(GICD + 0x6000 + 33 * 8, 3) == 0x1_8000_0001
    machine.store(GICD + 0x6000 + 33 * 8 + 4, 7)
    machine.store(GICD + 0x6000 + 33 * 8, 5)
    assert machine.load(GICD + 0x6000 + 33 * 8, 3) == 0x7_0000_0005
    assert machine.load(GICD + 0x6000 + 33 * 8 + 4) == 7
    assert machine.load(GICD + 0x6000 + 31 * 8, 3) == 0


def test_groups_and_active_bits() -> None:
    machine = fresh()
    machine.store(GICD + 0x84, 0)
    machine.store(GICD + 0x304, 0xFF)
    assert (machine.load(GICD + 0x84), machine.load(GICD + 0x304)) == (0xFFFF_FFFF, 0)


def test_an_interrupt_waits_until_it_is_enabled_and_forwarded() -> None:
    machine = fresh()
    raise_interrupt(machine, 48)
    machine.store(GICD + 0x104, 1 << 16)
    assert machine.take_injected() == []
    assert machine.load(GICD + 0x204) == 1 << 16
    machine.store(GICD, 2)
    assert machine.take_injected() == [48]
    assert machine.load(GICD + 0x204) == 0


def test_pending_by_software_and_taken_back() -> None:
    machine = fresh()
    machine.store(GICD, 2)
    machine.store(GICD + 0x204, 0b110)
    machine.store(GICD + 0x284, 0b100)
    machine.store(GICD + 0x104, 0b111)
    assert machine.take_injected() == [33]


class Lists:
    """A kernel with few list registers."""

    def __init__(self, machine: Machine, count: int) -> None:
        self.free = count
        self.held: list[tuple[int, int]] = []
        machine.kernel.handlers[syscalls.VCPU_INJECT] = self.inject

    def inject(self, slot: int, words: Words) -> Words:
        """VCPU_INJECT."""
        if self.free == 0:
            return (errors.BUSY,)
        self.free -= 1
        self.held.append((words[0], words[1]))
        return ()


def test_full_list_registers_and_the_most_urgent_first() -> None:
    machine = fresh()
    lists = Lists(machine, 1)
    machine.store(GICD, 2)
    for number, priority in ((48, 0xA0), (49, 0x80), (50, 0x80), (33, 0xF8)):
        machine.store(GICD + 0x400 + number, priority, 0)
    machine.store(GICD + 0x204, 1 << 16 | 1 << 17 | 1 << 18 | 1 << 1)
    machine.store(GICD + 0x104, 0xFFFF_FFFF)
    assert lists.held == [(49, 0x80)]
    lists.free = 2
    raise_interrupt(machine, 51)
    assert len(lists.held) == 1, "nothing is tried before the kernel says that a register is free"
    machine.store(GICD + 0x400 + 51, 0xF0, 0)
    for free in (1, 2):
        lists.free = free
        machine.module("vmm.run").handle_exit(u64(vcpu.MAINTENANCE), u64(0), u64(0), u64(0), u64(0))
    assert lists.held == [(49, 0x80), (50, 0x80), (48, 0xA0), (51, 0xF0)]
    assert machine.load(GICD + 0x204) == 1 << 1


def test_the_kernel_is_told_about_the_timer() -> None:
    machine = fresh()
    machine.store(SGI + 0x418, 0x4000_0000)
    machine.store(SGI + 0x100, 1 << 27)
    machine.store(GICD, 2)
    machine.store(SGI + 0x180, 1 << 27)
    assert timer_settings(machine) == [0x40, 0x40, 0x140, 0x40]


def test_interrupting_oneself() -> None:
    machine = fresh()
    machine.store(GICD, 2)
    machine.store(SGI + 0x100, 0xFFFF)
    send = machine.module("vmm.gic").send_software_interrupt
    send(u64(5 << 24 | 1))
    assert machine.take_injected() == [5]
    for value in (
        5 << 24 | 2,
        1 << 40 | 5 << 24 | 1,
        5 << 24 | 1 << 16 | 1,
        5 << 24 | 1 << 32 | 1,
        5 << 24 | 1 << 48 | 1,
    ):
        send(u64(value))
        assert machine.take_injected() == [], hex(value)


@pytest.mark.parametrize("base", [GICD, GICR, SGI])
def test_unknown_registers_read_zero(base: int) -> None:
    machine = fresh()
    machine.store(base + 0x1230, 0xFFFF_FFFF)
    assert machine.load(base + 0x1230) == 0


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([GICD, GICR, SGI]),
            st.one_of(st.integers(0, 0xFFFF), st.integers(0, 0x1000), st.integers(0x6000, 0x6240)),
            st.integers(0, 3),
            st.integers(0, 2**64 - 1),
        ),
        max_size=30,
    ),
    st.integers(0, 2**64 - 1),
)
def test_no_access_traps_the_monitor(accesses: list[tuple[int, int, int, int]], software: int) -> None:
    machine = another_life()
    lists = Lists(machine, 4)
    for base, offset, size, value in accesses:
        machine.store(base + offset, value, size)
        machine.load(base + offset, size)
    machine.module("vmm.gic").send_software_interrupt(u64(software))
    assert machine.ending == 0
    assert len(lists.held) <= 4

"""Syndromes of a component become fault kinds."""

from __future__ import annotations

import random

import pytest

from keelback.abi import faults
from keelback.kernel import state
from keelback.kernel.arch.aarch64.component_exit import HANDLED, explain
from keelback.lang import u32, u64
from keelback.lang.registers import system_registers
from tests.kernel.support import CLIENT


def kind_of(syndrome: int) -> int:
    system_registers.update({"esr_el2": syndrome, "far_el2": 0x5500_0128})
    return int(explain(u32(CLIENT))[0])


@pytest.mark.parametrize(
    ("cause", "rest", "kind"),
    [
        (0x24, 0x05, faults.MEMORY_READ),
        (0x24, 0x45, faults.MEMORY_WRITE),
        (0x24, 0x145, faults.MEMORY_READ),
        (0x24, 0x0F, faults.MEMORY_READ),
        (0x24, 0x00, faults.MEMORY_READ),
        (0x24, 0x21, faults.ALIGNMENT),
        (0x24, 0x10, faults.OTHER),
        (0x20, 0x0F, faults.EXECUTE),
        (0x22, 0, faults.ALIGNMENT),
        (0x26, 0, faults.ALIGNMENT),
        (0x3C, 0x123, faults.TRAP),
        (0x18, 0, faults.UNDEFINED),
        (0x01, 0, faults.UNDEFINED),
        (0x19, 0, faults.UNDEFINED),
        (0x0E, 0, faults.OTHER),
    ],
)
def test_kinds(cause: int, rest: int, kind: int) -> None:
    assert kind_of(cause << 26 | rest) == kind


def test_a_memory_fault_tells_the_address_and_a_break_its_number() -> None:
    system_registers.update({"esr_el2": 0x24 << 26 | 5, "far_el2": 0x5500_0128})
    assert explain(u32(CLIENT))[1] == 0x5500_0128
    system_registers["esr_el2"] = 0x3C << 26 | 0x1232
    assert explain(u32(CLIENT))[3] == 0x1232


def test_the_first_undefined_instruction_gets_the_floating_point_registers() -> None:
    assert kind_of(0) == HANDLED
    assert state.cores[0].fp_owner == CLIENT
    assert state.threads[CLIENT].coprocessor == 3 << 20
    assert kind_of(0) == faults.UNDEFINED


def test_no_syndrome_traps_the_kernel() -> None:
    chance = random.Random(2)
    for _ in range(2000):
        assert HANDLED <= kind_of(chance.getrandbits(32)) <= faults.OTHER
        state.threads[CLIENT].coprocessor = u64(chance.choice((0, 3 << 20)))

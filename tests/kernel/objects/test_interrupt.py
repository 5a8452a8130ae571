"""Interrupts become signals, once per acknowledgement."""

from __future__ import annotations

import pytest

from keelback.abi import errors, objects, rights, syscalls
from keelback.kernel import state
from keelback.kernel.arch.aarch64.gic import gicd
from keelback.kernel.objects.interrupt import commit_connect_all, commit_fire, line_owners
from keelback.lang import u16, u32, u64
from keelback.lang.registers import system_registers
from tests.kernel.support import EMPTY, INTERRUPT, INTERRUPT_SLOT, LINE, SERVER, call, make_slot, refused, registers

DEACTIVATE = "s3_0_c12_c11_1"


def test_a_line_signals_its_owner() -> None:
    call(syscalls.WAIT, 2)
    assert commit_fire(u64(LINE))
    assert registers(SERVER)[9] == 1 << 40
    assert state.interrupts[INTERRUPT].fired


def test_a_line_of_nobody_is_reported() -> None:
    assert not commit_fire(u64(LINE + 1))


def test_acknowledge_deactivates_the_line() -> None:
    commit_fire(u64(LINE))
    assert call(syscalls.INTERRUPT_ACKNOWLEDGE, INTERRUPT_SLOT) == errors.OK
    assert system_registers[DEACTIVATE] == LINE
    assert not state.interrupts[INTERRUPT].fired


def test_acknowledge_needs_a_fired_interrupt() -> None:
    assert refused(syscalls.INTERRUPT_ACKNOWLEDGE, INTERRUPT_SLOT) == errors.STATE


@pytest.mark.parametrize(("slot", "status"), [(0, errors.BAD_SLOT), (EMPTY, errors.BAD_SLOT), (1, errors.WRONG_KIND)])
def test_acknowledge_refuses(slot: int, status: int) -> None:
    commit_fire(u64(LINE))
    assert refused(syscalls.INTERRUPT_ACKNOWLEDGE, slot) == status


def test_acknowledge_needs_control() -> None:
    commit_fire(u64(LINE))
    make_slot(SERVER, EMPTY, objects.INTERRUPT, INTERRUPT, given=rights.ALL & ~rights.CONTROL)
    assert refused(syscalls.INTERRUPT_ACKNOWLEDGE, EMPTY) == errors.NO_RIGHT


def test_boot_connects_only_lines_of_devices() -> None:
    line_owners[LINE] = u16(0)
    state.interrupts[2].line = u32(27)
    state.interrupts[3].line = u32(1020)
    gicd.bus.clear()
    commit_connect_all()
    assert line_owners[LINE] == INTERRUPT
    assert line_owners[27] == 0
    assert gicd.bus[0x104] == 1 << 1

"""Syndromes of a guest become exits, or are answered."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from keelback.abi import vcpu as abi
from keelback.kernel import state
from keelback.kernel.arch.aarch64 import guest_exit
from keelback.kernel.arch.aarch64.guest_exit import (
    HANDLED,
    IDLE,
    explain,
    explain_common,
    explain_system_error,
    is_common,
)
from keelback.lang import u32, u64
from keelback.lang.registers import system_registers
from tests.kernel.support import CLIENT, VCPU

GUEST = state.vcpus[VCPU]
MONITOR = state.threads[CLIENT]
LONG = 1 << 25


def exits(syndrome: int, fault_address: int = 0, page: int = 0) -> tuple[int, list[int]]:
    """The reason, and x1..x6 of the monitor. The short way of common exits tells the same."""
    system_registers.update({"esr_el2": syndrome, "far_el2": fault_address, "hpfar_el2": page >> 8})
    short = told(explain_common, syndrome) if is_common(u64(syndrome)) else None
    found = told(explain, syndrome)
    assert short is None or short == found
    return found


def told(explaining: Callable[[u32, state.Thread, u64], u64], syndrome: int) -> tuple[int, list[int]]:
    for number in range(1, 7):
        MONITOR.context.registers[number] = u64(0)
    reason = int(explaining(u32(VCPU), MONITOR, u64(syndrome)))
    return reason, [int(MONITOR.context.registers[number]) for number in range(1, 7)]


def data_abort(*, write: bool = False, size: int = 2, register: int = 5, extra: int = 0, status: int = 5) -> int:
    return 0x24 << 26 | LONG | 1 << 24 | size << 22 | register << 16 | write << 6 | status | extra


def test_a_load_tells_address_size_and_pc() -> None:
    GUEST.context.program_counter = u64(0x4020_0000)
    syndrome = data_abort()
    reason, details = exits(syndrome, 0xFFFF_8000_0123_4018, 0x0900_0000)
    assert reason == abi.MEMORY
    flags = abi.MEMORY_SYNDROME | 2 << abi.MEMORY_SIZE_LOW
    assert details[:5] == [0x0900_0018, flags, 0, 0x4020_0000, syndrome]
    assert GUEST.access == state.ACCESS_LOAD


@pytest.mark.parametrize(("size", "value"), [(0, 0x88), (1, 0x7788), (2, 0x5566_7788), (3, 0x1122_3344_5566_7788)])
def test_a_store_tells_its_value_cut_to_size(size: int, value: int) -> None:
    GUEST.context.registers[5] = u64(0x1122_3344_5566_7788)
    reason, details = exits(data_abort(write=True, size=size))
    assert reason == abi.MEMORY and details[2] == value
    assert details[1] & abi.MEMORY_WRITE
    assert GUEST.access == state.ACCESS_NONE


def test_a_store_of_the_zero_register_is_zero() -> None:
    assert exits(data_abort(write=True, register=31))[1][2] == 0


def test_sign_and_width_are_told() -> None:
    flags = exits(data_abort(extra=1 << 21 | 1 << 15))[1][1]
    assert flags & abi.MEMORY_SIGN_EXTEND and flags & abi.MEMORY_SIXTY_FOUR


def test_an_access_without_syndrome_says_so() -> None:
    flags = exits(0x24 << 26 | LONG | 1 << 6 | 5)[1][1]
    assert flags == abi.MEMORY_WRITE
    assert GUEST.access == state.ACCESS_NONE


def test_a_fetch_is_a_memory_exit() -> None:
    reason, details = exits(0x20 << 26 | LONG | 6, 0x5000_0004, 0x5000_0000)
    assert reason == abi.MEMORY
    assert details[:2] == [0x5000_0004, abi.MEMORY_FETCH]


def test_the_address_of_a_permission_fault_is_asked_of_stage_1() -> None:
    system_registers["par_el1"] = 0x4444_4000 | 0xF00 << 52
    assert exits(data_abort(status=0xF), 0x1234, 0x5555_5000)[1][0] == 0x4444_4234
    system_registers["par_el1"] = 1
    assert exits(data_abort(status=0xF), 0x1234, 0x5555_5000)[1][0] == 0x5555_5234


def test_other_aborts_are_faults() -> None:
    for status in (0x00, 0x10, 0x21, 0x30):
        assert exits(data_abort(status=status))[0] == abi.FAULT


def test_a_hypercall_tells_its_arguments() -> None:
    for number in range(5):
        GUEST.context.registers[number] = u64(100 + number)
    GUEST.context.program_counter = u64(0x1004)
    assert exits(0x16 << 26 | LONG | 7) == (abi.HYPERCALL, [100, 101, 102, 103, 104, 7])
    assert GUEST.context.program_counter == 0x1004
    assert GUEST.access == state.ACCESS_HYPERCALL


def test_a_secure_call_moves_on() -> None:
    GUEST.context.program_counter = u64(0x1000)
    assert exits(0x17 << 26 | LONG)[0] == abi.SECURE_CALL
    assert GUEST.context.program_counter == 0x1004


def test_wfi_waits_and_wfe_goes_on() -> None:
    GUEST.context.program_counter = u64(0x1000)
    assert exits(0x01 << 26 | LONG)[0] == IDLE
    assert exits(0x01 << 26 | LONG | 1)[0] == HANDLED
    assert GUEST.context.program_counter == 0x1008


def system_register(op0: int, op1: int, crn: int, crm: int, op2: int, *, register: int = 3, read: bool = True) -> int:
    return 0x18 << 26 | LONG | op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | register << 5 | crm << 1 | read


def test_an_unknown_register_goes_to_the_monitor() -> None:
    GUEST.context.registers[3] = u64(77)
    write = system_register(3, 0, 12, 11, 5, read=False)  # ICC_SGI1R_EL1
    reason, details = exits(write)
    assert reason == abi.SYSTEM_REGISTER
    assert details[:3] == [write & 0x1FF_FFFF, 0, 77]
    assert GUEST.access == state.ACCESS_NONE
    assert exits(system_register(3, 0, 12, 11, 5))[1][1:3] == [1, 0]
    assert GUEST.access == state.ACCESS_REGISTER


@pytest.mark.parametrize("encoding", [(2, 0, 0, 2, 2), (3, 3, 9, 12, 0), (3, 3, 14, 8, 0), (3, 0, 1, 0, 1)])
def test_debug_performance_and_auxiliary_registers_read_as_zero(encoding: tuple[int, int, int, int, int]) -> None:
    GUEST.context.registers[3] = u64(77)
    assert exits(system_register(*encoding))[0] == HANDLED
    assert GUEST.context.registers[3] == 0
    assert exits(system_register(*encoding, read=False))[0] == HANDLED
    assert exits(system_register(*encoding, register=31))[0] == HANDLED


@pytest.mark.parametrize(
    ("crm", "op2", "name", "real", "seen"),
    [
        (3, 0, "mvfr0_el1", 0x1011_0222, 0x1011_0222),
        (3, 1, "mvfr1_el1", 0x1211_1111, 0x1211_1111),
        (4, 0, "id_aa64pfr0_el1", 0x1100_1111_1111_2222, 0x1100_0000_0111_0011),
        (4, 1, "id_aa64pfr1_el1", 0xFFFF, 0xF0),
        (4, 4, "id_aa64zfr0_el1", 0xFFFF, 0),
        (5, 0, "id_aa64dfr0_el1", 0x1030_5106, 0x1030_5006),
        (6, 0, "id_aa64isar0_el1", 0x1_1120 | 1 << 24, 0x1_1120),
        (6, 1, "id_aa64isar1_el1", 0x1111, 0x1001),
        (6, 2, "id_aa64isar2_el1", 0xFFFF, 0),
        (7, 0, "id_aa64mmfr0_el1", 0x1124, 0x1122),
        (7, 0, "id_aa64mmfr0_el1", 0x1121, 0x1121),
        (7, 1, "id_aa64mmfr1_el1", 0x1111_1111, 0x1010_1001),
        (7, 2, "id_aa64mmfr2_el1", 0x1111_1111, 0x1011_0111),
        (1, 0, "id_pfr0_el1", 0x131, 0),
    ],
)
def test_identification_is_masked(crm: int, op2: int, name: str, real: int, seen: int) -> None:
    system_registers[name] = real
    assert exits(system_register(3, 0, 0, crm, op2))[0] == HANDLED
    assert GUEST.context.registers[3] == seen


def test_the_first_use_of_floating_point_hands_the_registers_over() -> None:
    assert exits(0x07 << 26 | LONG | 0x1E0_0000)[0] == HANDLED
    assert state.cores[0].fp_owner == state.FIRST_VCPU_OWNER + VCPU


def test_everything_else_is_a_fault() -> None:
    reason, details = exits(0x0E << 26 | LONG, 0x123, 0x4567_8000)
    assert reason == abi.FAULT
    assert details[:4] == [0x0E << 26 | LONG, 0x123, 0, 0x4567_8000]
    system_registers["esr_el2"] = 0x2F << 26
    assert explain_system_error(u32(VCPU), MONITOR) == abi.FAULT


def test_no_syndrome_traps_the_kernel() -> None:
    chance = random.Random(1)
    for _ in range(3000):
        syndrome = chance.getrandbits(32) | chance.choice((0x24, 0x20, 0x18, 0x16, chance.randrange(64))) << 26
        for number in range(31):
            GUEST.context.registers[number] = u64(chance.getrandbits(64))
        GUEST.context.program_counter = u64(chance.choice((0, u64.MAX, chance.getrandbits(64))))
        system_registers["par_el1"] = chance.getrandbits(64)
        reason, _ = exits(syndrome & 0xFFFF_FFFF, chance.getrandbits(64), chance.getrandbits(44) << 12)
        assert abi.MEMORY <= reason <= abi.FAULT or reason in (HANDLED, IDLE)
        assert int(guest_exit.load_value(u64(syndrome), u64(chance.getrandbits(64)))) <= u64.MAX

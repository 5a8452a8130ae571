"""PSCI and SMCCC as one processor answers them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keelback.abi import vcpu
from keelback.lang import u64
from tests.user.virtio.machine import Machine

NOT_SUPPORTED, INVALID, ALREADY_ON = 2**64 - 1, 2**64 - 2, 2**64 - 4
POWERED_OFF, RESET = 1, 2


def call(machine: Machine, function: int, first: int = 0, second: int = 0, reason: int = vcpu.HYPERCALL) -> int:
    """A hypercall through the run loop; the guest's next x0."""
    handle = machine.module("vmm.run").handle_exit
    actions, value = handle(u64(reason), u64(function), u64(first), u64(second), u64(0))
    assert actions == vcpu.WRITE_RESULT
    return int(value)


ANSWERS = [
    (0x84000000, 0, 0, 0x10001),
    (0x84000006, 0, 0, 2),
    (0x84000003, 0, 0, ALREADY_ON),
    (0xC4000003, 0, 0x40000000, ALREADY_ON),
    (0xC4000003, 1, 0, INVALID),
    (0xC4000004, 0, 0, 0),
    (0x84000004, 0, 3, 0),
    (0xC4000004, 0, 4, INVALID),
    (0xC4000004, 0x100, 0, INVALID),
    (0x80000000, 0, 0, 0x10001),
    (0x80000001, 0x80000000, 0, 0),
    (0x80000001, 0x80000001, 0, 0),
    (0x80000001, 0x80008000, 0, NOT_SUPPORTED),
    (0x80000001, 0xC5000020, 0, NOT_SUPPORTED),
    (0x84000050, 0, 0, NOT_SUPPORTED),
    (0x8600FF01, 0, 0, NOT_SUPPORTED),
    (0xC4000012, 1, 0, INVALID),
    (0xFFFF_FFFF_8400_0000, 0, 0, 0x10001),
]


@pytest.mark.parametrize(("function", "first", "second", "answer"), ANSWERS)
@pytest.mark.parametrize("reason", [vcpu.HYPERCALL, vcpu.SECURE_CALL])
def test_answers(function: int, first: int, second: int, answer: int, reason: int) -> None:
    machine = Machine()
    assert call(machine, function, first, second, reason) == answer
    assert machine.ending == 0
    assert machine.lines() == []


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        (0x80000000, 0),
        (0x84000000, 0),
        (0xC4000003, 0),
        (0x84000009, 0),
        (0xC4000012, 0),
        (0xC4000001, NOT_SUPPORTED),
        (0xC400000E, NOT_SUPPORTED),
        (0xC4000008, NOT_SUPPORTED),
    ],
)
def test_features(number: int, answer: int) -> None:
    assert call(Machine(), 0x8400000A, number) == answer


@pytest.mark.parametrize(
    ("function", "first", "ending"),
    [
        (0x84000008, 0, POWERED_OFF),
        (0x84000002, 0, POWERED_OFF),
        (0x84000009, 0, RESET),
        (0x84000012, 0, RESET),
        (0xC4000012, 0, RESET),
    ],
)
def test_calls_that_end_the_guest(function: int, first: int, ending: int) -> None:
    machine = Machine()
    call(machine, function, first)
    assert machine.ending == ending


def test_unimplemented_calls_are_told_a_few_times() -> None:
    machine = Machine()
    for _ in range(100):
        assert call(machine, 0xC4000001) == NOT_SUPPORTED
    assert machine.lines() == ["guest made unimplemented PSCI call 0x00000000c4000001"] * 8
    assert machine.ending == 0


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.integers(0, 2**64 - 1), st.integers(0x84000000, 0x84000020), st.integers(0xC4000000, 0xC4000020)),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
)
def test_any_call_is_answered(function: int, first: int, second: int) -> None:
    call(MACHINE, function, first, second)


MACHINE = Machine()

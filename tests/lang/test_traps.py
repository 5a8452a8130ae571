"""Traps as CPython shows them."""

from __future__ import annotations

import pytest

from keelback.lang import Ref, Trap, TrapKind, expect_trap, struct, trap_kind, u8, u64, unreachable


@struct
class Node:
    value: u64 = u64(0)
    next: Ref[Node] | None = None


def test_the_numbers_are_fixed() -> None:
    assert {kind.name: kind.value for kind in TrapKind} == {
        "OVERFLOW": 1,
        "INDEX": 2,
        "SHIFT": 3,
        "DIVIDE": 4,
        "NONE": 5,
        "ASSERT": 6,
        "CONVERT": 7,
        "MEMORY": 8,
        "UNREACHABLE": 9,
    }


def test_a_trap_tells_its_kind_and_detail() -> None:
    with pytest.raises(Trap, match=r"^OVERFLOW: \+ of u8 gives 0x100$") as caught:
        _ = u8(255) + 1
    assert caught.value.kind is TrapKind.OVERFLOW
    assert str(Trap(2)) == "INDEX"
    with pytest.raises(ValueError, match="not a valid TrapKind"):
        Trap(0)


def test_unreachable_traps() -> None:
    with expect_trap(TrapKind.UNREACHABLE):
        unreachable()


def test_pythons_own_traps_have_kinds() -> None:
    with expect_trap(TrapKind.ASSERT):
        assert u8(1) == 2
    node = Node().next
    with expect_trap(TrapKind.NONE):
        _ = node.value  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]


def test_other_errors_are_not_traps() -> None:
    assert trap_kind(ValueError()) is None
    assert trap_kind(AttributeError("gone", name="x", obj=3)) is None
    with pytest.raises(ValueError, match="mine"), expect_trap(TrapKind.INDEX):
        raise ValueError("mine")


def test_expect_trap_fails_when_it_should() -> None:
    with pytest.raises(AssertionError, match="expected the trap INDEX, nothing trapped"), expect_trap(TrapKind.INDEX):
        pass
    with pytest.raises(AssertionError, match="expected the trap INDEX, got DIVIDE"), expect_trap(TrapKind.INDEX):
        _ = u8(1) // 0

"""Every operator of every integer class against Python's unbounded ints."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keelback.lang import GuestPhysAddr, PhysAddr, TrapKind, VirtAddr, expect_trap, i64, u8, u16, u32, u64
from keelback.lang.integers import INTEGER_CLASSES, Integer, Unsigned

UNSIGNED: list[type[Unsigned]] = [u8, u16, u32, u64, PhysAddr, VirtAddr, GuestPhysAddr]
ALL: list[type[Integer]] = [*UNSIGNED, i64]

CHECKED: list[Callable[[Any, Any], Any]] = [operator.add, operator.sub, operator.mul]
BITWISE: list[Callable[[Any, Any], Any]] = [operator.and_, operator.or_, operator.xor]
DIVIDING: list[Callable[[Any, Any], Any]] = [operator.floordiv, operator.mod]
COMPARING: list[Callable[[Any, Any], bool]] = [
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
]


def numbers(kind: type[Integer]) -> st.SearchStrategy[int]:
    """Values of `kind`, the corners more often than chance would have them."""
    corners = [kind.MIN, kind.MIN + 1, 0, 1, kind.MAX // 2, kind.MAX - 1, kind.MAX]
    corners += [-1] if kind.SIGNED else []
    return st.one_of(st.sampled_from(corners), st.integers(kind.MIN, kind.MAX), st.integers(0, 3))


@st.composite
def pairs(draw: st.DrawFn, kinds: Sequence[type[Integer]]) -> tuple[type[Integer], int, int]:
    kind = draw(st.sampled_from(kinds))
    return kind, draw(numbers(kind)), draw(numbers(kind))


def as_signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def reduced(kind: type[Integer], value: int) -> int:
    """`value` modulo 2**WIDTH as `kind` reads it."""
    return as_signed(value) if kind is i64 else value & kind.MAX


def test_classes_and_ranges() -> None:
    assert [(kind.__name__, kind.WIDTH, kind.MIN, kind.MAX) for kind in (u8, u16, u32, u64, i64)] == [
        ("u8", 8, 0, 0xFF),
        ("u16", 16, 0, 0xFFFF),
        ("u32", 32, 0, 0xFFFF_FFFF),
        ("u64", 64, 0, 0xFFFF_FFFF_FFFF_FFFF),
        ("i64", 64, -(1 << 63), (1 << 63) - 1),
    ]
    assert all((kind.WIDTH, kind.MAX) == (64, u64.MAX) for kind in (PhysAddr, VirtAddr, GuestPhysAddr))
    assert set(INTEGER_CLASSES) == set(ALL)


@given(pairs(ALL), st.sampled_from(CHECKED))
def test_arithmetic_is_exact_or_traps(pair: tuple[type[Integer], int, int], apply: Callable[[Any, Any], Any]) -> None:
    kind, left, right = pair
    exact = apply(left, right)
    for sides in ((kind(left), kind(right)), (kind(left), right), (left, kind(right))):
        if kind.MIN <= exact <= kind.MAX:
            result = apply(*sides)
            assert type(result) is kind
            assert int(result) == exact
        else:
            with expect_trap(TrapKind.OVERFLOW):
                apply(*sides)


@given(pairs(ALL), st.sampled_from(BITWISE))
def test_bitwise(pair: tuple[type[Integer], int, int], apply: Callable[[Any, Any], Any]) -> None:
    kind, left, right = pair
    for sides in ((kind(left), kind(right)), (kind(left), right), (left, kind(right))):
        result = apply(*sides)
        assert type(result) is kind
        assert int(result) == apply(left, right)


@given(pairs(ALL))
def test_invert_flips_every_bit(pair: tuple[type[Integer], int, int]) -> None:
    kind, value, _ = pair
    assert ~kind(value) == kind(reduced(kind, ~value))


@given(pairs(UNSIGNED), st.sampled_from(DIVIDING))
def test_division(pair: tuple[type[Unsigned], int, int], apply: Callable[[Any, Any], Any]) -> None:
    kind, left, right = pair
    for sides in ((kind(left), kind(right)), (kind(left), right), (left, kind(right))):
        if right == 0:
            with expect_trap(TrapKind.DIVIDE):
                apply(*sides)
        else:
            result = apply(*sides)
            assert type(result) is kind
            assert int(result) == apply(left, right)


@pytest.mark.parametrize("apply", DIVIDING)
def test_i64_does_not_divide(apply: Callable[[Any, Any], Any]) -> None:
    with pytest.raises(TypeError):
        apply(i64(7), i64(2))


@given(pairs(ALL), st.integers(0, 130))
def test_shifts(pair: tuple[type[Integer], int, int], amount: int) -> None:
    kind, value, _ = pair
    amounts: list[Any] = [amount, *([kind(amount)] if amount <= kind.MAX else [])]
    for each in amounts:
        if amount >= kind.WIDTH:
            with expect_trap(TrapKind.SHIFT):
                _ = kind(value) << each
            with expect_trap(TrapKind.SHIFT):
                _ = kind(value) >> each
        else:
            assert int(kind(value) << each) == reduced(kind, value << amount)
            assert int(kind(value) >> each) == value >> amount


@given(pairs(ALL))
def test_a_literal_can_be_shifted(pair: tuple[type[Integer], int, int]) -> None:
    kind, value, amount = pair
    if 0 <= amount < kind.WIDTH:
        assert value << kind(amount) == kind(value) << kind(amount)
        assert value >> kind(amount) == kind(value) >> kind(amount)
    else:
        with expect_trap(TrapKind.SHIFT):
            _ = value << kind(amount)
        with expect_trap(TrapKind.SHIFT):
            _ = value >> kind(amount)


@pytest.mark.parametrize("kind", ALL)
def test_a_negative_shift_traps(kind: type[Integer]) -> None:
    with expect_trap(TrapKind.SHIFT):
        _ = kind(1) << -1


@given(pairs(ALL), st.sampled_from(COMPARING))
def test_comparisons(pair: tuple[type[Integer], int, int], compare: Callable[[Any, Any], bool]) -> None:
    kind, left, right = pair
    expected = compare(left, right)
    assert compare(kind(left), kind(right)) is expected
    assert compare(kind(left), right) is expected
    assert compare(left, kind(right)) is expected


@given(numbers(i64))
def test_negation(value: int) -> None:
    if value == i64.MIN:
        with expect_trap(TrapKind.OVERFLOW):
            _ = -i64(value)
    else:
        assert -i64(value) == i64(-value)


@given(numbers(u64))
def test_i64_and_its_bits(bits: int) -> None:
    assert int(i64.from_bits(u64(bits))) == as_signed(bits)
    assert i64.from_bits(u64(bits)).to_bits() == u64(bits)


@given(pairs(UNSIGNED))
def test_wrapping(pair: tuple[type[Unsigned], int, int]) -> None:
    kind, left, right = pair
    value: Any = kind(left)
    for other in (kind(right), right):
        assert value.wrapping_add(other) == kind((left + right) & kind.MAX)
        assert value.wrapping_sub(other) == kind((left - right) & kind.MAX)
        assert value.wrapping_mul(other) == kind((left * right) & kind.MAX)


@given(pairs(UNSIGNED))
def test_rotation_is_modulo_the_width(pair: tuple[type[Unsigned], int, int]) -> None:
    kind, value, amount = pair
    digits = f"{value:0{kind.WIDTH}b}"
    turn = amount % kind.WIDTH
    left = kind(int(digits[turn:] + digits[:turn], 2))
    assert kind(value).rotate_left(amount) == left
    assert left.rotate_right(kind(amount)) == kind(value)


@given(pairs(UNSIGNED))
def test_bit_counts(pair: tuple[type[Unsigned], int, int]) -> None:
    kind, value, _ = pair
    digits = f"{value:0{kind.WIDTH}b}"
    assert kind(value).leading_zeros() == len(digits) - len(digits.lstrip("0"))
    assert kind(value).trailing_zeros() == len(digits) - len(digits.rstrip("0"))
    assert kind(value).count_ones() == digits.count("1")
    assert type(kind(value).count_ones()) is kind


@given(pairs(UNSIGNED))
def test_swap_bytes(pair: tuple[type[Unsigned], int, int]) -> None:
    kind, value, _ = pair
    size = kind.WIDTH // 8
    assert kind(value).swap_bytes() == kind(int.from_bytes(value.to_bytes(size, "big"), "little"))


@given(pairs(UNSIGNED), st.integers(0, 80))
def test_bit(pair: tuple[type[Unsigned], int, int], number: int) -> None:
    kind, value, _ = pair
    if number < kind.WIDTH:
        assert kind(value).bit(number) is bool(value & (1 << number))
        assert kind(value).bit(kind(number)) is bool(value & (1 << number))
    else:
        with expect_trap(TrapKind.SHIFT):
            kind(value).bit(number)


@given(st.sampled_from(ALL), st.sampled_from(ALL).flatmap(lambda kind: st.tuples(st.just(kind), numbers(kind))))
def test_conversion(target: type[Integer], source: tuple[type[Integer], int]) -> None:
    kind, value = source
    assert target.truncate(kind(value)) == target(reduced(target, value))
    if target.MIN <= value <= target.MAX:
        assert int(target(kind(value))) == value
        assert type(target(kind(value))) is target
    else:
        with expect_trap(TrapKind.CONVERT):
            target(kind(value))


def test_conversion_from_bool() -> None:
    assert u32(True) == 1
    assert u32(False) == 0


@pytest.mark.parametrize("apply", [*CHECKED, *BITWISE, *DIVIDING, *COMPARING, operator.lshift, operator.rshift])
@pytest.mark.parametrize("other", [u32(1), PhysAddr(1), i64(1), True, 1.0])
def test_mixing_is_a_type_error(apply: Callable[[Any, Any], Any], other: object) -> None:
    if isinstance(other, float) and apply in (operator.eq, operator.ne):
        assert apply(u64(1), other) is (apply is operator.ne)
        return
    with pytest.raises(TypeError):
        apply(u64(1), other)


@pytest.mark.parametrize("apply", [*CHECKED, *BITWISE, *DIVIDING, *COMPARING])
@pytest.mark.parametrize("literal", [-1, 256])
def test_a_literal_must_fit(apply: Callable[[Any, Any], Any], literal: int) -> None:
    with pytest.raises(TypeError, match="does not fit u8"):
        apply(u8(1), literal)
    with pytest.raises(TypeError, match="does not fit u8"):
        apply(literal, u8(1))


def test_the_error_names_both_classes() -> None:
    left: Any = u64(1)
    with pytest.raises(TypeError, match="u64 and u32 do not mix: convert one of them"):
        _ = left + u32(1)


def test_integers_are_not_truth_values() -> None:
    value: Any = u64(1)
    with pytest.raises(TypeError, match="not a truth value"):
        bool(value)


def test_values_are_dictionary_keys_and_equal_their_literal() -> None:
    table: dict[Any, str] = {u64(5): "five"}
    assert table[5] == "five"
    assert table[u64(5)] == "five"
    assert u64(5) is not None
    absent: Any = None
    assert (u64(5) == absent) is False


def test_values_have_no_further_attributes() -> None:
    value: Any = u64(5)
    with pytest.raises(AttributeError):
        value.note = 1


def test_values_survive_copying_and_pickling() -> None:
    values: list[Any] = [u8(200), i64(-3)]
    for value in values:
        for copied in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
            assert type(copied) is type(value)
            assert copied == value


def test_only_integers_convert() -> None:
    for wrong in (1.5, "1", None):
        value: Any = wrong
        with pytest.raises(TypeError):
            u64(value)


def test_texts_of_values() -> None:
    assert repr(u64(16)) == "u64(0x10)"
    assert repr(i64(-1)) == "i64(-0x1)"
    assert f"{u64(255):#06x}" == "0x00ff"
    assert f"{u8(3)}" == "u8(0x3)"


def test_minimum_and_maximum() -> None:
    assert min(u32(4), u32(3)) == u32(3)
    assert max(i64(-4), i64(-3)) == i64(-3)


def test_augmented_forms_give_new_values() -> None:
    value = before = u32(6)
    value += 4
    value <<= 2
    value |= 3
    value -= u32(1)
    value //= 2
    value %= 16
    value ^= 1
    value >>= 1
    value &= 6
    value *= 3
    assert value == 6
    assert type(value) is u32
    assert before == 6


def test_values_serve_python_as_ints() -> None:
    assert hex(u64(16)) == "0x10"
    assert list(range(u8(2))) == [0, 1]


def test_from_bits_takes_the_unsigned_class() -> None:
    wrong: Any = u32(1)
    with pytest.raises(TypeError, match=r"i64\.from_bits takes a u64, not u32"):
        i64.from_bits(wrong)

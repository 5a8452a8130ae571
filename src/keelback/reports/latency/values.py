"""What is known of a number in a register: a small set of values, or a range that it is in.

All numbers are unsigned. Every operation gives a superset of what can come out, never less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

MEMBER_LIMIT = 128
"""Above it only the range is kept."""


@dataclass(frozen=True)
class Value:
    """From `low` to `high`, both included; only the `members` where they are not None."""

    low: int
    high: int
    members: frozenset[int] | None

    @property
    def constant(self) -> int | None:
        """The one value it can have."""
        return self.low if self.low == self.high else None

    def covers(self, other: Value) -> bool:
        """Whether everything that `other` can be is in here."""
        if self.members is not None:
            return other.members is not None and other.members <= self.members
        return self.low <= other.low and other.high <= self.high


def exactly(number: int) -> Value:
    """One value."""
    return Value(number, number, frozenset((number,)))


def between(low: int, high: int) -> Value:
    """All of a range."""
    members = frozenset(range(low, high + 1)) if high - low < MEMBER_LIMIT else None
    return Value(low, high, members)


def among(numbers: Iterable[int]) -> Value:
    """One of some."""
    members = frozenset(numbers)
    return Value(min(members), max(members), members if len(members) <= MEMBER_LIMIT else None)


def anything(bits: int) -> Value:
    """Nothing is known but the width."""
    return Value(0, (1 << bits) - 1, None)


UNKNOWN = anything(64)


def union(first: Value, second: Value) -> Value:
    """One or the other."""
    if first == second:
        return first
    if first.members is not None and second.members is not None:
        return among(first.members | second.members)
    return Value(min(first.low, second.low), max(first.high, second.high), None)


def narrow(value: Value, bits: int) -> Value:
    """The low bits."""
    if value.high < 1 << bits:
        return value
    if value.members is not None:
        return among(member & ((1 << bits) - 1) for member in value.members)
    return anything(bits)


def each(function: Callable[[int], int], value: Value, bits: int) -> Value:
    """`function` of every member; anything where the members are not known."""
    if value.members is None:
        return anything(bits)
    mask = (1 << bits) - 1
    return among(function(member) & mask for member in value.members)


def combine(function: Callable[[int, int], int], first: Value, second: Value, bits: int) -> Value | None:
    """`function` of all pairs of members, or None where there are too many."""
    if first.members is None or second.members is None:
        return None
    if len(first.members) * len(second.members) > MEMBER_LIMIT:
        return None
    mask = (1 << bits) - 1
    return among(function(one, other) & mask for one in first.members for other in second.members)


def _ranged(low: int, high: int, bits: int) -> Value:
    if low < 0 or high >= 1 << bits:
        return anything(bits)
    return between(low, high)


def _ones(number: int) -> int:
    return (1 << number.bit_length()) - 1


def add(first: Value, second: Value, bits: int) -> Value:
    """Sum, wrapping."""
    found = combine(lambda one, other: one + other, first, second, bits)
    return found or _ranged(first.low + second.low, first.high + second.high, bits)


def subtract(first: Value, second: Value, bits: int) -> Value:
    """Difference, wrapping."""
    found = combine(lambda one, other: one - other, first, second, bits)
    return found or _ranged(first.low - second.high, first.high - second.low, bits)


def conjoin(first: Value, second: Value, bits: int) -> Value:
    """Bitwise and."""
    found = combine(lambda one, other: one & other, first, second, bits)
    if (
        found is None
        and second.constant is not None
        and second.high == _ones(second.high)
        and first.high <= second.high
    ):
        return first
    return found or between(0, min(first.high, second.high))


def disjoin(first: Value, second: Value, bits: int) -> Value:
    """Bitwise or."""
    found = combine(lambda one, other: one | other, first, second, bits)
    return found or between(max(first.low, second.low), _ones(first.high | second.high))


def differ(first: Value, second: Value, bits: int) -> Value:
    """Bitwise exclusive or. High bits that are the same all through a range stay known."""
    found = combine(lambda one, other: one ^ other, first, second, bits)
    free = _ones((first.low ^ first.high) | (second.low ^ second.high))
    if second.constant is not None and not second.low & free:
        return found or between(first.low ^ second.low, first.high ^ second.low)
    low = (first.low ^ second.low) & ~free
    return found or between(low, low | free)


def multiply(first: Value, second: Value, bits: int) -> Value:
    """Product, wrapping."""
    found = combine(lambda one, other: one * other, first, second, bits)
    return found or _ranged(first.low * second.low, first.high * second.high, bits)


def divide(first: Value, second: Value, bits: int) -> Value:
    """Quotient of unsigned numbers; by zero it is zero, as the processor has it."""
    found = combine(lambda one, other: one // other if other else 0, first, second, bits)
    low = first.low // second.high if second.low else 0
    return found or between(low, first.high // max(second.low, 1))


def shift_left(value: Value, count: Value, bits: int) -> Value:
    """Left by `count` modulo the width."""
    found = combine(lambda one, other: one << other % bits, value, count, bits)
    if found is not None or count.constant is None:
        return found or anything(bits)
    return _ranged(value.low << count.constant % bits, value.high << count.constant % bits, bits)


def shift_right(value: Value, count: Value, bits: int) -> Value:
    """Right by `count` modulo the width, zeros coming in."""
    found = combine(lambda one, other: one >> other % bits, value, count, bits)
    if found is not None or count.constant is None:
        return found or between(0, value.high)
    return between(value.low >> count.constant % bits, value.high >> count.constant % bits)


def signed(number: int, bits: int) -> int:
    """A number of so many bits read as two's complement."""
    return number - (1 << bits) if number >> (bits - 1) & 1 else number

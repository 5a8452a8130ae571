"""Conditional branches: which ways are possible, and what each says about the registers compared.

The flags are those of Arm DDI 0487, B1.2.2; the conditions are C1.2.4.
"""

from __future__ import annotations

from keelback.reports.latency.states import Comparison, State
from keelback.reports.latency.values import Value, among, between, combine, exactly, signed

OPPOSITES = (("eq", "ne"), ("hs", "lo"), ("mi", "pl"), ("vs", "vc"), ("hi", "ls"), ("ge", "lt"), ("gt", "le"))
INVERSE = dict((*OPPOSITES, *((other, name) for name, other in OPPOSITES)))
SWAPPED = {"eq": "eq", "ne": "ne", "hs": "ls", "ls": "hs", "lo": "hi", "hi": "lo"}
SAME = {"cs": "hs", "cc": "lo"}
UNSIGNED_OF = {"ge": "hs", "lt": "lo", "gt": "hi", "le": "ls"}
BOTH = frozenset((True, False))


def flags_of(comparison: Comparison, first: int, second: int) -> int:
    """NZCV of one pair of operands."""
    bits = comparison.bits
    mask = (1 << bits) - 1
    if comparison.operation == "flags":
        return first
    if comparison.operation == "and":
        result, carry, overflow = first & second, False, False
    elif comparison.operation == "add":
        result, carry = (first + second) & mask, first + second > mask
        overflow = signed(result, bits) != signed(first, bits) + signed(second, bits)
    else:
        result, carry = (first - second) & mask, first >= second
        overflow = signed(result, bits) != signed(first, bits) - signed(second, bits)
    return (result >> (bits - 1)) << 3 | (result == 0) << 2 | carry << 1 | overflow


def holds(condition: str, flags: int) -> bool:
    """Whether a condition holds for NZCV."""
    negative, zero, carry, overflow = (bool(flags >> bit & 1) for bit in (3, 2, 1, 0))
    positive = {
        "eq": zero,
        "hs": carry,
        "mi": negative,
        "vs": overflow,
        "hi": carry and not zero,
        "ge": negative == overflow,
        "gt": negative == overflow and not zero,
        "al": True,
    }
    condition = SAME.get(condition, condition)
    return positive[condition] if condition in positive else not positive[INVERSE[condition]]


def outcomes(state: State, condition: str) -> frozenset[bool]:
    """What a condition can be."""
    comparison = state.comparison
    if comparison is None:
        return BOTH

    def decide(first: int, second: int) -> int:
        return holds(condition, flags_of(comparison, first, second))

    found = combine(decide, comparison.first, comparison.second, 1)
    if found is not None and found.members is not None:
        return frozenset(bool(member) for member in found.members)
    return _range_outcomes(comparison, SAME.get(condition, condition))


def _range_outcomes(comparison: Comparison, condition: str) -> frozenset[bool]:
    first, second = comparison.first, comparison.second
    if comparison.operation == "add" and condition in ("hs", "lo"):
        limit = 1 << comparison.bits
        if first.low + second.low >= limit or first.high + second.high < limit:
            return frozenset(((first.low + second.low >= limit) == (condition == "hs"),))
    if comparison.operation != "subtract":
        return BOTH
    if condition in UNSIGNED_OF and max(first.high, second.high) < 1 << (comparison.bits - 1):
        condition = UNSIGNED_OF[condition]
    if condition in ("lo", "ls", "ne"):
        return frozenset(not found for found in _range_outcomes(comparison, INVERSE[condition]))
    if condition == "hs" and (first.low >= second.high or first.high < second.low):
        return frozenset((first.low >= second.high,))
    if condition == "hi" and (first.low > second.high or first.high <= second.low):
        return frozenset((first.low > second.high,))
    if condition == "eq" and (first.low > second.high or first.high < second.low):
        return frozenset((False,))
    return BOTH


def learn(state: State, condition: str) -> bool:
    """Narrow the compared registers to what `condition` leaves of them. False: it cannot hold."""
    comparison = state.comparison
    condition = SAME.get(condition, condition)
    if True not in outcomes(state, condition):
        return False
    if comparison is not None and comparison.operation == "add" and condition in ("eq", "ne"):
        _learn_sum(state, comparison, condition)
    if comparison is None or comparison.operation != "subtract" or condition not in SWAPPED:
        return True
    first = restrict(comparison.first, condition, comparison.second)
    second = restrict(comparison.second, SWAPPED[condition], comparison.first)
    if first is None or second is None:
        return False
    for register, value in ((comparison.first_register, first), (comparison.second_register, second)):
        if register is not None and state.read(register).high < 1 << comparison.bits:
            state.refine(register, value)
    state.comparison = comparison._replace(first=first, second=second)
    return True


def _learn_sum(state: State, comparison: Comparison, condition: str) -> None:
    """`cmn`: that the sum with a constant is zero, or is not."""
    added, register = comparison.second.constant, comparison.first_register
    if added is None or register is None or state.read(register) != comparison.first:
        return
    left = restrict(comparison.first, condition, exactly(-added & (1 << comparison.bits) - 1))
    if left is not None:
        state.refine(register, left)


def restrict(value: Value, condition: str, other: Value) -> Value | None:
    """Those of `value` for which the condition can hold against some of `other`; None for none."""
    low, high = value.low, value.high
    if condition in ("eq", "hs", "hi"):
        low = max(low, other.low + (condition == "hi"))
    if condition in ("eq", "ls", "lo"):
        high = min(high, other.high - (condition == "lo"))
    if low > high:
        return None
    if value.members is None and condition != "ne":
        return between(low, high)
    if condition == "ne" and other.constant is not None:
        if value.members is None:
            low, high = low + (low == other.constant), high - (high == other.constant)
            return between(low, high) if low <= high else None
        left = value.members - {other.constant}
        return among(left) if left else None
    if value.members is None:
        return value
    left = frozenset(member for member in value.members if low <= member <= high)
    if condition == "eq" and other.members is not None:
        left &= other.members
    return among(left) if left else None

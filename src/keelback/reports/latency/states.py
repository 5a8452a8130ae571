"""What is known at a point of a path: registers, the words kept on the stack, the flags, why the kernel was entered.

A register or word that is not in its table is unknown. The kernel's stack is taken to lie at STACK_TOP, where nothing
else is: writes through pointers that are not known are taken to leave it alone, since the language hands out no
pointers to locals but as arguments, which are followed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from keelback.reports.latency.machine_code import STACK_POINTER, ZERO
from keelback.reports.latency.values import UNKNOWN, Value, among, anything, exactly, narrow, union

STACK_TOP = 0x7FFF_0000_0000
STACK_LIMIT_BYTES = 1 << 20


class Comparison(NamedTuple):
    """What the flags came from: `first` minus, plus or and `second`; and the registers that still hold the operands."""

    operation: str  # "subtract", "add", "and", or "flags": first is NZCV itself
    bits: int
    first: Value
    second: Value
    first_register: int | None
    second_register: int | None


class Derived(NamedTuple):
    """A register's value for each value of another register, `source`."""

    source: int
    results: dict[int, int]


@dataclass
class State:
    """Changed in place along a path; `copy` where paths part."""

    registers: dict[int, Value] = field(default_factory=dict[int, Value])
    words: dict[int, tuple[int, Value]] = field(default_factory=dict[int, tuple[int, Value]])  # address: bytes, value
    comparison: Comparison | None = None
    system: dict[str, Value] = field(default_factory=dict[str, Value])  # registers that say why the kernel was entered
    derived: dict[int, Derived] = field(default_factory=dict[int, Derived])  # registers that are functions of another

    def copy(self) -> State:
        """An independent one."""
        return State(dict(self.registers), dict(self.words), self.comparison, dict(self.system), dict(self.derived))

    def read(self, register: int, bits: int = 64) -> Value:
        """A general register, or its low half."""
        if register == ZERO:
            return exactly(0)
        return narrow(self.registers.get(register, UNKNOWN), bits)

    def write(self, register: int, value: Value) -> None:
        """Set a general register whole."""
        if register == ZERO:
            return
        if register == STACK_POINTER and value.constant is None:
            self.words.clear()  # another stack, of which nothing is known
        self._keep(register, value)
        if self.derived:
            self.derived = {
                key: value for key, value in self.derived.items() if key != register and value.source != register
            }
        found = self.comparison
        if found is not None and register in (found.first_register, found.second_register):
            first = None if found.first_register == register else found.first_register
            second = None if found.second_register == register else found.second_register
            self.comparison = found._replace(first_register=first, second_register=second)

    def refine(self, register: int, value: Value) -> None:
        """What a branch tells about a register, whose value does not change, and so about those that depend on it."""
        self._keep(register, value)
        if value.members is None:
            return
        for key, (source, results) in self.derived.items():
            if source == register and value.members <= results.keys():
                self._keep(key, among(results[member] for member in value.members))
            elif key == register:
                left = [member for member, result in results.items() if result in value.members]
                known = self.read(source).members
                left = [member for member in left if known is None or member in known]
                if left:
                    self._keep(source, among(left))

    def _keep(self, register: int, value: Value) -> None:
        if value == UNKNOWN:
            self.registers.pop(register, None)
        else:
            self.registers[register] = value

    def load(self, address: Value, size_bytes: int) -> Value:
        """A word of the stack."""
        found = self.words.get(address.constant) if address.constant is not None else None
        if found is not None and found[0] >= size_bytes:
            return narrow(found[1], 8 * size_bytes)
        return anything(8 * size_bytes)

    def store(self, address: Value, size_bytes: int, value: Value) -> None:
        """Write memory."""
        if not is_stack(address):
            return
        low, high = address.low - 15, address.high + size_bytes
        for start in [start for start in self.words if low <= start < high]:
            if start + self.words[start][0] > address.low:
                del self.words[start]
        if address.constant is not None:
            self.words[address.low] = (size_bytes, value)

    def covers(self, other: State) -> bool:
        """Whether all that `other` allows is allowed here."""
        return (
            all(key in other.registers and value.covers(other.registers[key]) for key, value in self.registers.items())
            and all(_covers_word(value, other.words.get(key)) for key, value in self.words.items())
            and all(key in other.system and value.covers(other.system[key]) for key, value in self.system.items())
            and all(other.derived.get(key) == value for key, value in self.derived.items())
            and self.comparison in (None, other.comparison)
        )


def _covers_word(word: tuple[int, Value], other: tuple[int, Value] | None) -> bool:
    return other is not None and word[0] == other[0] and word[1].covers(other[1])


def is_stack(address: Value) -> bool:
    """Whether it may be on the kernel's stack."""
    if address.high - address.low > STACK_LIMIT_BYTES:
        return False
    return address.high >= STACK_TOP - STACK_LIMIT_BYTES and address.low <= STACK_TOP + STACK_LIMIT_BYTES


def join(first: State, second: State) -> State:
    """What is known when it is one or the other."""
    return State(
        {key: union(value, second.registers[key]) for key, value in first.registers.items() if key in second.registers},
        {
            key: (size, union(value, second.words[key][1]))
            for key, (size, value) in first.words.items()
            if key in second.words and second.words[key][0] == size
        },
        first.comparison if first.comparison == second.comparison else None,
        {key: union(value, second.system[key]) for key, value in first.system.items() if key in second.system},
        _join_derived(first.derived, second.derived),
    )


def _join_derived(first: dict[int, Derived], second: dict[int, Derived]) -> dict[int, Derived]:
    found: dict[int, Derived] = {}
    for key, one in first.items():
        other = second.get(key)
        if other is not None and other.source == one.source:
            results = {**one.results, **other.results}
            if all(results[member] == result for member, result in one.results.items()):
                found[key] = Derived(one.source, results)
    return found


def widen(old: State, new: State) -> State:
    """`new` without what it knows otherwise than `old`, so that going round a loop comes to an end."""
    joined = join(old, new)
    return State(
        {key: value for key, value in joined.registers.items() if value == old.registers[key]},
        {key: word for key, word in joined.words.items() if word == old.words[key]},
        joined.comparison,
        {key: value for key, value in joined.system.items() if value == old.system[key]},
    )

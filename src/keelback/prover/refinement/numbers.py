"""Numbers that nobody knows, for specifications: Python's arithmetic on terms.

They have 80 bits and a sign, so that sums and differences of the kernel's 64-bit numbers are what they are in Python. A
product or a shift to the left beyond that is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.refinement.paths import Decisions, NotModelledError

WIDE = 80
"""Bits of a number, its sign among them."""


def wide(term: Term) -> Term:
    """A field's contents as a number that is not negative."""
    return t.from_bool(term, WIDE) if term.width == t.BOOLEAN else t.zext(term, WIDE)


def narrow(term: Term, width: int) -> Term:
    """The low bits of a number."""
    return t.extract(term, width - 1, 0)


def equal(a: Term, b: Term) -> Term:
    """Equality, of the narrow terms where both are widened ones."""
    if a.op == "zext" and b.op == "zext":
        one, other = a.arguments[0], b.arguments[0]
        width = max(one.width, other.width)
        return t.eq(t.zext(one, width), t.zext(other, width))
    return t.eq(a, b)


def is_natural(term: Term) -> bool:
    """Whether a number is surely not negative."""
    return term.op in ("zext", "bool") or (term.is_constant and term.value >> (WIDE - 1) == 0)


def below(a: Term, b: Term) -> Term:
    """a < b, with signs."""
    if is_natural(a) and is_natural(b):
        if a.op == "zext" and b.op == "zext":
            width = max(a.arguments[0].width, b.arguments[0].width)
            return t.ult(t.zext(a.arguments[0], width), t.zext(b.arguments[0], width))
        return t.ult(a, b)
    return t.slt(a, b)


@dataclass(frozen=True, eq=False)
class Condition:
    """Something that holds or not."""

    term: Term
    decisions: Decisions

    def __bool__(self) -> bool:
        return self.decisions.decide(self.term)

    def __int__(self) -> int:
        return int(bool(self))


Given: TypeAlias = "Number | Condition | int"


@dataclass(frozen=True, eq=False)
class Number:
    """A number."""

    term: Term
    decisions: Decisions

    def _with(self, term: Term) -> Number:
        return Number(term, self.decisions)

    def _that(self, term: Term) -> Condition:
        return Condition(term, self.decisions)

    def __bool__(self) -> bool:
        return self.decisions.decide(t.not_(equal(self.term, t.const(0, WIDE))))

    def __hash__(self) -> int:
        raise NotModelledError("a dictionary with a key that nobody knows")

    def __index__(self) -> int:
        if self.term.is_constant:
            return t.signed(self.term.value, WIDE)
        raise NotModelledError("an index that nobody knows")

    def __eq__(self, other: Any) -> Any:
        if not isinstance(other, Number | Condition | int):
            return False
        return self._that(equal(self.term, term_of(other)))

    def __ne__(self, other: Any) -> Any:
        if not isinstance(other, Number | Condition | int):
            return True
        return self._that(t.not_(equal(self.term, term_of(other))))

    def __lt__(self, other: Given) -> Condition:
        return self._that(below(self.term, term_of(other)))

    def __gt__(self, other: Given) -> Condition:
        return self._that(below(term_of(other), self.term))

    def __le__(self, other: Given) -> Condition:
        return self._that(t.not_(below(term_of(other), self.term)))

    def __ge__(self, other: Given) -> Condition:
        return self._that(t.not_(below(self.term, term_of(other))))

    def __add__(self, other: Given) -> Number:
        return self._with(t.add(self.term, term_of(other)))

    def __sub__(self, other: Given) -> Number:
        return self._with(t.sub(self.term, term_of(other)))

    def __rsub__(self, other: Given) -> Number:
        return self._with(t.sub(term_of(other), self.term))

    def __mul__(self, other: int) -> Number:
        return self._with(t.mul(self.term, t.const(small(other), WIDE)))

    def __neg__(self) -> Number:
        return self._with(t.sub(t.const(0, WIDE), self.term))

    def __and__(self, other: Given) -> Number:
        return self._with(bits_and(self.term, term_of(other)))

    def __or__(self, other: Given) -> Number:
        return self._with(t.bit_or(self.term, term_of(other)))

    def __xor__(self, other: Given) -> Number:
        return self._with(t.bit_xor(self.term, term_of(other)))

    def __invert__(self) -> Number:
        return self._with(t.bit_xor(self.term, t.const(-1, WIDE)))

    def __rshift__(self, other: int) -> Number:
        if is_natural(self.term):
            return self._with(t.zext(t.extract(self.term, WIDE - 1, other), WIDE))
        return self._with(t.sext(t.extract(self.term, WIDE - 1, other), WIDE))

    def __lshift__(self, other: int) -> Number:
        highest = self.term.arguments[0].width if self.term.op == "zext" else WIDE
        if highest + other >= WIDE:
            raise NotModelledError("a shift to the left that may lose bits")
        inner = self.term.arguments[0]
        return self._with(t.zext(t.concat(inner, t.const(0, other)), WIDE))

    def __rlshift__(self, other: Given) -> Number:
        raise NotModelledError("a shift to the left by a number that nobody knows")

    def __floordiv__(self, other: int) -> Number:
        if other & (other - 1):
            raise NotModelledError("a quotient by what is not a power of two")
        return self >> (other.bit_length() - 1)

    def __mod__(self, other: int) -> Number:
        if other & (other - 1):
            raise NotModelledError("a remainder by what is not a power of two")
        return self & (other - 1)

    __radd__, __rmul__, __rand__, __ror__, __rxor__ = __add__, __mul__, __and__, __or__, __xor__


def small(factor: int) -> int:
    """A factor with which no 64-bit number exceeds 80 bits."""
    if not 0 <= factor < 1 << (WIDE - 65):
        raise NotModelledError("a product that may lose bits")
    return factor


def bits_and(a: Term, b: Term) -> Term:
    """Bit by bit; the result is known to be narrow where one of the two is."""
    for one, other in ((a, b), (b, a)):
        if one.is_constant and is_natural(one) and one.value:
            width = one.value.bit_length()
            low = t.extract(other, width - 1, 0)
            return t.zext(low if one.value == t.mask(width) else t.bit_and(low, t.const(one.value, width)), WIDE)
    for one, other in ((a, b), (b, a)):
        if one.op == "zext":
            inner = one.arguments[0]
            return t.zext(t.bit_and(inner, t.extract(other, inner.width - 1, 0)), WIDE)
    return t.bit_and(a, b)


def term_of(given: Any) -> Term:
    """The term of a number, whether it is known or not."""
    if isinstance(given, Number):
        return given.term
    if isinstance(given, Condition):
        return t.from_bool(given.term, WIDE)
    return t.const(int(given), WIDE)

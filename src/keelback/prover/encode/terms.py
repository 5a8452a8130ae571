"""Terms of Booleans, bit vectors and effects: built once each (equal ones are the same object), simplified while built.

A term's `width` is its sort: 0 Boolean, n bits, or EFFECT, the sort of what has happened outside memory so far. It
does not print or solve: see `printing`, `evaluation` and `solvers`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

Payload: TypeAlias = "int | str | tuple[int, int] | None"

BOOLEAN: Final = 0
EFFECT: Final = -1


class Term:
    """One node; compare with `is`. `payload` is a constant's value, a name, or the bounds of an extract."""

    __slots__ = ("arguments", "number", "op", "payload", "width")

    def __init__(self, op: str, arguments: tuple[Term, ...], width: int, payload: Payload, number: int) -> None:
        self.op = op
        self.arguments = arguments
        self.width = width
        self.payload = payload
        self.number = number

    @property
    def is_constant(self) -> bool:
        return self.op == "const"

    @property
    def value(self) -> int:
        """Of a constant."""
        assert type(self.payload) is int
        return self.payload

    @property
    def name(self) -> str:
        """Of a symbol or an application."""
        assert type(self.payload) is str
        return self.payload

    @property
    def bounds(self) -> tuple[int, int]:
        """High and low bit of an extract."""
        assert type(self.payload) is tuple
        return self.payload

    def __repr__(self) -> str:
        return f"<term {self.number}: {self.op} {self.payload if self.payload is not None else ''}>"


_terms: dict[tuple[str, tuple[int, ...], int, Payload], Term] = {}


def _make(op: str, arguments: tuple[Term, ...], width: int, payload: Payload = None) -> Term:
    key = (op, tuple(argument.number for argument in arguments), width, payload)
    found = _terms.get(key)
    if found is None:
        found = _terms[key] = Term(op, arguments, width, payload, len(_terms))
    return found


def mask(width: int) -> int:
    return (1 << width) - 1


def signed(value: int, width: int) -> int:
    """The two's complement reading of `width` bits."""
    return value - (1 << width) if value >> (width - 1) & 1 else value


def const(value: int, width: int) -> Term:
    """A bit vector; the value is taken modulo 2^width."""
    assert width > 0
    return _make("const", (), width, value & mask(width))


TRUE: Final = _make("const", (), BOOLEAN, 1)
FALSE: Final = _make("const", (), BOOLEAN, 0)


def boolean(value: bool) -> Term:
    return TRUE if value else FALSE


def symbol(name: str, width: int) -> Term:
    """An unknown. Two symbols of a name and different widths are different, and must not meet in one query."""
    return _make("symbol", (), width, name)


def apply(name: str, arguments: Iterable[Term], width: int) -> Term:
    """An uninterpreted function's value; its sorts are those of the arguments and `width`."""
    given = tuple(arguments)
    return _make("apply", given, width, name) if given else symbol(name, width)


# --------------------------------------------------------------------------------------------------------- Booleans


def not_(a: Term) -> Term:
    if a.op == "const":
        return boolean(not a.payload)
    return a.arguments[0] if a.op == "not" else _make("not", (a,), BOOLEAN)


def are_opposite(a: Term, b: Term) -> bool:
    return (a.op == "not" and a.arguments[0] is b) or (b.op == "not" and b.arguments[0] is a)


def _among(a: Term, op: str, whole: Term) -> bool:
    """Whether `a` is one of the last few members of a chain of `and` or `or`."""
    for _ in range(24):
        if whole.op != op:
            return whole is a
        if whole.arguments[1] is a:
            return True
        whole = whole.arguments[0]
    return False


def and_(a: Term, b: Term) -> Term:
    if a is FALSE or b is FALSE or are_opposite(a, b):
        return FALSE
    if a is TRUE or a is b or _among(a, "and", b):
        return b
    if b is TRUE or _among(b, "and", a):
        return a
    return FALSE if _among(not_(b), "and", a) else _make("and", (a, b), BOOLEAN)


def or_(a: Term, b: Term) -> Term:
    if a is TRUE or b is TRUE or are_opposite(a, b):
        return TRUE
    if a is FALSE or a is b or _among(a, "or", b):
        return b
    if b is FALSE or _among(b, "or", a):
        return a
    if a.op == "and" and b.op == "and" and a.arguments[0] is b.arguments[0]:
        if are_opposite(a.arguments[1], b.arguments[1]):
            return a.arguments[0]
        return and_(a.arguments[0], or_(a.arguments[1], b.arguments[1]))
    for one, other in ((a, b), (b, a)):  # p or (p and q) is p
        if one.op == "and" and (one.arguments[0] is other or one.arguments[1] is other):
            return other
    return _make("or", (a, b), BOOLEAN)


def all_of(terms: Iterable[Term]) -> Term:
    result = TRUE
    for term in terms:
        result = and_(result, term)
    return result


def implies(a: Term, b: Term) -> Term:
    return or_(not_(a), b)


def xor_bool(a: Term, b: Term) -> Term:
    return not_(eq(a, b))


def ite(condition: Term, a: Term, b: Term) -> Term:
    if condition is TRUE or a is b:
        return a
    if condition is FALSE:
        return b
    if condition.op == "not":
        return ite(condition.arguments[0], b, a)
    if a.op == "ite" and a.arguments[0] is condition:
        a = a.arguments[1]
    if b.op == "ite" and b.arguments[0] is condition:
        b = b.arguments[2]
    if a is b:
        return a
    if a.width == BOOLEAN:
        return _ite_boolean(condition, a, b)
    if b.op == "ite" and b.arguments[1] is a:
        return ite(or_(condition, b.arguments[0]), a, b.arguments[2])
    return _make("ite", (condition, a, b), a.width)


def _ite_boolean(condition: Term, a: Term, b: Term) -> Term:
    if a.is_constant:
        return or_(condition, b) if a is TRUE else and_(not_(condition), b)
    if b.is_constant:
        return or_(not_(condition), a) if b is TRUE else and_(condition, a)
    return eq(condition, a) if are_opposite(a, b) else _make("ite", (condition, a, b), BOOLEAN)


def _is_choice(a: Term) -> bool:
    """Whether it pays to compute with each of two alternatives: one is known."""
    return a.op == "ite" and (a.arguments[1].is_constant or a.arguments[2].is_constant)


def eq(a: Term, b: Term) -> Term:
    assert a.width == b.width, (a, b)
    if a is b:
        return TRUE
    if a.is_constant:
        a, b = b, a
    if not b.is_constant:
        if a.number > b.number:
            a, b = b, a
        return FALSE if _differ(a, b) else _make("eq", (a, b), BOOLEAN)
    if a.is_constant:
        return FALSE
    if a.width == BOOLEAN:
        return a if b is TRUE else not_(a)
    return _eq_constant(a, b.value)


def _differ(a: Term, b: Term) -> bool:
    """Whether two terms differ by a constant that is not zero."""
    if a.op == "add" and a.arguments[1].is_constant:
        if a.arguments[0] is b:
            return True
        if b.op == "add" and b.arguments[1].is_constant:
            return a.arguments[0] is b.arguments[0]
    return b.op == "add" and b.arguments[1].is_constant and b.arguments[0] is a


def _eq_constant(a: Term, value: int) -> Term:
    if a.op == "ite":
        condition, yes, no = a.arguments
        if yes.is_constant or no.is_constant:
            return ite(condition, eq(yes, const(value, a.width)), eq(no, const(value, a.width)))
    if a.op == "zext":
        inner = a.arguments[0]
        return eq(inner, const(value, inner.width)) if value <= mask(inner.width) else FALSE
    if a.op == "add" and a.arguments[1].is_constant:
        return eq(a.arguments[0], const(value - a.arguments[1].value, a.width))
    if a.op == "bool":
        return FALSE if value > 1 else a.arguments[0] if value else not_(a.arguments[0])
    return _make("eq", (a, const(value, a.width)), BOOLEAN)


def ult(a: Term, b: Term) -> Term:
    assert a.width == b.width, (a, b)
    if a is b or (b.is_constant and b.value == 0):
        return FALSE
    if a.is_constant and b.is_constant:
        return boolean(a.value < b.value)
    if a.is_constant and a.value == 0:
        return not_(eq(b, a))
    if a.is_constant and a.value == mask(a.width):
        return FALSE
    if b.is_constant:
        return _ult_constant(a, b)
    if a.op == "zext" and b.op == "zext" and a.arguments[0].width == b.arguments[0].width:
        return ult(a.arguments[0], b.arguments[0])
    if a.is_constant and b.op == "zext":
        inner = b.arguments[0]
        return ult(const(a.value, inner.width), inner) if a.value <= mask(inner.width) else FALSE
    if a.is_constant and b.op == "ite" and (b.arguments[1].is_constant or b.arguments[2].is_constant):
        return ite(b.arguments[0], ult(a, b.arguments[1]), ult(a, b.arguments[2]))
    return _make("ult", (a, b), BOOLEAN)


def _ult_constant(a: Term, b: Term) -> Term:
    if b.value == 1:
        return eq(a, const(0, a.width))
    if a.op == "zext":
        inner = a.arguments[0]
        return ult(inner, const(b.value, inner.width)) if b.value <= mask(inner.width) else TRUE
    if a.op == "ite" and (a.arguments[1].is_constant or a.arguments[2].is_constant):
        return ite(a.arguments[0], ult(a.arguments[1], b), ult(a.arguments[2], b))
    if a.op == "bool":
        return TRUE  # b is at least 2
    if a.op == "add" and a.arguments[1].is_constant and a.arguments[0].op == "zext":
        inner, more = a.arguments[0], a.arguments[1].value
        if mask(inner.arguments[0].width) + more <= mask(a.width):  # the sum is what it would be without a limit
            return ult(inner, const(b.value - more, a.width)) if b.value > more else FALSE
    return _make("ult", (a, b), BOOLEAN)


def ule(a: Term, b: Term) -> Term:
    return not_(ult(b, a))


def slt(a: Term, b: Term) -> Term:
    if a is b:
        return FALSE
    if a.is_constant and b.is_constant:
        return boolean(signed(a.value, a.width) < signed(b.value, b.width))
    if a.op == "zext" and b.is_constant:
        return ult(a, b) if b.value >> (b.width - 1) == 0 else FALSE
    return _make("slt", (a, b), BOOLEAN)


def sle(a: Term, b: Term) -> Term:
    return not_(slt(b, a))


# -------------------------------------------------------------------------------------------------- arithmetic


def add(a: Term, b: Term) -> Term:
    assert a.width == b.width, (a, b)
    if a.is_constant:
        a, b = b, a
    if b.is_constant:
        if a.is_constant:
            return const(a.value + b.value, a.width)
        if b.value == 0:
            return a
        if a.op == "add" and a.arguments[1].is_constant:
            return add(a.arguments[0], const(a.arguments[1].value + b.value, a.width))
        if _is_choice(a):
            return ite(a.arguments[0], add(a.arguments[1], b), add(a.arguments[2], b))
        return _make("add", (a, b), a.width)
    if a.op == "add" and a.arguments[1].is_constant:  # constants go outwards, where the next one meets them
        return add(add(a.arguments[0], b), a.arguments[1])
    if b.op == "add" and b.arguments[1].is_constant:
        return add(add(a, b.arguments[0]), b.arguments[1])
    if a.number > b.number:
        a, b = b, a
    return _make("add", (a, b), a.width)


def sub(a: Term, b: Term) -> Term:
    if a is b:
        return const(0, a.width)
    if b.is_constant:
        return add(a, const(-b.value, a.width))
    if a.op == "add" and a.arguments[1].is_constant:
        return add(sub(a.arguments[0], b), a.arguments[1])
    return _make("sub", (a, b), a.width)


def neg(a: Term) -> Term:
    return sub(const(0, a.width), a)


def mul(a: Term, b: Term) -> Term:
    assert a.width == b.width, (a, b)
    if a.is_constant:
        a, b = b, a
    if b.is_constant:
        if a.is_constant:
            return const(a.value * b.value, a.width)
        if b.value in (0, 1):
            return a if b.value else b
        if a.op == "mul" and a.arguments[1].is_constant:
            return mul(a.arguments[0], const(a.arguments[1].value * b.value, a.width))
        if _is_choice(a):
            return ite(a.arguments[0], mul(a.arguments[1], b), mul(a.arguments[2], b))
        return _make("mul", (a, b), a.width)
    if a.number > b.number:
        a, b = b, a
    return _make("mul", (a, b), a.width)


def udiv(a: Term, b: Term) -> Term:
    """All ones for a divisor of zero, as SMT-LIB has it."""
    if a.is_constant and b.is_constant:
        return const(a.value // b.value if b.value else -1, a.width)
    if b.is_constant and b.value and b.value & (b.value - 1) == 0:
        return lshr(a, const(b.value.bit_length() - 1, a.width))
    return _make("udiv", (a, b), a.width)


def urem(a: Term, b: Term) -> Term:
    """The dividend for a divisor of zero, as SMT-LIB has it."""
    if a.is_constant and b.is_constant:
        return const(a.value % b.value if b.value else a.value, a.width)
    if b.is_constant and b.value and b.value & (b.value - 1) == 0:
        return bit_and(a, const(b.value - 1, a.width))
    return _make("urem", (a, b), a.width)


def sdiv(a: Term, b: Term) -> Term:
    if a.is_constant and b.is_constant and b.value:
        x, y = signed(a.value, a.width), signed(b.value, b.width)
        return const(abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1), a.width)
    return _make("sdiv", (a, b), a.width)


def srem(a: Term, b: Term) -> Term:
    if a.is_constant and b.is_constant and b.value:
        x, y = signed(a.value, a.width), signed(b.value, b.width)
        return const(abs(x) % abs(y) * (-1 if x < 0 else 1), a.width)
    return _make("srem", (a, b), a.width)


def bit_and(a: Term, b: Term) -> Term:
    assert a.width == b.width, (a, b)
    if a.is_constant:
        a, b = b, a
    if a is b:
        return a
    if b.is_constant:
        if a.is_constant:
            return const(a.value & b.value, a.width)
        if b.value == 0:
            return b
        if b.value & (b.value + 1) == 0:  # the lowest bits
            return zext(extract(a, b.value.bit_length() - 1, 0), a.width)
        if a.op == "zext" and b.value & mask(a.arguments[0].width) == mask(a.arguments[0].width):
            return a
        if a.op == "band" and a.arguments[1].is_constant:
            return bit_and(a.arguments[0], const(a.arguments[1].value & b.value, a.width))
        if a.op == "bool":
            return a if b.value & 1 else const(0, a.width)
    elif a.number > b.number:
        a, b = b, a
    return _make("band", (a, b), a.width)


def bit_or(a: Term, b: Term) -> Term:
    assert a.width == b.width, (a, b)
    if a.is_constant:
        a, b = b, a
    if a is b:
        return a
    if b.is_constant:
        if a.is_constant:
            return const(a.value | b.value, a.width)
        if b.value in (0, mask(b.width)):
            return b if b.value else a
    elif a.number > b.number:
        a, b = b, a
    return _make("bor", (a, b), a.width)


def bit_xor(a: Term, b: Term) -> Term:
    assert a.width == b.width, (a, b)
    if a.is_constant:
        a, b = b, a
    if a is b:
        return const(0, a.width)
    if b.is_constant:
        if a.is_constant:
            return const(a.value ^ b.value, a.width)
        if b.value == 0:
            return a
        if b.value == mask(b.width):
            return bit_not(a)
        if a.op == "bool" and b.value == 1:
            return from_bool(not_(a.arguments[0]), a.width)
    elif a.number > b.number:
        a, b = b, a
    return _make("bxor", (a, b), a.width)


def bit_not(a: Term) -> Term:
    if a.is_constant:
        return const(~a.value, a.width)
    return a.arguments[0] if a.op == "bnot" else _make("bnot", (a,), a.width)


def shl(a: Term, b: Term) -> Term:
    """Shifts by a constant become a product, the form in which addresses are added up."""
    if b.is_constant:
        return mul(a, const(1 << b.value, a.width)) if b.value < a.width else const(0, a.width)
    if a.is_constant and a.value == 0:
        return a
    return _make("shl", (a, b), a.width)


def lshr(a: Term, b: Term) -> Term:
    if b.is_constant:
        return zext(extract(a, a.width - 1, b.value), a.width) if b.value < a.width else const(0, a.width)
    if a.is_constant and a.value == 0:
        return a
    return _make("lshr", (a, b), a.width)


def ashr(a: Term, b: Term) -> Term:
    if b.is_constant:
        return sext(extract(a, a.width - 1, min(b.value, a.width - 1)), a.width)
    return _make("ashr", (a, b), a.width)


# -------------------------------------------------------------------------------------------------- pieces


def extract(a: Term, high: int, low: int) -> Term:
    """Bits high..low."""
    assert 0 <= low <= high < a.width, (a, high, low)
    width = high - low + 1
    if width == a.width:
        return a
    if a.is_constant:
        return const(a.value >> low, width)
    if a.op == "extract":
        return extract(a.arguments[0], high + a.bounds[1], low + a.bounds[1])
    if a.op in ("zext", "sext", "concat", "bool"):
        return _extract_pieces(a, high, low)
    if a.op in ("band", "bor", "bxor"):
        one, other = (extract(argument, high, low) for argument in a.arguments)
        return {"band": bit_and, "bor": bit_or, "bxor": bit_xor}[a.op](one, other)
    if a.op == "ite" and (a.arguments[1].is_constant or a.arguments[2].is_constant):
        return ite(a.arguments[0], extract(a.arguments[1], high, low), extract(a.arguments[2], high, low))
    if a.op == "mul" and a.arguments[1].is_constant and a.arguments[1].value & (a.arguments[1].value - 1) == 0:
        moved = a.arguments[1].value.bit_length() - 1  # a shift
        if low >= moved:
            return extract(a.arguments[0], high - moved, low - moved)
        if high < moved:
            return const(0, width)
        return concat(extract(a.arguments[0], high - moved, 0), const(0, moved - low))
    if low == 0 and a.op in ("add", "mul") and a.arguments[1].is_constant:
        one = extract(a.arguments[0], high, 0)
        return (add if a.op == "add" else mul)(one, const(a.arguments[1].value, width))
    return _make("extract", (a,), width, (high, low))


def _extract_pieces(a: Term, high: int, low: int) -> Term:
    width = high - low + 1
    inner = a.arguments[0]
    if a.op == "bool":
        return from_bool(inner, width) if low == 0 else const(0, width)
    if a.op == "concat":
        lower = a.arguments[1]
        if high < lower.width:
            return extract(lower, high, low)
        if low >= lower.width:
            return extract(inner, high - lower.width, low - lower.width)
        return concat(extract(inner, high - lower.width, 0), extract(lower, lower.width - 1, low))
    if high < inner.width:
        return extract(inner, high, low)
    if low < inner.width:
        return (zext if a.op == "zext" else sext)(extract(inner, inner.width - 1, low), width)
    if a.op == "zext":
        return const(0, width)
    return sext(extract(inner, inner.width - 1, inner.width - 1), width)


def concat(a: Term, b: Term) -> Term:
    """`a` above `b`."""
    width = a.width + b.width
    if a.is_constant:
        if b.is_constant:
            return const(a.value << b.width | b.value, width)
        if a.value == 0:
            return zext(b, width)
    if b.op == "extract" and a.op == "extract" and a.arguments[0] is b.arguments[0] and a.bounds[1] == b.bounds[0] + 1:
        return extract(a.arguments[0], a.bounds[0], b.bounds[1])
    if a.op == "zext":
        return zext(concat(a.arguments[0], b), width)
    return _make("concat", (a, b), width)


def zext(a: Term, width: int) -> Term:
    assert width >= a.width, (a, width)
    if width == a.width:
        return a
    if a.is_constant:
        return const(a.value, width)
    if a.op == "zext":
        return zext(a.arguments[0], width)
    if a.op == "bool":
        return from_bool(a.arguments[0], width)
    if _is_choice(a):
        return ite(a.arguments[0], zext(a.arguments[1], width), zext(a.arguments[2], width))
    return _make("zext", (a,), width)


def sext(a: Term, width: int) -> Term:
    assert width >= a.width, (a, width)
    if width == a.width:
        return a
    if a.is_constant:
        return const(signed(a.value, a.width), width)
    if a.op == "zext" or (a.op == "bool" and a.width > 1):
        return zext(a.arguments[0], width) if a.op == "zext" else from_bool(a.arguments[0], width)
    if _is_choice(a):
        return ite(a.arguments[0], sext(a.arguments[1], width), sext(a.arguments[2], width))
    return sext(a.arguments[0], width) if a.op == "sext" else _make("sext", (a,), width)


def from_bool(a: Term, width: int) -> Term:
    """1 or 0."""
    return const(a.value, width) if a.is_constant else _make("bool", (a,), width)


def to_bool(a: Term) -> Term:
    """Whether a bit vector is not zero."""
    return not_(eq(a, const(0, a.width)))


def ctlz(a: Term) -> Term:
    """Leading zeros; the width for 0."""
    return const(a.width - a.value.bit_length(), a.width) if a.is_constant else _make("ctlz", (a,), a.width)


def cttz(a: Term) -> Term:
    """Trailing zeros; the width for 0."""
    if a.is_constant:
        return const((a.value & -a.value).bit_length() - 1 if a.value else a.width, a.width)
    return _make("cttz", (a,), a.width)

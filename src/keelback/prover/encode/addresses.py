"""Addresses as formulas: which global one points into, and at which indices; several, when paths have met.

Globals lie at fixed addresses here, far from each other and from devices; nothing that is proven depends on which, as
every access is proven to stay inside the array that it indexes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from keelback.prover.encode.module import UnsupportedError
from keelback.prover.encode.shapes import ArrayShape, Leaf, Shape, StructShape
from keelback.prover.encode.shaping import zeros_below
from keelback.prover.encode.terms import (
    FALSE,
    TRUE,
    Term,
    add,
    and_,
    const,
    extract,
    ite,
    mask,
    mul,
    not_,
    or_,
    signed,
    zext,
)

FIRST = 0x7000_0000_0000
SPACING = 0x1_0000_0000
WORD = 64
IMPOSSIBLE_ROOM = 64
BEFORE = 0x1000
"""So far before a global may lie what an index is added to."""


@dataclass(frozen=True)
class Linear:
    """constant + the sum of coefficient * term, modulo 2^64."""

    constant: int
    terms: tuple[tuple[Term, int], ...] = ()

    def moved(self, offset: int) -> Linear:
        return Linear(self.constant + offset & mask(WORD), self.terms)


@dataclass(frozen=True)
class Alternative:
    """What an address is under a condition."""

    condition: Term
    address: Linear


@dataclass(frozen=True)
class Place:
    """Bytes of one leaf: `name` and `indices` say which, `offset` where in it. `bounds` are index and count pairs that
    must hold. A leaf of None is padding, `room` bytes of it from here."""

    name: str
    indices: tuple[Term, ...]
    leaf: Leaf | None
    offset: int
    room: int
    bounds: tuple[tuple[Term, int], ...]


@dataclass
class AddressMap:
    """Where globals lie."""

    starts: dict[str, int] = field(default_factory=dict[str, int])
    shapes: dict[str, Shape] = field(default_factory=dict[str, Shape])
    _sorted: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    _found: dict[int, bool] = field(default_factory=dict[int, bool])

    def place(self, name: str, shape: Shape, address: int | None = None) -> int:
        """Put a global at an address, by default at the next free one."""
        if address is None:
            address = FIRST + SPACING * len(self.starts)
        self.starts[name], self.shapes[name] = address, shape
        self._sorted = sorted((start, known) for known, start in self.starts.items())
        return address

    def owner(self, address: int) -> str | None:
        """The global that an address lies in."""
        number = bisect_right(self._sorted, (address, "\U0010ffff")) - 1
        if number < 0:
            return None
        start, name = self._sorted[number]
        return name if address < start + max(1, self.shapes[name].size) else None

    def is_address(self, term: Term) -> bool:
        """Whether a term is made from the address of a global."""
        found = self._found.get(term.number)
        if found is None:
            if term.is_constant:
                found = term.width == WORD and self.owner(term.value) is not None
            elif term.op == "ite":
                found = self.is_address(term.arguments[1]) or self.is_address(term.arguments[2])
            elif term.op in ("add", "sub", "bor"):
                found = any(self.is_address(argument) for argument in term.arguments)
            else:
                found = False
            self._found[term.number] = found
        return found

    def alternatives(self, term: Term) -> list[Alternative]:
        """The addresses that a term can be; conditions exclude each other and one of them holds."""
        return _merged(list(self._split(term)))

    def _split(self, term: Term) -> Iterator[Alternative]:
        if term.op == "ite" and self.is_address(term):
            condition, yes, no = term.arguments
            for other, branch in ((condition, yes), (not_(condition), no)):
                for found in self._split(branch):
                    yield Alternative(and_(other, found.condition), found.address)
        elif term.op == "add" and any(a.op in ("ite", "add") and self.is_address(a) for a in term.arguments):
            for one in self._split(term.arguments[0]):
                for two in self._split(term.arguments[1]):
                    yield Alternative(and_(one.condition, two.condition), plus(one.address, two.address))
        else:
            yield Alternative(TRUE, linear(term))

    def resolve(self, address: Linear, under: Term = TRUE) -> list[tuple[Term, Place]] | None:
        """The places an address can name, with conditions; None when it belongs to no global (a device, a frame).

        Only what is possible `under` a condition is looked at. UnsupportedError when it does not fit the layout.
        """
        name = self.owner(address.constant)
        if name is None:
            name = self._near(address)
            if name is None:
                return None
        offset = signed(address.constant - self.starts[name] & mask(WORD), WORD)
        try:
            return [(TRUE, _walk(name, self.shapes[name], offset, address.terms))]
        except _StrideError as problem:
            choice = _choices(address.terms)
            if choice is None:
                raise UnsupportedError(f"an address in {name} with strides {problem}") from None
        number, condition, yes, no = choice
        coefficient = address.terms[number][1]
        rest = Linear(address.constant, address.terms[:number] + address.terms[number + 1 :])
        result: list[tuple[Term, Place]] = []
        for case, value in ((condition, yes), (not_(condition), no)):
            if and_(under, case) is FALSE:
                continue
            try:
                more = self.resolve(plus(rest, scaled(linear(value), coefficient)), and_(under, case))
            except UnsupportedError:  # strides of one table, the address of another: to be shown impossible
                more = [(TRUE, Place(name, (), None, 0, IMPOSSIBLE_ROOM, ((const(1, WORD), 1),)))]
            if more is None:
                return None
            result += [(and_(case, inner), place) for inner, place in more]
        return result

    def _near(self, address: Linear) -> str | None:
        """An indexed address may start before its global: entry n - 34 of a table. That it ends inside is shown."""
        if not address.terms:
            return None
        reach = max((min(c, -c & mask(WORD)) for _, c in address.terms), default=0)
        for start, name in self._sorted:
            if 0 < start - address.constant <= max(reach, BEFORE):
                return name
        return None


class _StrideError(Exception):
    pass


def _choices(terms: tuple[tuple[Term, int], ...]) -> tuple[int, Term, Term, Term] | None:
    """An offset that is chosen, as a lookup table makes it."""
    for number, (term, _) in enumerate(terms):
        if term.op == "ite":
            condition, yes, no = term.arguments
            return number, condition, yes, no
        factor = term.arguments[1] if term.op == "mul" else term
        for one, other in ((factor, term.arguments[0]), (term.arguments[0], factor)) if term.op == "mul" else ():
            if one.op == "ite":
                condition, yes, no = one.arguments
                return number, condition, mul(other, yes), mul(other, no)
    return None


def _walk(name: str, shape: Shape, offset: int, terms: tuple[tuple[Term, int], ...]) -> Place:
    indices: list[Term] = []
    bounds: list[tuple[Term, int]] = []
    while True:
        if isinstance(shape, ArrayShape):
            index = const(offset // shape.stride, WORD)
            offset %= shape.stride
            rest: list[tuple[Term, int]] = []
            for term, coefficient in terms:
                number = signed(coefficient, WORD)
                if number % shape.stride == 0:
                    index = add(mul(term, const(number // shape.stride, WORD)), index)
                else:
                    rest.append((term, coefficient))
            terms = tuple(rest)
            bounds.append((index, shape.count))
            if shape.count > 1:
                indices.append(extract(index, index_bits(shape.count) - 1, 0))
            shape = shape.element
        elif isinstance(shape, StructShape):
            member = next((m for m in reversed(shape.members) if m.offset <= offset), None)
            if offset < 0 or offset >= shape.size or member is None:
                raise _StrideError(f"{terms}, offset {offset} of {shape.size}")
            if not terms and offset >= member.offset + member.shape.size:
                later = [m.offset for m in shape.members if m.offset > offset]
                return Place(name, tuple(indices), None, 0, min(later, default=shape.size) - offset, tuple(bounds))
            name, offset, shape = f"{name}.{member.name}", offset - member.offset, member.shape
        else:
            if terms or not 0 <= offset < shape.size:
                raise _StrideError(f"{terms}, offset {offset}")
            return Place(name, tuple(indices), shape, offset, shape.size - offset, tuple(bounds))


def index_bits(count: int) -> int:
    """Bits that tell `count` entries apart."""
    return max(1, (count - 1).bit_length())


def plus(a: Linear, b: Linear) -> Linear:
    total = dict(a.terms)
    for term, coefficient in b.terms:
        total[term] = total.get(term, 0) + coefficient & mask(WORD)
    ordered = sorted(((t, c) for t, c in total.items() if c), key=lambda part: part[0].number)
    return Linear(a.constant + b.constant & mask(WORD), tuple(ordered))


def scaled(a: Linear, factor: int) -> Linear:
    terms = ((term, coefficient * factor & mask(WORD)) for term, coefficient in a.terms)
    return Linear(a.constant * factor & mask(WORD), tuple((term, c) for term, c in terms if c))


def linear(term: Term) -> Linear:
    """A 64-bit term as a sum of multiples. Shifts and masks that scale are multiples too."""
    if term.is_constant:
        return Linear(term.value)
    if term.op == "add":
        return plus(linear(term.arguments[0]), linear(term.arguments[1]))
    if term.op == "sub":
        return plus(linear(term.arguments[0]), scaled(linear(term.arguments[1]), mask(WORD)))
    if term.op == "mul" and term.arguments[1].is_constant:
        return scaled(linear(term.arguments[0]), term.arguments[1].value)
    if term.op == "bor" and term.arguments[1].is_constant:
        one = linear(term.arguments[0])
        if term.arguments[1].value < 1 << _even(one):
            return one.moved(term.arguments[1].value)
    zeros = zeros_below(term)
    inner = term.arguments[0] if term.op == "zext" else term
    if 0 < zeros < inner.width:
        high = extract(inner, inner.width - 1, zeros)
        if high.op != "extract" or high.arguments[0] is not inner:
            return scaled(linear(zext(high, WORD)), 1 << zeros)
    return Linear(0, ((term, 1),))


def _even(address: Linear) -> int:
    """How many low bits of a sum are zero."""
    whole = address.constant
    for _, coefficient in address.terms:
        whole |= coefficient
    return (whole & -whole).bit_length() - 1 if whole else WORD


def term_of(address: Linear) -> Term:
    """The inverse of `linear`."""
    result = const(address.constant, WORD)
    for term, coefficient in address.terms:
        result = add(result, mul(term, const(coefficient, WORD)))
    return result


def _merged(found: list[Alternative]) -> list[Alternative]:
    """Alternatives of one form, say entry i and entry j of a table, become one with a chosen index."""
    result: list[Alternative] = []
    for new in found:
        coefficients = sorted(c for _, c in new.address.terms)
        for number, old in enumerate(result):
            known = sorted(c for _, c in old.address.terms)
            if new.address.constant == old.address.constant and coefficients == known:
                if len(set(known)) < len(known):
                    continue
                theirs = {c: term for term, c in new.address.terms}
                terms = tuple((ite(old.condition, term, theirs[c]), c) for term, c in old.address.terms)
                merged = Linear(old.address.constant, tuple(sorted(terms, key=lambda part: part[0].number)))
                result[number] = Alternative(or_(old.condition, new.condition), merged)
                break
        else:
            result.append(new)
    return result


def place_all(shapes: Mapping[str, Shape]) -> AddressMap:
    """All globals at addresses of their own."""
    made = AddressMap()
    for name, shape in shapes.items():
        made.place(name, shape)
    return made

"""Larger pieces made of terms, and walks over them: disjunctions of many, counted and swapped bits, known zeros."""

from __future__ import annotations

from collections.abc import Iterable

from keelback.prover.encode.terms import FALSE, Term, add, are_opposite, concat, const, extract, or_, zext


def any_of(terms: Iterable[Term]) -> Term:
    """Disjunction; neighbours that differ in one last decision are joined first, as the paths of a program join."""
    left = list(terms)
    joined = True
    while joined and len(left) > 1:
        joined = False
        for first in range(len(left)):
            for second in range(first + 1, len(left)):
                a, b = left[first], left[second]
                same = a.op == "and" and b.op == "and" and a.arguments[0] is b.arguments[0]
                if a is b or (same and are_opposite(a.arguments[1], b.arguments[1])):
                    left[first] = or_(a, b)
                    del left[second]
                    joined = True
                    break
            if joined:
                break
    result = FALSE
    for term in left:
        result = or_(result, term)
    return result


def any_of_all(terms: Iterable[Term]) -> Term:
    """Disjunction of many terms, without looking for ways to join them."""
    left = [term for term in terms if term is not FALSE]
    while len(left) > 1:  # pairwise, so that it stays shallow
        left = [or_(*left[n : n + 2]) if n + 1 < len(left) else left[n] for n in range(0, len(left), 2)]
    return left[0] if left else FALSE


def zeros_below(a: Term) -> int:
    """How many low bits of a term are surely zero."""
    if a.is_constant:
        return (a.value & -a.value).bit_length() - 1 if a.value else a.width
    if a.op == "mul":
        return min(a.width, zeros_below(a.arguments[0]) + zeros_below(a.arguments[1]))
    if a.op == "band":
        return max(map(zeros_below, a.arguments))
    if a.op in ("bor", "bxor", "add", "sub"):
        return min(map(zeros_below, a.arguments))
    if a.op == "concat":
        lower = zeros_below(a.arguments[1])
        return lower if lower < a.arguments[1].width else lower + zeros_below(a.arguments[0])
    return zeros_below(a.arguments[0]) if a.op == "zext" else 0


def ctpop(a: Term) -> Term:
    """How many bits are one."""
    result = const(0, a.width)
    for bit in range(a.width):
        result = add(result, zext(extract(a, bit, bit), a.width) if a.width > 1 else a)
    return result


def bswap(a: Term) -> Term:
    """Bytes in the opposite order."""
    result = extract(a, 7, 0)
    for low in range(8, a.width, 8):
        result = concat(result, extract(a, low + 7, low))
    return result


def bit_reverse(a: Term) -> Term:
    result = extract(a, 0, 0)
    for bit in range(1, a.width):
        result = concat(result, extract(a, bit, bit))
    return result


def walk(roots: Iterable[Term]) -> list[Term]:
    """Every term below `roots`, arguments before what they are used in."""
    order: list[Term] = []
    seen: set[int] = set()
    stack: list[tuple[Term, bool]] = [(root, False) for root in roots]
    while stack:
        term, ready = stack.pop()
        if ready:
            order.append(term)
        elif term.number not in seen:
            seen.add(term.number)
            stack.append((term, True))
            stack.extend((argument, False) for argument in term.arguments if argument.number not in seen)
    return order

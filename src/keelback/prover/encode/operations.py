"""What LLVM's operations on integers mean, and when their result is undefined (LLVM Language Reference, Instruction
Reference). Takes terms, gives terms; i1 is a bit vector of one bit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from keelback.prover.encode import terms as t
from keelback.prover.encode.shaping import bit_reverse, bswap, ctpop
from keelback.prover.encode.terms import Term, const

Binary = Callable[[Term, Term], Term]

BINARY: dict[str, Binary] = {
    "add": t.add,
    "sub": t.sub,
    "mul": t.mul,
    "udiv": t.udiv,
    "urem": t.urem,
    "sdiv": t.sdiv,
    "srem": t.srem,
    "and": t.bit_and,
    "or": t.bit_or,
    "xor": t.bit_xor,
    "shl": t.shl,
    "lshr": t.lshr,
    "ashr": t.ashr,
}

COMPARE: dict[str, Binary] = {
    "eq": t.eq,
    "ne": lambda a, b: t.not_(t.eq(a, b)),
    "ult": t.ult,
    "ule": t.ule,
    "ugt": lambda a, b: t.ult(b, a),
    "uge": lambda a, b: t.ule(b, a),
    "slt": t.slt,
    "sle": t.sle,
    "sgt": lambda a, b: t.slt(b, a),
    "sge": lambda a, b: t.sle(b, a),
}


def wide(op: str, a: Term, b: Term, *, is_signed: bool) -> tuple[Term, Term]:
    """The exact result of add, sub or mul in enough bits, and what it should equal to have fitted."""
    extend = t.sext if is_signed else t.zext
    width = 2 * a.width if op == "mul" else a.width + 1
    exact = BINARY[op](extend(a, width), extend(b, width))
    return exact, extend(t.extract(exact, a.width - 1, 0), width)


def overflows(op: str, a: Term, b: Term, *, is_signed: bool) -> Term:
    """Whether add, sub or mul leaves the range of its type."""
    if not is_signed:
        if op == "add":
            return t.ult(t.add(a, b), a)
        if op == "sub":
            return t.ult(a, b)
        for one, other in ((a, b), (b, a)):
            if other.is_constant:
                return t.FALSE if other.value < 2 else t.ult(const(t.mask(a.width) // other.value, a.width), one)
    exact, fitting = wide(op, a, b, is_signed=is_signed)
    return t.not_(t.eq(exact, fitting))


def is_defined(op: str, flags: frozenset[str], a: Term, b: Term) -> Term:
    """When a binary operation with these flags has a defined result."""
    conditions: list[Term] = []
    if op in ("shl", "lshr", "ashr"):
        conditions.append(t.ult(b, const(b.width, b.width)) if b.width > 1 else t.eq(b, const(0, 1)))
    if op in ("udiv", "urem", "sdiv", "srem"):
        conditions.append(t.not_(t.eq(b, const(0, b.width))))
    if op in ("sdiv", "srem"):
        lowest = t.eq(a, const(1 << (a.width - 1), a.width))
        conditions.append(t.not_(t.and_(lowest, t.eq(b, const(-1, b.width)))))
    if op in ("add", "sub", "mul"):
        conditions += [t.not_(overflows(op, a, b, is_signed=False))] if "nuw" in flags else []
        conditions += [t.not_(overflows(op, a, b, is_signed=True))] if "nsw" in flags else []
    if op == "shl":
        conditions += [t.eq(t.lshr(t.shl(a, b), b), a)] if "nuw" in flags else []
        conditions += [t.eq(t.ashr(t.shl(a, b), b), a)] if "nsw" in flags else []
    if op in ("lshr", "ashr") and "exact" in flags:
        conditions.append(t.eq(t.shl(t.lshr(a, b), b), a))
    if op in ("udiv", "sdiv") and "exact" in flags:
        conditions.append(t.eq(t.mul(BINARY[op](a, b), b), a))
    if "disjoint" in flags:
        conditions.append(t.eq(t.bit_and(a, b), const(0, a.width)))
    return t.all_of(conditions)


def cast(op: str, a: Term, width: int, flags: frozenset[str]) -> tuple[Term, Term]:
    """The value of zext, sext, trunc, and when it is defined."""
    if op == "zext":
        return t.zext(a, width), _positive(a) if "nneg" in flags else t.TRUE
    if op == "sext":
        return t.sext(a, width), t.TRUE
    result = t.extract(a, width - 1, 0)
    conditions = [t.eq(t.zext(result, a.width), a)] if "nuw" in flags else []
    conditions += [t.eq(t.sext(result, a.width), a)] if "nsw" in flags else []
    return result, t.all_of(conditions)


def _positive(a: Term) -> Term:
    return t.eq(t.extract(a, a.width - 1, a.width - 1), const(0, 1))


def same_sign(a: Term, b: Term) -> Term:
    return t.eq(t.extract(a, a.width - 1, a.width - 1), t.extract(b, b.width - 1, b.width - 1))


def _saturated(op: str, a: Term, b: Term) -> Term:
    result = BINARY[op](a, b)
    return t.ite(overflows(op, a, b, is_signed=False), const(-1 if op == "add" else 0, a.width), result)


def _funnel(a: Term, b: Term, amount: Term, *, left: bool) -> Term:
    """fshl and fshr: a above b, shifted by the amount modulo the width."""
    width = a.width
    both = t.concat(a, b)
    turned = t.zext(t.urem(amount, const(width, width)), 2 * width)
    if left:
        return t.extract(t.shl(both, turned), 2 * width - 1, width)
    return t.extract(t.lshr(both, turned), width - 1, 0)


def intrinsic(name: str, given: Sequence[Term]) -> Term | None:
    """The value of an intrinsic that only computes, by its name without `llvm.` and types; None of others.

    The last operand of ctlz, cttz and abs says what is undefined, which is not looked at here.
    """
    if name in _ONE:
        return _ONE[name](given[0])
    if name in _TWO:
        return _TWO[name](given[0], given[1])
    if name in ("fshl", "fshr"):
        return _funnel(given[0], given[1], given[2], left=name == "fshl")
    return None


_ONE: dict[str, Callable[[Term], Term]] = {
    "ctlz": t.ctlz,
    "cttz": t.cttz,
    "ctpop": ctpop,
    "bswap": bswap,
    "bitreverse": bit_reverse,
    "abs": lambda a: t.ite(t.slt(a, const(0, a.width)), t.neg(a), a),
}

_TWO: dict[str, Binary] = {
    "umin": lambda a, b: t.ite(t.ult(a, b), a, b),
    "umax": lambda a, b: t.ite(t.ult(b, a), a, b),
    "smin": lambda a, b: t.ite(t.slt(a, b), a, b),
    "smax": lambda a, b: t.ite(t.slt(b, a), a, b),
    "uadd.sat": lambda a, b: _saturated("add", a, b),
    "usub.sat": lambda a, b: _saturated("sub", a, b),
}


def compare_three(a: Term, b: Term, width: int, *, is_signed: bool) -> Term:
    """ucmp and scmp: -1, 0 or 1."""
    less = t.slt(a, b) if is_signed else t.ult(a, b)
    return t.ite(less, const(-1, width), t.ite(t.eq(a, b), const(0, width), const(1, width)))

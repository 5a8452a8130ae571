"""Prints queries in SMT-LIB 2.6, which every solver reads. Shared terms become definitions, so size stays linear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from keelback.prover.encode.shaping import walk
from keelback.prover.encode.terms import BOOLEAN, EFFECT, Term

_NAMES = {
    "add": "bvadd",
    "sub": "bvsub",
    "mul": "bvmul",
    "udiv": "bvudiv",
    "urem": "bvurem",
    "sdiv": "bvsdiv",
    "srem": "bvsrem",
    "band": "bvand",
    "bor": "bvor",
    "bxor": "bvxor",
    "bnot": "bvnot",
    "shl": "bvshl",
    "lshr": "bvlshr",
    "ashr": "bvashr",
    "ult": "bvult",
    "slt": "bvslt",
    "eq": "=",
    "not": "not",
    "and": "and",
    "or": "or",
    "ite": "ite",
    "concat": "concat",
}


def sort(width: int) -> str:
    return "Bool" if width == BOOLEAN else "Effect" if width == EFFECT else f"(_ BitVec {width})"


def query(assertions: Sequence[Term]) -> str:
    """A script that declares what is used, asserts the terms and asks for satisfiability."""
    order = walk(assertions)
    uses = Counter(argument.number for term in order for argument in term.arguments)
    lines = ["(set-logic ALL)"]
    if any(term.width == EFFECT for term in order):
        lines.append("(declare-sort Effect 0)")
    lines += _declarations(order)
    texts: dict[int, str] = {}
    for term in order:
        given = [texts[argument.number] for argument in term.arguments]
        if term.op in ("ctlz", "cttz"):
            lines += _count(term, given[0])
            texts[term.number] = f"c{term.number}"
            continue
        text = _text(term, given)
        if term.arguments and uses[term.number] > 1:
            lines.append(f"(define-fun t{term.number} () {sort(term.width)} {text})")
            text = f"t{term.number}"
        texts[term.number] = text
    lines += [f"(assert {texts[term.number]})" for term in assertions]
    return "\n".join([*lines, "(check-sat)", ""])


def _count(term: Term, text: str) -> list[str]:
    """A new constant and what makes it the count: far easier for solvers than a choice among all counts."""
    width, name = term.width, f"c{term.number}"
    zero, one, full, last = (f"(_ bv{value} {width})" for value in (0, 1, width, width - 1))
    if term.op == "ctlz":
        found = f"(= (bvlshr {text} (bvsub {last} {name})) {one})"
    else:
        lower = f"(bvand {text} (bvsub (bvshl {one} {name}) {one}))"
        found = f"(and (= ((_ extract 0 0) (bvlshr {text} {name})) #b1) (= {lower} {zero}))"
    known = f"(ite (= {text} {zero}) (= {name} {full}) (and (bvult {name} {full}) {found}))"
    return [f"(declare-fun {name} () {sort(width)})", f"(assert {known})"]


def _declarations(order: Iterable[Term]) -> list[str]:
    found: dict[str, str] = {}
    for term in order:
        if term.op in ("symbol", "apply"):
            given = " ".join(sort(argument.width) for argument in term.arguments)
            line = f"(declare-fun |{term.name}| ({given}) {sort(term.width)})"
            if found.setdefault(term.name, line) != line:
                raise ValueError(f"{term.name} is used with different sorts: {line} and {found[term.name]}")
    return list(found.values())


def _text(term: Term, given: list[str]) -> str:
    if term.op == "const":
        if term.width == BOOLEAN:
            return "true" if term.value else "false"
        return f"#x{term.value:0{term.width // 4}x}" if term.width % 4 == 0 else f"#b{term.value:0{term.width}b}"
    if term.op == "symbol":
        return f"|{term.name}|"
    if term.op == "apply":
        return f"(|{term.name}| {' '.join(given)})"
    if term.op == "extract":
        return f"((_ extract {term.bounds[0]} {term.bounds[1]}) {given[0]})"
    if term.op in ("zext", "sext"):
        name = "zero_extend" if term.op == "zext" else "sign_extend"
        return f"((_ {name} {term.width - term.arguments[0].width}) {given[0]})"
    if term.op == "bool":
        zeros = "0" * (term.width - 1)
        return f"(ite {given[0]} #b{zeros}1 #b{zeros}0)"
    return f"({_NAMES[term.op]} {' '.join(given)})"

"""The solvers, behind one typed door: a query in SMT-LIB goes in, proven or not, and a model, come out.

cvc5 proves; z3 gives counterexamples. Both have no type information of their own. Knows nothing of kernels.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Literal, TypeAlias

Verdict: TypeAlias = Literal["unsat", "sat", "unknown"]


@dataclass(frozen=True)
class Table:
    """A function of a model: values by arguments, and for all others."""

    entries: Mapping[tuple[int, ...], int]
    default: int


Model: TypeAlias = Mapping[str, "int | Table"]


@dataclass(frozen=True)
class Answer:
    """`model` is there if the verdict is sat and z3 was asked."""

    verdict: Verdict
    solver: str
    seconds: float
    model: Model | None = None


def solver_versions() -> str:
    """Names and versions: part of what a cached result depends on."""
    return " ".join(f"{name}-{version(name)}" for name in ("cvc5", "z3-solver"))


def ask_cvc5(query: str, seconds: float) -> Answer:
    """Decide a query that ends with (check-sat)."""
    import cvc5

    started = time.monotonic()
    library: Any = cvc5
    solver = library.Solver(library.TermManager())
    solver.setOption("tlimit-per", str(max(1, int(seconds * 1000))))
    parser = library.InputParser(solver)
    parser.setStringInput(library.InputLanguage.SMT_LIB_2_6, query, "query")
    symbols = parser.getSymbolManager()
    said = ""
    while True:
        command = parser.nextCommand()
        if command.isNull():
            break
        said = str(command.invoke(solver, symbols)).strip() or said
    return Answer(_verdict(said), "cvc5", time.monotonic() - started)


def ask_z3(query: str, seconds: float) -> Answer:
    """Decide a query, with a model if it can be satisfied."""
    import z3

    started = time.monotonic()
    library: Any = z3
    context = library.Context()
    solver = library.Solver(ctx=context)
    solver.set("timeout", max(1, int(seconds * 1000)))
    solver.from_string(query.replace("(check-sat)", ""))
    verdict = _verdict(str(solver.check()))
    model = _model(library, solver.model()) if verdict == "sat" else None
    return Answer(verdict, "z3", time.monotonic() - started, model)


def decide(query: str, seconds: float) -> Answer:
    """cvc5 first; where it does not prove, z3 with its counterexample, or its proof."""
    first = ask_cvc5(query, seconds)
    if first.verdict == "unsat":
        return first
    second = ask_z3(query, seconds)
    if second.verdict == "unknown":
        return Answer(first.verdict, "cvc5 z3", first.seconds + second.seconds)
    return Answer(second.verdict, second.solver, first.seconds + second.seconds, second.model)


def _verdict(said: str) -> Verdict:
    return "unsat" if said == "unsat" else "sat" if said == "sat" else "unknown"


def _number(library: Any, value: Any) -> int:
    if library.is_bv_value(value):
        return int(value.as_long())
    return int(bool(library.is_true(value)))


def _model(library: Any, model: Any) -> Model:
    """Constants and functions over bit vectors; what has another sort (effects) is left out."""
    made: dict[str, int | Table] = {}
    for declared in model.decls():
        found = model[declared]
        if declared.arity() == 0:
            if library.is_bv(found) or library.is_bool(found):
                made[str(declared.name())] = _number(library, found)
        elif isinstance(found, library.FuncInterp):
            rows = [found.entry(n) for n in range(found.num_entries())]
            if all(library.is_bv_value(row.arg_value(n)) for row in rows for n in range(row.num_args())):
                entries = {
                    tuple(_number(library, row.arg_value(n)) for n in range(row.num_args())): _number(
                        library, row.value()
                    )
                    for row in rows
                }
                made[str(declared.name())] = Table(entries, _number(library, found.else_value()))
    return made

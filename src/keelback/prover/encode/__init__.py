"""The kernel's optimised LLVM IR as formulas: `parser` reads its text, `executor` runs it on unknowns."""

from keelback.prover.encode.executor import Obligation, Outcome, Run
from keelback.prover.encode.memory import Field
from keelback.prover.encode.module import Module, UnsupportedError
from keelback.prover.encode.parser import parse_module
from keelback.prover.encode.printing import query
from keelback.prover.encode.program import Program
from keelback.prover.encode.terms import Term

__all__ = [
    "Field",
    "Module",
    "Obligation",
    "Outcome",
    "Program",
    "Run",
    "Term",
    "UnsupportedError",
    "parse_module",
    "query",
]

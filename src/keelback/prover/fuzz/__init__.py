"""Random programs: system calls and events, through the compiled kernel and the specification beside it.

`boot` makes small systems, `steps` are what can happen, `choice` picks the next, `kernel` is the compiled kernel,
`run` compares after each step, `shrink` cuts a program that fails down to a short one.
"""

from keelback.prover.fuzz.kernel import CompiledKernel
from keelback.prover.fuzz.run import Failure, Statistics, find_failure, fuzz
from keelback.prover.fuzz.shrink import render, shrink

__all__ = ["CompiledKernel", "Failure", "Statistics", "find_failure", "fuzz", "render", "shrink"]

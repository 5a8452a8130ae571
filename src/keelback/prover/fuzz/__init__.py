"""Random programs: system calls and events, through the compiled kernel and the specification beside it.

`boot` makes small systems, `steps` are what can happen, `choice` picks the next, `kernel` is the compiled kernel,
`observer` says what its tables mean, `run` compares after each step, `shrink` cuts a program that fails down to a short
one. `bulk` makes programs at full speed without the specification, in `driver`, which is compiled with the kernel;
`campaign` shares much of both among processes.
"""

from keelback.prover.fuzz.bulk import run_in_bulk
from keelback.prover.fuzz.campaign import Outcome, make_pieces, run_pieces
from keelback.prover.fuzz.kernel import CompiledKernel
from keelback.prover.fuzz.run import Failure, Statistics, find_failure, fuzz
from keelback.prover.fuzz.shrink import render, shrink

__all__ = [
    "CompiledKernel",
    "Failure",
    "Outcome",
    "Statistics",
    "find_failure",
    "fuzz",
    "make_pieces",
    "render",
    "run_in_bulk",
    "run_pieces",
    "shrink",
]

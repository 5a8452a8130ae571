"""The invariants as formulas, each about one row of one table: what is assumed of the state before a call, and shown of
the state after it.

Each says what one or more of `prover.invariants` say, or a part of it; those are evaluated on states of the running
kernel by the fuzzer, and these on the same states by the tests.
"""

from keelback.prover.hypotheses import authority, guests, memory, messaging, queues, scheduling, threads
from keelback.prover.hypotheses.statement import COUNTS, PAIRS, STATEMENTS, Count, Pair, Statement
from keelback.prover.hypotheses.view import Sizes, View, sizes_of

__all__ = [
    "COUNTS",
    "PAIRS",
    "STATEMENTS",
    "Count",
    "Pair",
    "Sizes",
    "Statement",
    "View",
    "authority",
    "guests",
    "memory",
    "messaging",
    "queues",
    "scheduling",
    "sizes_of",
    "threads",
]

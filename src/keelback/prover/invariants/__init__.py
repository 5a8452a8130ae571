"""What holds of the kernel's tables between any two calls: families of statements, evaluated on concrete tables.

Each statement is a function that yields what contradicts it, in words.
"""

from keelback.prover.invariants.check import INVARIANTS, contradictions

__all__ = ["INVARIANTS", "contradictions"]

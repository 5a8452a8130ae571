"""What holds of the kernel's tables between any two calls: families of statements, about one row each.

Each statement is a function (`incremental`) that yields what contradicts it, in words.
"""

from keelback.prover.invariants.check import INVARIANTS, InvariantWatch, contradictions

__all__ = ["INVARIANTS", "InvariantWatch", "contradictions"]

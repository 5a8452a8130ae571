"""What is wrong when no bound can be told."""

from __future__ import annotations


class UnboundedCode(Exception):
    """The kernel has code whose longest path cannot be told: a loop, a recursion, a jump to where nobody knows.

    The message names the function and the source line."""

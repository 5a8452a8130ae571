"""Mutants that behave as the original, each with its reason. One that is told after all does not belong here."""

from __future__ import annotations

from typing import Final

EQUIVALENT: Final[dict[str, str]] = {}
"""By `Mutant.name`."""

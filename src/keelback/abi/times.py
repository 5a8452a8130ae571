"""Scheduling contexts: x3 of TIME_CONFIGURE."""

from __future__ import annotations

from typing import Final

PARTITION_MASK: Final = 0xFF
"""Bits 7:0: the partition whose windows it runs in; 0 for all."""
FAULT_ON_OVERRUN: Final = 1 << 8
"""A thread that uses up the budget faults (faults.OVERRUN), instead of only waiting for the next period."""

PERIOD_MOST: Final = 1 << 34
"""Longest period, in ticks."""
BUDGET_LEAST: Final = 1 << 10
"""Shortest budget, in ticks."""

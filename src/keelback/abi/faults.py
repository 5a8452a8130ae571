"""Faults: what a thread did, as told to its fault handler (RECEIVE with event kind FAULT).

x0 = kind, x1 = pc, x2 = address (0 where there is none), x3 = ESR_EL2 (Arm DDI 0487, D17.2.37),
x4 = immediate of `brk`.
"""

from __future__ import annotations

from typing import Final

MEMORY_READ: Final = 1
"""A load from memory that is not mapped, or not readable."""
MEMORY_WRITE: Final = 2
"""A store to memory that is not mapped, or not writable."""
EXECUTE: Final = 3
"""A fetch from memory that is not mapped, or not executable."""
UNDEFINED: Final = 4
"""An instruction that a component may not execute (hvc, smc, system registers, wfi ...)."""
TRAP: Final = 5
"""`brk`: x4 = its immediate. In compiled Python the low 4 bits are the trap kind."""
ALIGNMENT: Final = 6
"""An alignment fault, or a pc or sp that is not aligned."""
OVERRUN: Final = 7
"""The thread used up its budget (x2 = ticks of the budget). On RESUME it goes on when its next period begins."""
OTHER: Final = 8
"""Anything else, a system error (SError) among them."""

WORD_COUNT: Final = 5

STAY_STOPPED: Final = 0
"""Reply: the thread stays stopped until it is started or resumed."""
RESUME: Final = 1
"""Reply: the thread continues at its (possibly rewritten) pc."""

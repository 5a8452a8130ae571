"""Trace records: four words each, kept in one ring per core, always there.

Word 0: the counter's ticks (CNTPCT_EL0). Word 1: kind in bits 7:0, thread in bits 31:8, detail in bits 63:32.
Words 2 and 3: see the kinds.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import parameter

RECORD_WORDS: Final = 4

CALL: Final = 1
"""A system call: detail = number, word 2 = x8 (slot), word 3 = x0."""
ERROR: Final = 2
"""A refused system call: detail = number, word 2 = x8 (slot), word 3 = status."""
SWITCH: Final = 3
"""Another thread runs: thread = the new one, detail = the old one."""
FAULT: Final = 4
"""A thread faulted: detail = fault kind, word 2 = pc, word 3 = address."""
EXIT: Final = 5
"""A guest exited to its monitor: detail = reason, word 2 = pc, word 3 = ESR_EL2."""
INTERRUPT: Final = 6
"""A physical interrupt: detail = interrupt id."""
STOP: Final = 7
"""A thread was stopped: thread = by whom, detail = which."""
START: Final = 8
"""A thread was started: thread = by whom, detail = which, word 2 = pc."""
KIND_COUNT: Final = 9

EVERY_CALL: Final = 1 << CALL | 1 << ERROR | 1 << SWITCH
"""Kinds that the common calls would write."""

DEFAULT_MASK: Final = parameter("trace_mask", (1 << FAULT) | (1 << STOP) | (1 << START))
"""Kinds recorded from boot on: the rare ones. TRACE_CONTROL changes it while the system runs."""

"""The generic timer's counter, readable by every component.

No timeouts: a component waits for notifications, not for time.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import ReadOnlySystemRegister, asm, u64

CNTVCT_EL0: Final = ReadOnlySystemRegister("cntvct_el0")  # Arm DDI 0487, D17.11.18
CNTFRQ_EL0: Final = ReadOnlySystemRegister("cntfrq_el0")


@asm("isb", clobbers=("memory",))
def finish_instructions() -> None:
    """The counter is read no earlier than here (Arm DDI 0487, D11.2.2). Model: a sequential machine does so anyway."""


def counter() -> u64:
    """Ticks since some fixed moment; the same clock in all components and guests."""
    finish_instructions()
    return CNTVCT_EL0.read()


def counter_frequency() -> u64:
    """Ticks per second."""
    return CNTFRQ_EL0.read()

"""Memory barriers for what components share. Does not touch devices' own ordering: device pages are nGnRE already."""

from __future__ import annotations

from keelback.lang import asm


@asm("dmb ish", clobbers=("memory",))
def order_memory() -> None:
    """Everything before is seen by the other cores before anything after (Arm DDI 0487, B2.3.7).

    Model: a sequential machine has no other order.
    """


@asm("dmb ishst", clobbers=("memory",))
def order_stores() -> None:
    """Stores before are seen by the other cores before stores after. Model: as `order_memory`."""


@asm("dmb ishld", clobbers=("memory",))
def order_loads() -> None:
    """Loads before are done before any load or store after. Model: as `order_memory`."""

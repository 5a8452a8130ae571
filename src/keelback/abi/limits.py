"""Sizes of the kernel's tables, chosen by the build from the system description.

Index 0 of each object table is unused, so a table of n objects has n + 1 entries.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import parameter

CORE_COUNT: Final = parameter("core_count", 1)
PRIORITY_COUNT: Final = 256
"""Priorities are 1 (lowest) to 255; 0 is the idle core."""

THREAD_COUNT: Final = parameter("thread_count", 17)
ENDPOINT_COUNT: Final = parameter("endpoint_count", 17)
NOTIFICATION_COUNT: Final = parameter("notification_count", 33)
INTERRUPT_COUNT: Final = parameter("interrupt_count", 17)
VCPU_COUNT: Final = parameter("vcpu_count", 5)
TABLE_COUNT: Final = parameter("table_count", 17)
"""Capability tables; table 0 is unused."""
SLOT_COUNT: Final = parameter("slot_count", 64)
"""Slots of each capability table; slot 0 is never valid."""

TRACE_COUNT: Final = parameter("trace_count", 256)
"""Records each core's trace ring keeps; a power of two."""

LIST_REGISTER_COUNT: Final = 4
"""List registers of the GIC's virtual CPU interface that the kernel uses; boards have at least these."""

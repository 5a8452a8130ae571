"""Sizes of the kernel's tables, chosen by the build from the system description.

Index 0 of each object table is unused, so a table of n objects has n + 1 entries.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import parameter

CORE_COUNT: Final = parameter("core_count", 1)
PRIORITY_COUNT: Final = 256
"""Priorities are 1 (lowest) to 255; 0 is the idle core."""

PARTITION_COUNT: Final = parameter("partition_count", 1)
"""Cyclic partitions, and the one (0) that runs at any time."""
WINDOW_COUNT: Final = parameter("window_count", 1)
"""Windows of the cyclic schedules of all cores together; window 0 is unused."""

POOL_COUNT: Final = parameter("pool_count", 5)
THREAD_COUNT: Final = parameter("thread_count", 17)
TIME_COUNT: Final = parameter("time_count", 5)
"""Scheduling contexts."""
ENDPOINT_COUNT: Final = parameter("endpoint_count", 17)
REPLY_COUNT: Final = parameter("reply_count", 5)
NOTIFICATION_COUNT: Final = parameter("notification_count", 33)
INTERRUPT_COUNT: Final = parameter("interrupt_count", 17)
VCPU_COUNT: Final = parameter("vcpu_count", 5)
GRANT_COUNT: Final = parameter("grant_count", 5)
TABLE_COUNT: Final = parameter("table_count", 17)
"""Capability tables."""
SLOT_COUNT: Final = parameter("slot_count", 17 * 64)
"""Slots of all capability tables together; slot 0 of each table is never valid."""
SPACE_COUNT: Final = parameter("space_count", 18)
"""Address spaces. Their level 1 tables are the translation tables with the same index."""
TRANSLATION_COUNT: Final = parameter("translation_count", 66)
"""Translation tables of all levels; from SPACE_COUNT on they are page tables."""
FRAME_COUNT: Final = parameter("frame_count", 9)
"""Frames that can be mapped at run time."""

TRACE_COUNT: Final = parameter("trace_count", 256)
"""Records each core's trace ring keeps; a power of two."""

LIST_REGISTER_COUNT: Final = 4
"""List registers of the GIC's virtual CPU interface that the kernel uses; boards have at least these."""

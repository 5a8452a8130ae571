"""Kinds of kernel object. A capability names an object by kind and index; index 0 of every table is never an object."""

from __future__ import annotations

from typing import Final

NONE: Final = 0
"""An empty slot."""
POOL: Final = 1
CAPABILITY_TABLE: Final = 2
FRAME: Final = 3
PAGE_TABLE: Final = 4
ADDRESS_SPACE: Final = 5
THREAD: Final = 6
ENDPOINT: Final = 7
NOTIFICATION: Final = 8
INTERRUPT: Final = 9
VCPU: Final = 10
TRACE: Final = 11
"""The trace rings of all cores. One object, index 1."""
PLATFORM: Final = 12
"""The board's power. One object, index 1."""
TIME: Final = 13
"""A scheduling context."""
REPLY: Final = 14
GRANT: Final = 15
CORE: Final = 16
"""The right to run threads on a processor core and to hand out its time. Index = number of the core + 1."""
KIND_COUNT: Final = 17

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

"""Mappings: x2 of MAP. What the frame's capability does not allow is refused."""

from __future__ import annotations

from typing import Final

READ: Final = 1
"""Readable: needs READ."""
WRITE: Final = 2
"""Writable too: needs WRITE."""
EXECUTE: Final = 4
"""Executable: needs READ. Not for device frames."""

ENTRY_COUNT: Final = 512
"""Entries of a table: each covers 1 GiB (level 1), 2 MiB (level 2) or 4 KiB (level 3)."""
SMALL_BYTES: Final = 1 << 12
LARGE_BYTES: Final = 1 << 21

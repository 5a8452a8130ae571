"""Rights of a capability: bits of its `rights` byte. What each call needs is said in keelback.abi.syscalls."""

from __future__ import annotations

from typing import Final

READ: Final = 1
"""Wait, poll, read registers."""
WRITE: Final = 2
"""Call, signal, write registers, inject."""
GRANT: Final = 4
"""Mint badged capabilities."""
CONTROL: Final = 8
"""Start, stop, run, acknowledge, power off."""
OWNER: Final = 16
"""Revoke."""
ALL: Final = 31
"""Every right."""

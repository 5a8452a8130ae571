"""Status of a system call, returned in x8. An error is a refused call: nothing was changed."""

from __future__ import annotations

from typing import Final

OK: Final = 0
BAD_SLOT: Final = 1
"""The slot number is not in the table, or the slot is empty."""
WRONG_KIND: Final = 2
"""The capability names an object of another kind."""
DEAD: Final = 3
"""The capability was revoked: its generation is not the object's."""
NO_RIGHT: Final = 4
"""The capability lacks the right that the call needs."""
BAD_ARGUMENT: Final = 5
PRIORITY: Final = 6
"""Calls go upwards only: the server's priority is not above the caller's."""
BUSY: Final = 7
STATE: Final = 8
"""The object is not in a state (or does not belong to the caller) in which the call makes sense."""
UNKNOWN_CALL: Final = 9
RESTARTED: Final = 10
"""The other side was stopped or restarted before it replied; or this thread was stopped while it was blocked."""
OCCUPIED: Final = 11
"""The destination slot holds a capability."""
PENDING: Final = 12
"""Another core was asked to let go of the object: make the same call again."""
TIMEOUT: Final = 13
"""The deadline came first."""
NOT_OWNED: Final = 14
"""The pool does not own the object (or, when taking, does not own its owner)."""
DIRTY: Final = 15
"""The frame must be cleared first."""

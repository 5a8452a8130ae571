"""Messages: eight words in x0..x7, and what RECEIVE says it returned with (x10)."""

from __future__ import annotations

from typing import Final

WORD_COUNT: Final = 8

MESSAGE: Final = 1
"""A client called: x9 = badge of its capability, x0..x7 = its words. REPLY_RECEIVE answers it."""
SIGNAL: Final = 2
"""The bound notification had bits: x9 = the bits, taken. There is no client to answer."""
FAULT: Final = 3
"""A thread faulted: x9 = badge of its fault handler entry, x0..x4 = the fault (keelback.abi.faults).
Answer with x0 = RESUME or STAY_STOPPED."""

PASSED: Final = 16
"""Or'ed into x10: the capability that the other side passed is in the slot of ACCEPT."""

OWN_ENDPOINT_SLOT: Final = 1
"""By convention a component's slot 1 holds the endpoint it serves, to mint from; empty where it is not to do that."""
OWN_NOTIFICATION_SLOT: Final = 2
"""By convention a component's slot 2 holds the notification bound to its thread."""
FIRST_GIVEN_SLOT: Final = 3
"""Slots from here on are given out by the system description, in its order."""

"""Says hello to its supervisor, and waits. It counts its lives in a variable, to show that memory starts afresh."""

from __future__ import annotations

from typing import Final

from keelback.lang import array, u64
from keelback.user.runtime import Message, call

SUPERVISOR_SLOT: Final = 3

lives: Final = array(u64, 1)
greeting: Final = Message()


def init() -> None:
    """Once in each life."""
    lives[0] = lives[0] + 1
    greeting.words[0] = lives[0]
    call(u64(SUPERVISOR_SLOT), greeting)

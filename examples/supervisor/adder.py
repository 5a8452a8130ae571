"""Adds two numbers; asked to add zero to zero, it crashes."""

from __future__ import annotations

from keelback.lang import u64
from keelback.user.runtime import Message


def protected(badge: u64, message: Message) -> None:
    """x0 = the sum of x0 and x1."""
    assert message.words[0] != 0 or message.words[1] != 0
    message.words[0] = message.words[0] + message.words[1]

"""A component that logs for ever, as fast as it can, and never waits for anything."""

from __future__ import annotations

from keelback.user.runtime import log


def init() -> None:
    """Log and log."""
    while True:
        log("noise noise noise noise noise noise noise noise noise")

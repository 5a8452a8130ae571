"""Greets once at its start, and answers every line typed to it."""

from __future__ import annotations

from keelback.lang import u64
from keelback.user.runtime import log, log_number, take_line, typed


def init() -> None:
    """Runs once, before anything else."""
    log("hello from greeter")


def notified(bits: u64) -> None:
    """Somebody typed a line, or several."""
    while take_line():
        log_number("characters typed:", typed.count)

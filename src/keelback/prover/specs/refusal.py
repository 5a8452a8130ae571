"""Refusing a call: nothing has happened, and the status says why."""

from __future__ import annotations


class Refused(Exception):
    """A call is refused with this status. Raised before anything is changed."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def require(condition: bool, status: int) -> None:
    """Refuse the call unless `condition` holds."""
    if not condition:
        raise Refused(status)

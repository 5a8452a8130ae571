"""Build parameters: values that a build gives to the modules it compiles.

Outside a build, as in CPython tests, each has its default. Inside `active_parameters(values)` the values given there
apply to modules that run meanwhile. Values are looked up when `parameter` is called, which is at module level.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class ActiveParameters:
    """The values of one build, and what the modules asked for: name -> the value they got."""

    values: Mapping[str, int | str]
    asked: dict[str, int | str] = field(default_factory=dict[str, int | str])

    def unused(self) -> list[str]:
        """Names that were given but that no module asked for, sorted."""
        return sorted(set(self.values) - set(self.asked))


_active: ContextVar[ActiveParameters | None] = ContextVar("keelback_parameters", default=None)


def parameter(name: str, default: int) -> int:
    """The number this build gives to `name`, else `default`; TypeError if the build gives a text."""
    value = _look_up(name, default)
    if type(value) is not int:
        raise TypeError(f"the parameter {name} is a number, and the build gives {value!r}")
    return value


def text_parameter(name: str, default: str) -> str:
    """The text this build gives to `name`, else `default`; TypeError if the build gives a number."""
    value = _look_up(name, default)
    if not isinstance(value, str):
        raise TypeError(f"the parameter {name} is a text, and the build gives {value!r}")
    return value


@contextmanager
def active_parameters(values: Mapping[str, int | str]) -> Generator[ActiveParameters]:
    """Give `values` to the modules that run in the body; they replace those of an outer `active_parameters`."""
    active = ActiveParameters(values)
    token = _active.set(active)
    try:
        yield active
    finally:
        _active.reset(token)


def _look_up(name: str, default: int | str) -> int | str:
    active = _active.get()
    if active is None:
        return default
    value = active.values.get(name, default)
    active.asked[name] = value
    return value

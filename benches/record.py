"""The recorded figures: what each was last, what it may be, and whether a new one is worse.

Figures are flat: a name such as `kernel.call.instructions` and a number, less being better. Those that count
instructions repeat exactly and may not grow by one; those of a whole Linux may differ by what its page allocator does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

RECORD = Path(__file__).with_name("recorded.json")

# Share by which a figure may exceed the recorded one before it counts as worse; figures not named here: none.
TOLERANCES = {
    "linux.cpu_loop.ratio": 0.001,
    "linux.getppid.ratio": 0.001,
    "linux.fork_exec.ratio": 0.01,
    "linux.touch_page.ratio": 0.002,
    "linux.touch_page_huge.ratio": 0.002,
    "linux.pipe.ratio": 0.003,
    "linux.nanosleep_excess.ratio": 0.02,
    "linux.console_byte.ratio": 0.03,
    "linux.reset_to_init.ratio": 0.01,
    "linux.reset_to_guest.ns": 0.05,
    "linux.device_read.ns": 0.005,
}

# What is promised of the figures, whatever was recorded.
LIMITS: dict[str, float] = {
    "growth.worse": 0,
    "linux.cpu_loop.ratio": 1.005,
    "linux.getppid.ratio": 1.005,
    "linux.fork_exec.ratio": 1.005,
    "linux.touch_page.ratio": 1.005,
    "linux.pipe.ratio": 1.005,
    "linux.reset_to_init.ratio": 1.3,
    "linux.reset_to_guest.ns": 1e9,
}


@dataclass(frozen=True)
class Worse:
    """A figure that is worse than it may be; `because` says than what."""

    name: str
    measured: float
    allowed: float
    because: str

    def __str__(self) -> str:
        return f"{self.name}: {self.measured:g} is more than {self.allowed:g}, {self.because}"


def load_record(path: Path = RECORD) -> dict[str, float]:
    """The recorded figures; none when nothing was recorded yet."""
    if not path.is_file():
        return {}
    return {str(name): float(value) for name, value in json.loads(path.read_text()).items()}


def save_record(figures: Mapping[str, float], path: Path = RECORD) -> None:
    """Put new figures in the place of old ones; those that were not measured stay."""
    merged = {**load_record(path), **figures}
    numbers = {name: int(value) if float(value).is_integer() else round(value, 5) for name, value in merged.items()}
    path.write_text(json.dumps(dict(sorted(numbers.items())), indent=2) + "\n")


def find_worse(measured: Mapping[str, float], recorded: Mapping[str, float]) -> list[Worse]:
    """The figures above their recorded value (and its tolerance) or above their limit, in the order measured."""
    worse: list[Worse] = []
    for name, value in measured.items():
        limit = LIMITS.get(name)
        if limit is not None and value > limit:
            worse.append(Worse(name, value, limit, "which is promised"))
        known = recorded.get(name)
        if known is not None and value > known * (1 + TOLERANCES.get(name, 0.0)):
            worse.append(Worse(name, value, known, "which is recorded"))
    return worse

"""Run a program through a kernel and the specification side by side, and say where they part."""

from __future__ import annotations

import pickle
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, is_dataclass
from operator import itemgetter
from typing import Any

from keelback.lang import Trap
from keelback.prover.fuzz.boot import make_boot, start
from keelback.prover.fuzz.choice import choose_step, make_mood
from keelback.prover.fuzz.kernel import BootValues, Kernel
from keelback.prover.fuzz.steps import Call, Step
from keelback.prover.specs import events
from keelback.prover.state import State

PROGRAM_STEPS = 300
"""Long enough to get somewhere, short enough to shrink quickly."""
IDLE_STEPS = 40
"""So many steps without a call, and nobody is likely to make one any more."""


@dataclass(frozen=True)
class Failure:
    """A program after whose last step the kernel is not as specified."""

    boot: BootValues
    steps: tuple[Step, ...]
    reasons: tuple[str, ...]


@dataclass
class Statistics:
    """What a run has done."""

    calls: int = 0
    steps: int = 0
    programs: int = 0
    results: Counter[tuple[int, int]] = field(default_factory=Counter[tuple[int, int]])  # (number, status)

    def add(self, other: Statistics) -> None:
        """Take another run in."""
        self.calls += other.calls
        self.steps += other.steps
        self.programs += other.programs
        self.results.update(other.results)


def differences(expected: Any, found: Any, path: str = "") -> list[str]:
    """Where two abstract states differ, in words."""
    if expected == found:
        return []
    if is_dataclass(expected) and not isinstance(expected, type) and type(expected) is type(found):
        names = [item.name for item in fields(expected) if item.compare]
        parts = [(f"{path}.{name}", getattr(expected, name), getattr(found, name)) for name in names]
    elif isinstance(expected, dict) and isinstance(found, dict):
        keys: list[Any] = sorted({*expected, *found})
        parts = [(f"{path}[{key}]", expected.get(key), found.get(key)) for key in keys]
    else:
        return [f"{path.removeprefix('.')}: specified {expected!r}, found {found!r}"]
    return [text for name, left, right in parts for text in differences(left, right, name)]


def take_step(kernel: Kernel, state: State, step: Step) -> tuple[str, ...]:
    """Let a step happen on both sides; what is wrong afterwards."""
    kernel.enter(step.core, state.now)
    present = kernel.peek("cores", step.core, "current")
    try:
        step.act(kernel, state)
        if kernel.peek("cores", step.core, "current") != present and not kernel.peek("cores", step.core, "turned"):
            return ("another thread runs, and the kernel did not note that the processor is to be set up for it",)
        kernel.invoke("driver.charge")
    except Trap as trap:
        return (f"the kernel traps: {trap}",)
    step.specify(state)
    events.resume(state)
    broken = kernel.observer.look()
    if broken:
        return tuple(broken)
    found = kernel.observer.state
    return tuple(differences(state, found)) if state != found else ()


class BrokenBoot(Exception):
    """A system contradicts the invariants before anything has happened."""


def begin(kernel: Kernel, boot: BootValues) -> State:
    """Start a system; its abstract state. The first state has to satisfy the invariants too, else BrokenBoot."""
    start(kernel, boot)
    broken = kernel.observer.look()
    if broken:
        raise BrokenBoot("\n".join(broken))
    copy: State = pickle.loads(pickle.dumps(kernel.observer.state, pickle.HIGHEST_PROTOCOL))
    for item in fields(copy):
        values = getattr(copy, item.name)
        if isinstance(values, dict):
            setattr(copy, item.name, dict(sorted(values.items(), key=itemgetter(0))))  # for whoever chooses among them
    return copy


def find_failure(kernel: Kernel, boot: BootValues, steps: Iterable[Step]) -> Failure | None:
    """Run a program on a system, without the steps that cannot happen; the first failure, if any."""
    state = begin(kernel, boot)
    done: list[Step] = []
    for step in steps:
        state.here = step.core
        if step.is_possible(state):
            done.append(step)
            reasons = take_step(kernel, state, step)
            if reasons:
                return Failure(boot, tuple(done), reasons)
    return None


def fuzz(
    kernel: Kernel, seed: int, calls: int, statistics: Statistics, until: Callable[[], bool] = lambda: False
) -> Failure | None:
    """Random programs until `calls` calls were made, `until` says so, or one fails."""
    chance = random.Random(seed)
    while statistics.calls < calls and not until():
        boot = make_boot(kernel, chance.getrandbits(32))
        state = begin(kernel, boot)
        statistics.programs += 1
        mood = make_mood(chance)
        done: list[Step] = []
        last_call = 0
        while len(done) < PROGRAM_STEPS and len(done) < last_call + IDLE_STEPS:
            step = choose_step(state, chance, mood)
            caller = state.current
            done.append(step)
            reasons = take_step(kernel, state, step)
            if reasons:
                return Failure(boot, tuple(done), reasons)
            statistics.steps += 1
            if isinstance(step, Call):
                statistics.calls += 1
                last_call = len(done)
                statistics.results[step.number, state.threads[caller].registers[8]] += 1
                if statistics.calls == calls:
                    break
    return None

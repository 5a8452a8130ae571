"""Random programs at full speed, without the specification: no trap, and the invariants hold now and then.

The programs are made and run by compiled code (`driver`). One that fails comes back as steps, so that it can be run
again beside the specification, and shrunk.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from keelback.lang import Trap
from keelback.prover.fuzz.boot import make_boot, start
from keelback.prover.fuzz.kernel import BootValues, CompiledKernel
from keelback.prover.fuzz.run import Failure, Statistics
from keelback.prover.fuzz.steps import Asked, Call, EndSlice, Fault, Fire, GuestExits, Step, Tick, TimePasses

SYSTEM_COUNT = 64
"""Systems that the programs start from."""
PROGRAM_CALLS = 2000
LOOK_CALLS = 5000
"""The invariants are evaluated each time that so many calls were made."""

STATUS_COUNT = 16
LOG_COUNT = 4096
LOG_WORDS = 12
"""As in `driver`."""


@dataclass(frozen=True)
class System:
    """A system, and the tables after it has started."""

    boot: BootValues
    saved: dict[str, bytes]


def make_systems(kernel: CompiledKernel, chance: random.Random) -> list[System]:
    """Systems to start from."""
    systems: list[System] = []
    for _ in range(SYSTEM_COUNT):
        boot = make_boot(kernel, chance.getrandbits(32))
        start(kernel, boot)
        systems.append(System(boot, kernel.save()))
    return systems


def run_in_bulk(
    kernel: CompiledKernel, seed: int, calls: int, statistics: Statistics, until: Callable[[], bool] = lambda: False
) -> Failure | None:
    """Random programs until `calls` calls were made, `until` says so, or one fails."""
    chance = random.Random(seed)
    systems = make_systems(kernel, chance)
    written, outcomes = kernel.driver_words("written"), kernel.driver_words("outcomes")
    outcomes[:] = memoryview(bytes(outcomes.nbytes)).cast("Q")
    looked = 0
    while statistics.calls < calls and not until():
        system = chance.choice(systems)
        kernel.restore(system.saved)
        written[0] = 0
        reasons: list[str] = []
        try:
            made = min(PROGRAM_CALLS, calls - statistics.calls)
            statistics.calls += kernel.invoke("driver.run", made, chance.getrandbits(63) | 1)
        except Trap as trap:
            reasons = [f"the kernel traps: {trap}"]
        statistics.programs += 1
        statistics.steps += written[0]
        if statistics.calls - looked >= LOOK_CALLS or statistics.calls >= calls:
            looked = statistics.calls
            reasons = reasons or kernel.observer.look()
        if reasons:
            return Failure(system.boot, tuple(logged_steps(kernel)), tuple(reasons))
    for place, count in enumerate(outcomes):
        if count:
            statistics.results[divmod(place, STATUS_COUNT)] += count
    return None


def logged_steps(kernel: CompiledKernel) -> Iterator[Step]:
    """What has happened since the last program began, as far as the log reaches back."""
    log, count = kernel.driver_words("log"), kernel.driver_words("written")[0]
    for number in range(max(0, count - LOG_COUNT), count):
        start = number % LOG_COUNT * LOG_WORDS
        yield logged_step(log[start : start + LOG_WORDS].tolist())


def logged_step(words: list[int]) -> Step:
    """An entry of the log."""
    kind, core = words[0] & 0xFF, words[0] >> 8
    made: dict[int, Callable[[], Step]] = {
        0: lambda: Call(words[1], words[10], tuple(words[2:10]), core=core),
        1: lambda: EndSlice(core=core),
        2: lambda: Tick(core=core),
        3: lambda: Asked(core=core),
        4: lambda: Fault(words[1], words[2], core=core),
        5: lambda: Fire(words[1], core=core),
        6: lambda: GuestExits(words[1], words[2], core=core),
        7: lambda: TimePasses(words[1], core=core),
    }
    return made[kind]()

"""From a long program that fails to a short one on a small system, and from that to the source of a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from keelback.prover.fuzz.kernel import BootValues, Kernel
from keelback.prover.fuzz.run import BrokenBoot, Failure, find_failure
from keelback.prover.fuzz.steps import Call, Step

SPARE_TABLES = ("slots", "fp_states", "vcpus", "endpoints", "notifications")
"""Tables from which single rows may be missing without the rest losing its meaning."""


def shrink(kernel: Kernel, failure: Failure) -> Failure:
    """Leave out steps and capabilities, and make words zero, as long as the program still fails.

    The reason may become another one.
    """
    best = failure
    size = len(best.steps) // 2
    while size:
        best = _without_chunks(kernel, best, size)
        size //= 2
    best = _without_chunks(kernel, best, 1)
    best = _with_plain_words(kernel, best)
    return _with_small_boot(kernel, best)


def _try(kernel: Kernel, boot: BootValues, steps: Sequence[Step]) -> Failure | None:
    try:
        return find_failure(kernel, boot, steps)
    except BrokenBoot:
        return None


def _without_chunks(kernel: Kernel, best: Failure, size: int) -> Failure:
    """Try to leave out each run of `size` steps, from the end on."""
    end = len(best.steps) - 1
    while end > 0:
        start = max(0, end - size)
        best = _try(kernel, best.boot, best.steps[:start] + best.steps[end:]) or best
        end = min(start, len(best.steps) - 1)
    return best


def _with_plain_words(kernel: Kernel, best: Failure) -> Failure:
    number = 0
    while number < len(best.steps):
        for simpler in _simpler(best.steps[number]):
            found = _try(kernel, best.boot, (*best.steps[:number], simpler, *best.steps[number + 1 :]))
            if found is not None:
                best = found
                break
        number += 1
    return best


def _simpler(step: Step) -> list[Step]:
    """The same step with fewer words, the simplest first."""
    if not isinstance(step, Call):
        return []
    shorter: list[Step] = [replace(step, words=step.words[:count]) for count in range(len(step.words))]
    zeroed = tuple(0 if word > 64 else word for word in step.words)
    return [*shorter, replace(step, words=zeroed)] if zeroed != step.words else shorter


def _with_small_boot(kernel: Kernel, best: Failure) -> Failure:
    for table in SPARE_TABLES:
        for index in list(best.boot.get(table, {})):
            rows = {number: row for number, row in best.boot[table].items() if number != index}
            best = _try(kernel, {**best.boot, table: rows}, best.steps) or best
    without_lines: BootValues = {**best.boot, "interrupts": {}, "line_owners": {}}
    return _try(kernel, without_lines, best.steps) or best


def render(failure: Failure, name: str) -> str:
    """A test that fails as long as the kernel, or the specification, is wrong."""
    lines = [f"def test_{name}(kernel: CompiledKernel) -> None:"]
    lines += [f"    # {reason}" for reason in failure.reasons[:8]]
    lines.append("    boot: BootValues = {")
    for table, rows in failure.boot.items():
        if rows:
            lines += [
                f'        "{table}": {{',
                *(f"            {i}: {row!r}," for i, row in rows.items()),
                "        },",
            ]
    lines += ["    }", "    steps = [", *(f"        {step!r}," for step in failure.steps), "    ]"]
    lines.append("    assert find_failure(kernel, boot, steps) is None")
    return "\n".join(lines) + "\n"

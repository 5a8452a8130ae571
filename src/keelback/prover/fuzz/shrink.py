"""From a long program that fails to a short one, and from that to the source of a test."""

from __future__ import annotations

from dataclasses import replace

from keelback.prover.fuzz.kernel import Kernel
from keelback.prover.fuzz.run import Failure, find_failure
from keelback.prover.fuzz.steps import Call, Step


def shrink(kernel: Kernel, failure: Failure) -> Failure:
    """Leave out steps, and make words zero, as long as the program still fails. The reason may become another one."""
    best = failure
    size = len(best.steps) // 2
    while size:
        best = _without_chunks(kernel, best, size)
        size //= 2
    best = _without_chunks(kernel, best, 1)
    return _with_plain_words(kernel, best)


def _without_chunks(kernel: Kernel, best: Failure, size: int) -> Failure:
    """Try to leave out each run of `size` steps, from the end on."""
    end = len(best.steps) - 1
    while end > 0:
        start = max(0, end - size)
        shorter = find_failure(kernel, best.boot, best.steps[:start] + best.steps[end:])
        if shorter is not None:
            best = shorter
        end = min(start, len(best.steps) - 1)
    return best


def _with_plain_words(kernel: Kernel, best: Failure) -> Failure:
    for number in range(len(best.steps)):
        if number >= len(best.steps):
            break
        for simpler in _simpler(best.steps[number]):
            steps = (*best.steps[:number], simpler, *best.steps[number + 1 :])
            found = find_failure(kernel, best.boot, steps)
            if found is not None:
                best = found
                break
    return best


def _simpler(step: Step) -> list[Step]:
    """The same step with fewer words, the simplest first."""
    if not isinstance(step, Call):
        return []
    shorter: list[Step] = [replace(step, words=step.words[:count]) for count in range(len(step.words))]
    zeroed = tuple(0 if word > 64 else word for word in step.words)
    return [*shorter, replace(step, words=zeroed)] if zeroed != step.words else shorter


def render(failure: Failure, name: str) -> str:
    """A test that fails as long as the kernel, or the specification, is wrong."""
    comment = [f"    # {reason}" for reason in failure.reasons[:8]]
    steps = [f"        {step!r}," for step in failure.steps]
    lines = [
        f"def test_{name}(kernel: CompiledKernel) -> None:",
        *comment,
        "    steps = [",
        *steps,
        "    ]",
        f"    assert find_failure(kernel, {failure.boot:#x}, steps) is None",
    ]
    return "\n".join(lines) + "\n"

"""Random programs: the compiled kernel does what the specification says, and keeps its invariants."""

from __future__ import annotations

import pytest

from keelback.abi import errors, syscalls
from keelback.prover.fuzz import CompiledKernel, Statistics, fuzz, render, shrink

CALLS = 10_000
"""Per seed; `keel fuzz` runs longer."""


@pytest.mark.parametrize("seed", [1, 2])
def test_the_kernel_does_what_is_specified(kernel: CompiledKernel, seed: int) -> None:
    statistics = Statistics()
    failure = fuzz(kernel, seed, CALLS, statistics)
    if failure is not None:
        pytest.fail("\n" + render(shrink(kernel, failure), f"seed_{seed}"))
    assert {number for number, status in statistics.results if status == errors.OK} >= EVERY_CALL
    assert {status for _, status in statistics.results} == EVERY_STATUS


EVERY_CALL = set(range(syscalls.SYSTEM_CALL_COUNT)) - {syscalls.SYSTEM_OFF}
"""SYSTEM_OFF returns only to be refused."""

EVERY_STATUS = set(range(errors.OK, errors.OCCUPIED + 1)) - {errors.RESTARTED}
"""RESTARTED ends a call that was not refused."""

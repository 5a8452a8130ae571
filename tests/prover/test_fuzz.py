"""Random programs: the compiled kernel does what the specification says, and keeps its invariants."""

from __future__ import annotations

import pytest

from keelback.abi import syscalls
from keelback.prover.fuzz import CompiledKernel, Statistics, fuzz, render, run_in_bulk, shrink

CALLS = 10_000
"""Per seed; `test_fuzz_at_length` and `keel fuzz` run longer."""
BULK_CALLS = 100_000


@pytest.mark.parametrize("seed", [1, 2])
def test_the_kernel_does_what_is_specified(kernel: CompiledKernel, seed: int) -> None:
    statistics = Statistics()
    failure = fuzz(kernel, seed, CALLS, statistics)
    if failure is not None:
        pytest.fail("\n" + render(shrink(kernel, failure), f"seed_{seed}"))
    assert {number for number, _ in statistics.results} == set(range(syscalls.SYSTEM_CALL_COUNT + 1))


def test_bulk_keeps_every_invariant(kernel: CompiledKernel) -> None:
    statistics = Statistics()
    failure = run_in_bulk(kernel, 3, BULK_CALLS, statistics)
    if failure is not None:
        pytest.fail("\n" + render(shrink(kernel, failure), "bulk"))
    assert statistics.calls == BULK_CALLS == sum(statistics.results.values())
    assert {number for number, _ in statistics.results} == set(range(syscalls.SYSTEM_CALL_COUNT + 1))

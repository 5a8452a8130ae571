"""A million random calls beside the specification, and many more in bulk."""

from __future__ import annotations

import time

import pytest

from keelback.abi import errors, syscalls
from keelback.prover.fuzz import CompiledKernel, Statistics, fuzz, render, run_in_bulk, shrink

PIECES = 10
PIECE_CALLS = 100_000
BULK_CALLS = 2_000_000
LEAST_RATE = 100_000
"""Calls in bulk for each second of one processor; several times as many are usual."""

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", range(100, 100 + PIECES))
def test_the_kernel_does_what_is_specified(kernel: CompiledKernel, seed: int) -> None:
    statistics = Statistics()
    failure = fuzz(kernel, seed, PIECE_CALLS, statistics)
    if failure is not None:
        pytest.fail("\n" + render(shrink(kernel, failure), f"seed_{seed}"))
    assert kernel.observer.is_up_to_date()
    assert {number for number, _ in statistics.results} == set(range(syscalls.SYSTEM_CALL_COUNT + 1))
    assert {number for number, status in statistics.results if status == errors.OK} == EVERY_CALL
    assert {status for _, status in statistics.results} == EVERY_STATUS


EVERY_CALL = set(range(syscalls.SYSTEM_CALL_COUNT)) - {syscalls.SYSTEM_OFF}
"""SYSTEM_OFF returns only to be refused."""

EVERY_STATUS = set(range(errors.OK, errors.DIRTY + 1)) - {errors.RESTARTED, errors.TIMEOUT}
"""RESTARTED and TIMEOUT end calls that were not refused."""


def test_calls_in_bulk_keep_every_invariant(kernel: CompiledKernel) -> None:
    statistics = Statistics()
    started = time.process_time()
    failure = run_in_bulk(kernel, 7, BULK_CALLS, statistics)
    seconds = time.process_time() - started
    if failure is not None:
        pytest.fail("\n" + render(shrink(kernel, failure), "bulk"))
    assert statistics.calls == BULK_CALLS
    assert statistics.calls / seconds > LEAST_RATE

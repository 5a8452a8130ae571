"""What random programs found, each as a short program that failed once."""

from __future__ import annotations

import pytest

from keelback.abi import objects, syscalls
from keelback.prover.fuzz import CompiledKernel, find_failure
from keelback.prover.fuzz.steps import Call, Fault
from tests.kernel.specification.systems import capability, make_system

LOW, MIDDLE, HIGH = 1, 2, 3
RECORD_ALL = {0: {"trace_mask": (1 << 64) - 1}}


@pytest.mark.parametrize(("number", "slot"), [(syscalls.WAIT, 2), (syscalls.RECEIVE, 1)])
def test_a_signal_without_bits_wakes_nobody(kernel: CompiledKernel, number: int, slot: int) -> None:
    boot = make_system([10, 20], {(LOW, 3): capability(objects.NOTIFICATION, MIDDLE, badge=0)})
    assert find_failure(kernel, boot, [Call(number, slot), Call(syscalls.SIGNAL, 3)]) is None


@pytest.mark.parametrize("number", [syscalls.THREAD_STOP, syscalls.THREAD_START])
def test_the_trace_says_who_stopped_a_server_though_its_client_runs_at_once(
    kernel: CompiledKernel, number: int
) -> None:
    slots = {(MIDDLE, 3): capability(objects.ENDPOINT, HIGH), (LOW, 3): capability(objects.THREAD, HIGH)}
    boot = make_system([10, 20, 30], slots, cores=RECORD_ALL)
    steps = [Call(syscalls.RECEIVE, 1), Call(syscalls.CALL, 3), Fault(1), Call(number, 3)]
    assert find_failure(kernel, boot, steps) is None

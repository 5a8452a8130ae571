"""Programs that the fuzzer found and shrank, each of which failed once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from keelback.abi import syscalls
from keelback.prover.fuzz import CompiledKernel, find_failure
from keelback.prover.fuzz.steps import Call, EndSlice, Fault, Step, TimerFires

PROGRAMS: dict[str, tuple[int, Sequence[Step]]] = {
    "a signal without bits does not end WAIT": (
        0xC44854CB,
        [Call(syscalls.WAIT, 2), Call(syscalls.REPLY_RECEIVE, 1), Call(syscalls.SIGNAL, 10)],
    ),
    "a signal without bits does not end RECEIVE": (
        0xF333F73E,
        [Call(syscalls.RECEIVE, 11), EndSlice(), EndSlice(), EndSlice(), Call(syscalls.SIGNAL, 6)],
    ),
    "a timer that is not past any more gives no interrupt": (
        0xC44DAC3F,
        [Fault(6, 47, 47), TimerFires(3), Call(syscalls.THREAD_START, 9), Call(syscalls.VCPU_WRITE, 6, (44, 256))],
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_stays_mended(kernel: CompiledKernel, name: str) -> None:
    boot, steps = PROGRAMS[name]
    assert find_failure(kernel, boot, steps) is None

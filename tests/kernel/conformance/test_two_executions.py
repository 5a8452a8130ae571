"""The same steps in CPython and compiled for this machine: equal bytes in every table after each of them."""

from __future__ import annotations

import random

import pytest

from keelback.abi import limits
from keelback.prover.fuzz import CompiledKernel
from keelback.prover.fuzz.boot import make_boot, start
from keelback.prover.fuzz.choice import choose_step
from keelback.prover.fuzz.run import begin
from tests.kernel.conformance.imported import ImportedKernel

PARAMETERS = {
    "thread_count": limits.THREAD_COUNT,
    "endpoint_count": limits.ENDPOINT_COUNT,
    "notification_count": limits.NOTIFICATION_COUNT,
    "interrupt_count": limits.INTERRUPT_COUNT,
    "vcpu_count": limits.VCPU_COUNT,
    "table_count": limits.TABLE_COUNT,
    "slot_count": limits.SLOT_COUNT,
    "trace_count": limits.TRACE_COUNT,
}
STEPS = 40


@pytest.fixture(scope="module")
def compiled() -> CompiledKernel:
    return CompiledKernel(PARAMETERS)


@pytest.fixture(scope="module")
def imported(compiled: CompiledKernel) -> ImportedKernel:
    return ImportedKernel(compiled, PARAMETERS)


@pytest.mark.parametrize("seed", range(6))
def test_tables_are_equal_after_every_step(compiled: CompiledKernel, imported: ImportedKernel, seed: int) -> None:
    boot = make_boot(compiled, seed)
    chance = random.Random(seed)
    state = begin(compiled, boot)
    start(imported, boot)
    assert imported.bytes() == compiled.bytes()
    done: list[object] = []
    for _ in range(STEPS):
        step = choose_step(state, chance)
        done.append(step)
        step.act(compiled, state)
        step.act(imported, state)
        left, right = imported.bytes(), compiled.bytes()
        assert [name for name in left if left[name] != right[name]] == [], done
        compiled.observer.look()
        state = compiled.observer.state

"""The same steps in CPython and compiled for this machine: equal bytes in every table after each of them."""

from __future__ import annotations

import random

import pytest

from keelback.prover.fuzz import CompiledKernel
from keelback.prover.fuzz.boot import make_boot, start
from keelback.prover.fuzz.choice import choose_step
from keelback.prover.fuzz.run import begin, take_step
from tests.kernel.conformance.imported import ImportedKernel, differing

STEPS = 60
Kernels = tuple[CompiledKernel, ImportedKernel]


@pytest.mark.parametrize("seed", range(6))
def test_tables_are_equal_after_every_step(both_kernels: Kernels, seed: int) -> None:
    kernel, imported = both_kernels
    boot = make_boot(kernel, seed)
    chance = random.Random(seed)
    state = begin(kernel, boot)
    start(imported, boot)
    assert differing(kernel, imported) == []
    done: list[object] = []
    for _ in range(STEPS):
        step = choose_step(state, chance)
        done.append(step)
        imported.enter(step.core, state.now)
        step.act(imported, state)
        imported.invoke("driver.charge")
        assert take_step(kernel, state, step) == (), done
        assert differing(kernel, imported) == [], done

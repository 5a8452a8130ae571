"""The same steps in CPython and compiled for this machine: equal bytes in every table after each of them."""

from __future__ import annotations

import random
import struct

import pytest

from keelback.prover.fuzz import CompiledKernel
from keelback.prover.fuzz.boot import make_boot, start
from keelback.prover.fuzz.choice import choose_step
from keelback.prover.fuzz.run import begin, take_step
from tests.kernel.conformance.imported import ImportedKernel

STEPS = 60
FIRST_TABLE = "arch.aarch64.translations.stage2_of"
"""Gives, for address space 0, the address of the translation tables."""


Kernels = tuple[CompiledKernel, ImportedKernel]


def differing(kernel: CompiledKernel, imported: ImportedKernel) -> list[str]:
    """The tables that are not the same, addresses of translation tables apart, which differ by the same number."""
    left, right = kernel.bytes(), imported.bytes()
    apart = kernel.invoke(FIRST_TABLE, 0) - imported.invoke(FIRST_TABLE, 0)
    return [name for name in left if not is_same(left[name], right[name], apart)]


def is_same(left: bytes, right: bytes, apart: int) -> bool:
    """Whether all words are the same, or so far apart."""
    return left == right or (
        len(left) % 8 == 0
        and all(a == b or a - b == apart for a, b in zip(words_of(left), words_of(right), strict=True))
    )


def words_of(data: bytes) -> tuple[int, ...]:
    """The 64-bit words of a table."""
    return struct.unpack(f"<{len(data) // 8}Q", data)


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

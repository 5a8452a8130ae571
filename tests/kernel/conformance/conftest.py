"""One compiled and one imported kernel for all behaviours; a fresh system for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from keelback.prover.fuzz.kernel import CompiledKernel
from tests.kernel.conformance.imported import ImportedKernel
from tests.kernel.conformance.world import PARAMETERS, World


@pytest.fixture(scope="session")
def both_kernels() -> tuple[CompiledKernel, ImportedKernel]:
    compiled = CompiledKernel(PARAMETERS)
    return compiled, ImportedKernel(compiled)


@pytest.fixture
def world(both_kernels: tuple[CompiledKernel, ImportedKernel]) -> Iterator[World]:
    made = World(*both_kernels)
    yield made
    made.check()

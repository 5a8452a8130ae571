"""One compiled kernel for all tests here; each loads its own tables."""

from __future__ import annotations

import pytest

from keelback.prover.fuzz import CompiledKernel


@pytest.fixture(scope="session")
def kernel() -> CompiledKernel:
    return CompiledKernel()

"""Every test of the kernel starts with the small system of `support`."""

from __future__ import annotations

import pytest

from tests.kernel import support


@pytest.fixture(autouse=True)
def small_system() -> None:
    support.make_system()

"""The counter, as the processor has it."""

from __future__ import annotations

import pytest

from keelback.lang.registers import system_registers
from keelback.user.runtime import counter, counter_frequency


def test_the_counter_and_its_frequency_are_the_virtual_timers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(system_registers, "cntvct_el0", 123456789)
    monkeypatch.setitem(system_registers, "cntfrq_el0", 62_500_000)
    assert counter() == 123456789
    assert counter_frequency() == 62_500_000

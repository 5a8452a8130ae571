"""What the report shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keelback.reports.latency import Latency, measure_latency, render, to_data
from tests.reports.latency.assembled import assemble

SLOW = "mov x9, #600\n1: bl step\nsub x9, x9, #1\ncbnz x9, 1b\neret"


@pytest.fixture
def latency(tmp_path: Path) -> Latency:
    return measure_latency(assemble(tmp_path, SLOW, functions="step: ret"))


def test_a_call_over_the_limit_is_marked(latency: Latency) -> None:
    lines = render(latency).splitlines()
    assert next(line for line in lines if "SIGNAL" in line).split() == ["SIGNAL", "2,403", "over", "1,000"]
    assert "over" not in next(line for line in lines if "device" in line)


def test_the_last_lines_give_the_kernels_bounds(latency: Latency) -> None:
    text = render(latency)
    assert "Interrupts are masked for at most 2,403 instructions," in text
    assert "ends at most 2,405 after it came." in text
    assert "waiting for the lock" not in text


def test_where_the_instructions_are(latency: Latency) -> None:
    lines = render(latency, where=True).splitlines()
    place = next(number for number, line in enumerate(lines) if "SIGNAL" in line)
    assert [line.split() for line in lines[place + 1 : place + 3]] == [["1,802", "synchronous_entry"], ["600", "step"]]


def test_the_data_are_json(latency: Latency) -> None:
    data = json.loads(json.dumps(to_data(latency)))
    call = next(entry for entry in data["entries"] if entry["name"] == "SIGNAL")
    assert (call["kind"], call["instructions"], call["over_limit"]) == ("system call", 2403, True)
    assert call["functions"][0] == {"name": "synchronous_entry", "instructions": 1802}
    assert (data["masked"], data["interrupt_latency"], data["waits_for_lock"]) == (2403, 2405, False)

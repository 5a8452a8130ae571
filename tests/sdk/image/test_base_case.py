"""The base case of the proofs: a described system's first state, started by the kernel's own code, keeps every
invariant that the calls preserve."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keelback.prover.fuzz.kernel import CompiledKernel
from keelback.prover.invariants.check import contradictions
from keelback.sdk.image.boot_state import boot_values, kernel_parameters
from keelback.sdk.image.flat_image import assemble_image, place_programs
from keelback.sdk.image.plan import Extent, Plan
from keelback.sdk.image.wiring import plan_system
from tests.sdk.image.handmade import build_handmade
from tests.sdk.image.test_flat_image import make_system

TRACE_COUNT = 8


def first_state(plan: Plan, folder: Path) -> dict[str, dict[Any, Any]]:
    """What the image builder writes, translation tables included."""
    built = build_handmade(plan, folder)
    place_programs(plan, built)
    layout = assemble_image(plan, built).layout
    images = {component.index: built[component.name].image for component in plan.components}
    values = boot_values(plan, layout, images, Extent("kernel line table", "kernel", "lines", 4096))
    words = (word for table in layout.zone.tables for word in table)
    return {**values, "entries": {index: word for index, word in enumerate(words) if word}}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> CompiledKernel:
    plan = plan_system(make_system())
    kernel = CompiledKernel({**kernel_parameters(plan), "trace_count": TRACE_COUNT})
    kernel.load(first_state(plan, tmp_path_factory.mktemp("base")))
    kernel.enter(0, 1000)
    kernel.invoke("scheduler.commit_start_all")
    return kernel


def test_the_started_system_keeps_every_invariant(started: CompiledKernel) -> None:
    assert contradictions(started.tables()) == []


def test_a_damaged_one_does_not(started: CompiledKernel) -> None:
    started.poke("pools", 1, "owned", started.peek("pools", 1, "owned") + 1)
    assert any("pools_know_how_much_they_own" in text for text in contradictions(started.tables()))

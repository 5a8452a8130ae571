"""What a description tells a program that does not ask for it is refused, with the nearest name that it asks for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from keelback.sdk import ComponentImage, ProtectionDomain, System
from keelback.sdk.image.components import Built
from keelback.sdk.image.wiring import plan_system
from keelback.sdk.parameters import check_parameters
from keelback.sdk.programs import find_program_mistakes
from keelback.sdk.system.checks import InvalidSystem
from tests.sdk.image.handmade import build_handmade

WORKER = '''"""Says how fast it is."""

from __future__ import annotations

from typing import Final

from keelback.lang import parameter, u64
from keelback.user.runtime import log_number

SPEED: Final = parameter("speed", 1)


def init() -> None:
    """Runs once."""
    log_number("speed", u64(SPEED))
'''


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    path = tmp_path / "worker.py"
    path.write_text(WORKER)
    return path


def silent(_: str) -> None:
    pass


def system_with(worker: Path, **parameters: int) -> System:
    system = System()
    image = ComponentImage(worker, parameters=parameters)
    system.add(ProtectionDomain("one", source=worker, priority=5, parameters=parameters, loads={"inner": image}))
    return system


def test_what_is_asked_for_is_accepted(worker: Path) -> None:
    assert find_program_mistakes(system_with(worker, speed=3), silent) == []


def test_a_misspelt_one_is_refused_with_the_nearest(worker: Path) -> None:
    found = find_program_mistakes(system_with(worker, sped=3), silent)
    assert len(found) == 2, "of the domain, and of what it loads"
    assert "`one` has no parameter `sped`" in found[0] and f"{Path(__file__).name}:" in found[0]
    assert found[0].endswith("help: did you mean `speed`?")
    assert "`one.inner` has no parameter `sped`" in found[1]


def test_one_like_none_may_be_removed(worker: Path) -> None:
    found = find_program_mistakes(system_with(worker, colour=3), silent)
    assert any(text.endswith("help: remove it, or ask for it with `parameter(...)`") for text in found)


def test_building_refuses_it_too(worker: Path, tmp_path: Path) -> None:
    plan = plan_system(system_with(worker, sped=3))
    made = build_handmade(plan, tmp_path)
    built: dict[str, Built] = {name: replace(program, asked=("speed",)) for name, program in made.items()}
    with pytest.raises(InvalidSystem, match="did you mean `speed`"):
        check_parameters(plan, built)
    check_parameters(plan, {name: replace(program, asked=("sped",)) for name, program in made.items()})

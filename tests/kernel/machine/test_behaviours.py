"""Conformance behaviours, one by one, on the emulated machine: a third execution beside CPython and the kernel compiled
for this machine. How a behaviour comes there, and what is compared, is said in `replay`.

UNPLAYED lists every behaviour that is not replayed, by its reason. A behaviour that is written later is replayed, or
has to be listed here.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from keelback.prover.fuzz.kernel import CompiledKernel
from tests.kernel.conformance.world import PARAMETERS
from tests.kernel.machine.replay import NotReplayable, Recorder, Stage, play
from tests.kernel.machine.unplayed import UNPLAYED

FOLDER = Path(__file__).parent.parent / "conformance"
MODULES = sorted(path.stem for path in FOLDER.glob("test_*.py"))
ASSERTION = "it asserts where the program lies, what else is mapped, or that another core has not acted yet"
LEAST = 450


def parameters_of(function: Callable[..., object]) -> Iterator[dict[str, Any]]:
    """What pytest would give a behaviour beside its world."""
    marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
    choices: list[list[dict[str, Any]]] = []
    for mark in marks:
        names, rows = mark.args
        names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
        choices.append([dict(zip(names, row if len(names) > 1 else (row,), strict=True)) for row in rows])
    for chosen in itertools.product(*choices):
        yield {name: value for part in chosen for name, value in part.items()}


def call(function: Callable[..., object], given: dict[str, Any], world: Recorder) -> object:
    return function(world=world, **given)


def behaviours(module: str) -> Iterator[tuple[str, Callable[[Recorder], object]]]:
    """Every behaviour in a module, by name."""
    found = importlib.import_module(f"tests.kernel.conformance.{module}")
    for name, function in vars(found).items():
        if name.startswith("test_") and callable(function) and "world" in inspect.signature(function).parameters:
            for number, given in enumerate(parameters_of(function)):
                label = f"{name}[{number}]" if given else name
                yield label, functools.partial(call, function, given)


def record(stage: Stage, behaviour: Callable[[Recorder], object]) -> Recorder:
    """What a behaviour does; NotReplayable if the machine cannot do it."""
    recorder = Recorder(stage)
    try:
        behaviour(recorder)
    except AssertionError as error:
        raise NotReplayable(ASSERTION) from error
    return recorder


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("behaviours"), CompiledKernel(PARAMETERS))


def attempt(stage: Stage, module: str) -> tuple[dict[str, Recorder], dict[str, str]]:
    """Of a module: what can be replayed, and why the rest cannot."""
    played: dict[str, Recorder] = {}
    unplayed: dict[str, str] = {}
    for name, behaviour in behaviours(module):
        try:
            played[name] = record(stage, behaviour)
        except NotReplayable as error:
            unplayed[f"{module.removeprefix('test_')}::{name.removeprefix('test_')}"] = str(error)
    return played, unplayed


@pytest.mark.boot
@pytest.mark.parametrize("module", MODULES)
def test_behaviours_are_the_same_on_the_machine(stage: Stage, module: str) -> None:
    played, _ = attempt(stage, module)
    wrong = {name: found for name, recorded in played.items() if (found := play(stage, recorded))}
    assert wrong == {}


@pytest.mark.boot
def test_every_behaviour_is_replayed_or_listed(stage: Stage) -> None:
    unplayed: dict[str, str] = {}
    count = 0
    for module in MODULES:
        played, refused = attempt(stage, module)
        count += len(played)
        unplayed |= refused
    print(f"{count} behaviours are replayed on the emulated machine, {len(unplayed)} are not")
    assert unplayed == {name: reason for reason, names in UNPLAYED.items() for name in names}
    assert count >= LEAST

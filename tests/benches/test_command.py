"""The command's exit status says whether figures are worse, and nothing is recorded unless asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from benches import __main__ as command
from benches.counting import CountingError
from benches.record import load_record

NAME = "kernel.call.instructions"
Runner = Callable[[Mapping[str, float]], dict[str, float]]


def measured(value: float) -> dict[str, Runner]:
    def run(recorded: Mapping[str, float]) -> dict[str, float]:
        return {NAME: value}

    return {"kernel": run}


def test_as_recorded_is_status_0(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "RUNNERS", measured(load_record()[NAME]))
    assert command.main(["--only", "kernel"]) == 0
    assert "1 figures, none worse" in capsys.readouterr().out


def test_worse_is_status_1_and_stays_unrecorded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = load_record()[NAME]
    monkeypatch.setattr(command, "RUNNERS", measured(known + 1))
    assert command.main(["--only", "kernel"]) == 1
    assert f"WORSE  {NAME}: {known + 1:g} is more than {known:g}" in capsys.readouterr().out
    assert load_record()[NAME] == known


def test_what_cannot_be_measured_is_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(recorded: Mapping[str, float]) -> dict[str, float]:
        raise CountingError("no plugin")

    monkeypatch.setattr(command, "RUNNERS", {"kernel": fail})
    assert command.main(["--only", "kernel"]) == 2
    assert "no plugin" in capsys.readouterr().err

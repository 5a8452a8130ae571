"""The command line as a whole: help, mistakes as messages, exit status."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.cli import main

SYSTEMS = Path(__file__).resolve().parents[1] / "systems"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for command in ("new", "check", "build", "run", "report", "fuzz", "prove", "doctor"):
        assert f"    {command} " in text


def test_an_unknown_command_is_a_wrong_command_line() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["levitate"])
    assert ended.value.code == 2


@pytest.mark.parametrize("command", [["check"], ["build"], ["run"], ["prove"], ["report", "tcb"]])
def test_a_wrong_description_is_told_with_its_line(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    path = SYSTEMS / "domain_priority_zero.py"
    assert main([*command, str(path)]) == 1
    message = f"{path}:9: priority 0 of `vault` is out of range\n    help: choose 1 (lowest) to 255\n"
    assert capsys.readouterr().err.endswith(message)


def test_a_missing_description_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path)]) == 1
    expected = f"{tmp_path / 'system.py'}:1: there is no such system description\n    help: `keel new NAME` makes one\n"
    assert capsys.readouterr().err == expected

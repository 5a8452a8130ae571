"""`keel new` makes a system that stands on its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.cli import main
from keelback.sdk import check_system, load_system


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_new_system_is_right(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "ticker"]) == 0
    assert capsys.readouterr().out == "made ticker; try: keel run ticker\n"
    assert sorted(path.name for path in (folder / "ticker").iterdir()) == ["README.md", "system.py", "ticker.py"]
    system = load_system(folder / "ticker")
    check_system(system)
    assert [domain.name for domain in system.domains] == ["uart", "console", "monitor", "ticker"]
    assert "greeter" not in (folder / "ticker" / "system.py").read_text()


def test_an_existing_folder_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "ticker").mkdir()
    assert main(["new", "ticker"]) == 1
    assert capsys.readouterr().err == "ticker exists already\n"
    assert list((folder / "ticker").iterdir()) == []


@pytest.mark.parametrize("name", ["Ticker", "2nd", "tick-er", "tick er"])
def test_names_must_be_module_names(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", name]) == 1
    assert f"`{name}` cannot name a component" in capsys.readouterr().err
    assert not (folder / name).exists()

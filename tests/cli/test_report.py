"""`keel report latency` on kernels in assembly; what the figures are, tests/reports/latency asks."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from keelback.cli import common, main
from tests.reports.latency.assembled import assemble


def report(monkeypatch: pytest.MonkeyPatch, elf: Path, *options: str) -> int:
    """Run the command on a system whose kernel is `elf`."""

    def find(name: str) -> Path:
        return elf.with_name(f"{name}.elf")

    def build(path: Path, *, quiet: bool) -> SimpleNamespace:
        return SimpleNamespace(elf=find)

    monkeypatch.setattr(common, "build", build)
    return main(["report", "latency", "anywhere", *options])


def test_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(monkeypatch, assemble(tmp_path, "nop\neret")) == 0
    assert "Interrupts are masked for at most 3 instructions" in capsys.readouterr().out


def test_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(monkeypatch, assemble(tmp_path, "nop\neret"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["masked"] == 3


def test_code_without_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    elf = assemble(tmp_path, "bl search\neret", functions="search: nop\n1: ldr x1, [x0]\ncbnz x1, 1b\nret")
    assert report(monkeypatch, elf) == 1
    error = capsys.readouterr().err
    assert "the kernel's latency has no bound: search" in error
    assert "Traceback" not in error

"""`keel prove` and `keel report proof` on a small kernel: progress, results that are kept, what the report says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keelback.cli import main, prove
from keelback.prover.goals import Job
from tests.prover.test_goals import job, kernel

THREADS = "--executor=concurrent.futures:ThreadPoolExecutor"


@pytest.fixture(autouse=True)
def small_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEELBACK_CACHE", str(tmp_path / "cache"))

    def all_jobs(seconds: float) -> list[Job]:
        wrong = kernel("").replace("icmp ugt i32 %n, 5", "icmp ugt i32 %n, 6")
        return [job(kernel(""), "ranges"), job(wrong, "no-trap")]

    monkeypatch.setattr(prove, "all_jobs", all_jobs)


def test_results_are_told_as_they_come_and_known_later(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", THREADS, "::ranges"]) == 0
    assert "1/1 kernel_mark::ranges: proven" in capsys.readouterr().err
    assert main(["prove", THREADS]) == 1
    shown = capsys.readouterr()
    assert "1/2 kernel_mark::ranges: proven (known)" in shown.err
    assert "2/2 kernel_mark::no-trap: counterexample" in shown.err
    assert "kernel_mark::no-trap fails:" in shown.out
    assert main(["prove", THREADS, "--json"]) == 1
    assert {found["status"] for found in json.loads(capsys.readouterr().out)} == {"proven", "counterexample"}


def test_the_report_proves_nothing_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "proof"]) == 0
    assert "ranges: 0 of 1 proven (1 not run)" in capsys.readouterr().out
    assert main(["prove", THREADS]) == 1
    capsys.readouterr()
    page = tmp_path / "proof.html"
    assert main(["report", "proof", "--json", "--html", str(page)]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["totals"] == {"ranges": {"proven": 1}, "no-trap": {"counterexample": 1}}
    assert '<td class="proven"' in page.read_text()


def test_an_unknown_goal_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "levitate"]) == 1
    assert "no goal is called levitate" in capsys.readouterr().err

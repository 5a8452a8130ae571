"""`keel fuzz`: what it prints, and what it refuses."""

from __future__ import annotations

import re

import pytest

from keelback.cli import main
from keelback.prover.fuzz import campaign


def test_says_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--calls", "500", "--bulk", "20000", "--seed", "3", "--jobs", "1"]) == 0
    first, second, third, fourth = capsys.readouterr().out.splitlines()
    counts = r" calls \([\d,]+ not refused\) and [\d,]+ events in \d+ programs, "
    pattern = counts + r"[\d,]+ calls a second of one processor, 1 at once"
    assert re.fullmatch(r"in bulk: 20,000" + pattern, first)
    assert second.endswith("no trap, every invariant holds")
    assert re.fullmatch(r"compared: 500" + pattern, third)
    assert fourth.endswith("all as specified, every invariant holds")


def test_gives_the_same_programs_to_one_process_and_to_two(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign, "PIECE_CALLS", 400)
    printed: list[str] = []
    for jobs in ("1", "2"):
        assert main(["fuzz", "--calls", "800", "--bulk", "0", "--seed", "3", "--jobs", jobs]) == 0
        printed.append(re.sub(r"[\d,]+ calls a second.*", "", capsys.readouterr().out))
    assert printed[0] == printed[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--calls", "-1"], "--calls: at least 0\n"),
        (["--jobs", "0"], "--jobs: at least 1\n"),
        (["--calls", "0", "--bulk", "0"], "--calls, --bulk: at least 1 call in all\n"),
    ],
)
def test_refuses_what_makes_no_sense(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", *arguments]) == 1
    assert capsys.readouterr().err == message

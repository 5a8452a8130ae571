"""`keel fuzz`: what it prints, and what it refuses."""

from __future__ import annotations

import re

import pytest

from keelback.cli import main


def test_says_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--calls", "500", "--seed", "3"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^500 calls \(\d+ not refused\) and [\d,]+ events in \d+ programs", printed)
    assert "all as specified, every invariant holds" in printed


def test_refuses_no_calls(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "--calls", "0"]) == 1
    assert capsys.readouterr().err == "--calls: at least 1\n"

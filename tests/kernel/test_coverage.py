"""Every line and every branch of the kernel's source is run by the tests beside this one that need no machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MEASURED = os.environ | {"PYTHONPATH": str(ROOT / "src")}


def run(data: Path, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`coverage COMMAND` on this file."""
    line = [sys.executable, "-m", "coverage", command, f"--data-file={data}", *arguments]
    return subprocess.run(line, cwd=ROOT, env=MEASURED, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_every_line_and_branch_of_the_kernel_is_run(tmp_path: Path) -> None:
    sources = ("--branch", "--source=src/keelback/kernel")
    tests = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not boot and not slow", "tests/kernel")
    done = run(tmp_path / "coverage", "run", *sources, *tests)
    assert done.returncode == 0, done.stdout[-2000:]
    report = run(tmp_path / "coverage", "report", "--show-missing", "--fail-under=100")
    assert report.returncode == 0, report.stdout
    assert report.stdout.count("TOTAL") == 1

"""Both type checkers on sample programs: files that must be accepted, and lines that must be refused.

A line of refused/ ends in `# refused` when both mypy and pyright must report an error there; every other line must be
free of errors. So a mistake in the language's annotations shows as a mistake a user could have made unnoticed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ACCEPTED = sorted(HERE.glob("accepted/*.py"))
REFUSED = sorted(HERE.glob("refused/*.py"))

Errors = dict[tuple[str, int], list[str]]  # (file name, line) -> messages


@cache
def mypy_errors(cache_folder: Path) -> Errors:
    """What `mypy --strict`, set up as in pyproject.toml, says about all samples."""
    options = ["--no-error-summary", "--show-error-codes", "--no-pretty", f"--cache-dir={cache_folder}"]
    samples = [str(path.relative_to(ROOT)) for path in (*ACCEPTED, *REFUSED)]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *samples], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found: Errors = {}
    for path, line, message in re.findall(r"^(\S+?):(\d+): error: (.*)$", done.stdout, re.MULTILINE):
        found.setdefault((str(Path(path).relative_to(HERE.relative_to(ROOT))), int(line)), []).append(message)
    return found


@cache
def pyright_errors(project_folder: Path) -> Errors:
    """What pyright in strict mode says about all samples."""
    settings = {
        "include": [os.path.relpath(HERE / name, project_folder) for name in ("accepted", "refused")],
        "extraPaths": [str(ROOT / "src")],
        "pythonVersion": "3.11",
        "typeCheckingMode": "strict",
        "reportUnusedExpression": False,
    }
    project = project_folder / "pyrightconfig.json"
    project.write_text(json.dumps(settings))
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--project", str(project)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(ACCEPTED) + len(REFUSED)
    found: Errors = {}
    for entry in report["generalDiagnostics"]:
        if entry["severity"] == "error":
            key = (str(Path(entry["file"]).relative_to(HERE)), entry["range"]["start"]["line"] + 1)
            found.setdefault(key, []).append(entry["message"])
    return found


@pytest.fixture(scope="session", params=["mypy", "pyright"])
def errors(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Errors:
    checker = mypy_errors if request.param == "mypy" else pyright_errors
    return checker(tmp_path_factory.mktemp(request.param))


def errors_of(path: Path, errors: Errors) -> dict[int, list[str]]:
    name = str(path.relative_to(HERE))
    return {line: messages for (file, line), messages in errors.items() if file == name}


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.name)
def test_accepted(path: Path, errors: Errors) -> None:
    assert errors_of(path, errors) == {}


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.name)
def test_refused(path: Path, errors: Errors) -> None:
    lines = path.read_text().splitlines()
    marked = {number for number, line in enumerate(lines, 1) if line.endswith("# refused")}
    found = errors_of(path, errors)
    assert marked
    missed = {number: lines[number - 1] for number in marked - set(found)}
    assert missed == {}
    unexpected = {number: messages for number, messages in found.items() if number not in marked}
    assert unexpected == {}

"""The tutorial does what it says: its files are written, its commands run, its guest's answers compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from keelback.sdk import load_system
from keelback.sdk.build import build_system
from keelback.sdk.runner import Emulation, Machine, emulator_command

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-component.md"
BLOCK = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = "linux# "


@dataclass(frozen=True)
class Block:
    """A fenced block: its kind (python, console, guest), the file it is, if it is one, and its text."""

    kind: str
    file: str
    body: str


def read_blocks(text: str) -> list[Block]:
    blocks: list[Block] = []
    for match in BLOCK.finditer(text):
        kind, _, file = match["info"].partition(" ")
        blocks.append(Block(kind, file, match["body"]))
    return blocks


BLOCKS = read_blocks(TUTORIAL.read_text())


def keel(folder: Path, *arguments: str) -> str:
    """Run the command in `folder`; fails the test if it fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "keelback.cli", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def write_files(folder: Path) -> None:
    """What a reader types into an editor."""
    for block in BLOCKS:
        if block.file:
            (folder / block.file).write_text(block.body)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which the reader has got as far as section 5."""
    keel(tmp_path, "new", "tally")
    write_files(tmp_path)
    return tmp_path


def test_it_has_the_blocks_that_are_tested() -> None:
    assert [block.file for block in BLOCKS if block.file] == [
        "tally/tally.py",
        "tally/test_tally.py",
        "tally/system.py",
    ]
    assert sum(block.kind == "guest" for block in BLOCKS) == 1


def test_the_component_passes_its_test_in_cpython(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tally"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_mistake_it_suggests_is_explained(folder: Path) -> None:
    component = folder / "tally" / "tally.py"
    component.write_text(component.read_text().replace("words += 1\n", 'words += "1"\n'))
    command = [sys.executable, "-m", "keelback.cli", "check", "tally"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.search(r"tally\.py:\d+:\d+: ", done.stderr)
    assert 'words += "1"' in done.stderr
    assert "help:" in done.stderr


@pytest.mark.boot
def test_the_first_system_greets(tmp_path: Path) -> None:
    keel(tmp_path, "new", "tally")
    with booted(tmp_path / "tally") as machine:
        machine.expect(r"^tally +\| hello from tally$", limit_s=60)


@pytest.mark.boot
@pytest.mark.slow
def test_linux_calls_the_component(folder: Path) -> None:
    keel(folder, "check", "tally")
    (guest,) = [block.body for block in BLOCKS if block.kind == "guest"]
    with booted(folder / "tally") as machine:
        machine.expect(re.escape(PROMPT), limit_s=120)
        for line in guest.splitlines():
            if line.startswith(PROMPT):
                machine.send(line.removeprefix(PROMPT) + "\n")
            else:
                words = r" +".join(map(re.escape, line.split()))
                machine.expect(rf"^linux +\| +{words} *\n", limit_s=30)
    assert "tally" in keel(folder, "report", "tcb", "tally")


def booted(path: Path) -> Machine:
    """The system that a folder describes, running."""
    built = build_system(load_system(path))
    emulation = Emulation(built.board, built.image, built.ram_end, cores=built.cores)
    return Machine(emulator_command(emulation, interactive=False))

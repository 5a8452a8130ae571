"""`keel new`, `build`, `report` and `run` on a fresh system, in a terminal as a user has it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keelback.cli import main

pytestmark = pytest.mark.boot

CONTROL_A = b"\x01"
SYSTEMS = Path(__file__).resolve().parents[1] / "systems"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "ticker"
    assert main(["new", str(folder)]) == 0
    return folder


class Terminal:
    """A command in a pseudo-terminal."""

    def __init__(self, command: list[str]) -> None:
        self.controller, terminal = pty.openpty()
        wrapped = ["timeout", "--foreground", "-k", "5", "120", *command]
        self.process = subprocess.Popen(wrapped, stdin=terminal, stdout=terminal, stderr=terminal)
        os.close(terminal)
        self.text = ""

    def wait_for(self, text: str, limit_s: float = 90.0) -> None:
        deadline = time.monotonic() + limit_s
        while text not in self.text:
            assert time.monotonic() < deadline, f"{text!r} did not come; there is {self.text!r}"
            self.text += os.read(self.controller, 4096).decode("utf-8", "replace")

    def type(self, keys: bytes) -> None:
        os.write(self.controller, keys)

    def close(self) -> int:
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            os.close(self.controller)


def test_a_new_system_runs_in_the_terminal(folder: Path) -> None:
    terminal = Terminal([sys.executable, "-m", "keelback.cli", "run", str(folder)])
    terminal.wait_for("keel: Ctrl-A x ends the machine")
    terminal.wait_for("hello from ticker")
    terminal.type(b"four\r")
    terminal.wait_for("characters typed: 4")
    terminal.type(CONTROL_A + b"x")
    terminal.wait_for("QEMU: Terminated")
    assert terminal.close() == 0


def test_a_debugger_finds_the_machine_waiting(folder: Path) -> None:
    terminal = Terminal([sys.executable, "-m", "keelback.cli", "run", "--gdb", str(folder)])
    terminal.wait_for("the machine waits for: gdb-multiarch -ex 'target remote :1234'")
    terminal.wait_for("keel: Ctrl-A x ends the machine")
    time.sleep(0.5)
    assert "hello" not in terminal.text
    terminal.type(CONTROL_A + b"x")
    assert terminal.close() == 0


def test_check_build_and_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(folder)]) == 0
    assert capsys.readouterr().out == "ticker: 4 domains, no mistakes found\n"
    assert main(["build", str(folder), "-q"]) == 0
    assert "image.bin: " in capsys.readouterr().out
    assert main(["report", "tcb", str(folder)]) == 0
    assert "guest beside Xen's Dom0" in capsys.readouterr().out
    assert main(["report", "tcb", "--json", str(folder)]) == 0
    trusts = {trust["name"]: trust for trust in json.loads(capsys.readouterr().out)}
    assert {part["name"] for part in trusts["ticker"]["parts"]} == {"kernel", "ticker", "monitor"}


def test_prove_tells_who_affects_whom(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", str(folder), "--paths"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("ticker: who (left) can ever affect whom (above), whatever the components do\n")
    assert "    ticker -> monitor: its faults are told to it" in text
    assert main(["prove", str(folder / "system.py"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["subjects"]) == {"uart", "console", "monitor", "ticker"}
    assert found["reached"]["ticker"]["uart"][0]["source"] == "ticker"
    assert found["claims"] == []


def test_a_broken_claim_is_told_by_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    path = SYSTEMS / "isolation_broken.py"
    for command in ("check", "build", "prove"):
        assert main([command, str(path)]) == 1
        assert "one -> between: signals it (`bell -> between`)" in capsys.readouterr().err


def test_a_wrong_component_is_told_with_its_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "system.py").write_text((folder / "system.py").read_text())
    wrong = (folder / "ticker.py").read_text().replace("typed.count)", "typed.count + 1.5)")
    (tmp_path / "ticker.py").write_text(wrong)
    line = 1 + next(index for index, text in enumerate(wrong.splitlines()) if "1.5" in text)
    for command in ("check", "build"):
        assert main([command, str(tmp_path)]) == 1
        assert f"{tmp_path / 'ticker.py'}:{line}:" in capsys.readouterr().err

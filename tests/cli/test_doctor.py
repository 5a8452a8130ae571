"""`keel doctor` finds what is missing and says how to get it."""

from __future__ import annotations

import pytest

from keelback.cli import main
from keelback.cli.doctor import check_emulator, check_package, check_program, check_python


@pytest.mark.parametrize(("version", "good"), [((3, 10), False), ((3, 11), True), ((4, 0), True)])
def test_python(version: tuple[int, int], good: bool) -> None:
    finding = check_python(version)
    assert finding.good is good
    assert finding.remedy == "Keelback needs Python 3.11 or newer"


@pytest.mark.parametrize(
    ("text", "good", "found"),
    [
        ("QEMU emulator version 7.2.22 (Debian 1:7.2)", True, "7.2.22"),
        ("QEMU emulator version 6.2.0", False, "6.2.0"),
        ("nonsense", False, "0.0"),
        (None, False, "not installed (emulates the board)"),
    ],
)
def test_emulator(text: str | None, good: bool, found: str) -> None:
    finding = check_emulator(lambda: text)
    assert (finding.good, finding.found) == (good, found)
    assert finding.remedy.startswith("apt-get install qemu-system-arm")


def test_missing_package_and_program() -> None:
    package, program = (
        check_package("no_such_module", "no-such", "nothing"),
        check_program("no-such", "nothing", "pray"),
    )
    assert (package.good, package.found, package.remedy) == (False, "not installed (nothing)", "pip install no-such")
    assert (program.good, program.found, program.remedy) == (False, "not installed (nothing)", "pray")


def test_the_command_prints_every_finding(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("ok       Python: 3.")]
    assert status == (0 if lines[-1] == "everything is there" else 1)

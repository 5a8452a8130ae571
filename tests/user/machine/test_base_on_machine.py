"""The user level's base on the emulated machine: faults reported by line, floods, a console that stays usable."""

from __future__ import annotations

import hmac
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from keelback.sdk import ProtectionDomain, System
from keelback.sdk.build import build_system
from keelback.sdk.runner import Emulation, Machine, emulator_command

pytestmark = pytest.mark.boot

HERE = Path(__file__).parent / "components"
OFFENDER = HERE / "offender.py"
VAULT = Path(__file__).parents[3] / "examples" / "vault"
KEY = bytes(range(100, 132))
BOOT_LIMIT_S = 60.0
STEP_LIMIT_S = 30.0

# Name, number of the misdeed, what the monitor says, and text of the source line that it names.
# Assembly in line is the caller's.
MISDEEDS = [
    ("overflow", 1, "trap: arithmetic overflow", "numbers[1] = wanted - 1"),
    ("index", 2, "trap: index out of range", "numbers[wanted + 4] = u64(1)"),
    ("assertion", 3, "trap: assertion failed", "assert wanted == 1"),
    (
        "read",
        4,
        "fault: read of memory it does not have at 0x0000007000000000",
        "numbers[1] = nothing.load_u64(wanted)",
    ),
    (
        "write",
        5,
        "fault: write to memory it does not have or may only read at 0x0000000000200000",
        "code.store_u64(wanted, u64(0))",
    ),
    ("hypercall", 6, "fault: instruction that a component may not execute", "        hypercall()"),
    ("stack", 7, "fault: write to memory it does not have or may only read at 0x00000070000007f8", "push_at(nothing"),
    ("jump", 8, "fault: execution of memory that is not code", None),
]


def base_system(name: str) -> System:
    system = System(board="qemu-virt-aarch64", name=name)
    system.add_console()
    vault = system.add(
        ProtectionDomain("vault", source=VAULT / "vault.py", priority=200, parameters={"key_hex": KEY.hex()})
    )
    clerk = system.add(ProtectionDomain("clerk", source=VAULT / "clerk.py", priority=100, keyboard=True))
    system.connect(clerk, vault, name="vault", buffer="4 KiB")
    return system


@contextmanager
def running(system: System, folder: Path) -> Generator[Machine]:
    built = build_system(system, folder)
    emulation = Emulation(built.board, built.image, built.ram_end, cores=built.cores)
    with Machine(emulator_command(emulation, interactive=False), limit_s=180.0) as machine:
        yield machine


def assert_signs(machine: Machine, text: str) -> None:
    machine.send(f"sign {text}\r")
    found = machine.expect(r"clerk +\| signature ([0-9a-f]{64})$", limit_s=STEP_LIMIT_S)
    assert found.group(1) == hmac.digest(KEY, text.encode(), "sha256").hex()


def line_of(text: str) -> int:
    lines = OFFENDER.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_every_misdeed_is_reported_where_it_happened_and_costs_only_its_own(tmp_path: Path) -> None:
    system = base_system("misdeeds")
    for name, misdeed, _, _ in MISDEEDS:
        system.add(ProtectionDomain(name, source=OFFENDER, priority=50, parameters={"misdeed": misdeed}))
    system.add(ProtectionDomain("honest", source=OFFENDER, priority=10))
    with running(system, tmp_path) as machine:
        machine.expect(r"honest +\| still here", limit_s=BOOT_LIMIT_S)
        assert_signs(machine, "after all that")
        shown = machine.transcript
    for name, _, words, source in MISDEEDS:
        report = re.search(rf"monitor +\| {name} stopped: (.*)\nmonitor +\|   in (.*), pc 0x", shown)
        assert report is not None, f"{name} is not reported:\n{shown}"
        assert report.group(1) == words
        if source is None:
            assert report.group(2) == "unknown source"
        else:
            assert re.fullmatch(rf".*offender\.py:{line_of(source)}", report.group(2)), report.group(2)
    assert shown.count("still here") == 1


def test_a_flood_takes_neither_the_console_nor_the_keyboard_away(tmp_path: Path) -> None:
    system = base_system("flood")
    system.add(ProtectionDomain("flooder", source=HERE / "flooder.py", priority=20))
    with running(system, tmp_path) as machine:
        machine.expect(r"flooder +\| noise", limit_s=BOOT_LIMIT_S)
        for number in range(3):
            assert_signs(machine, f"number {number}")
        machine.expect(r"flooder +\| noise", limit_s=STEP_LIMIT_S)

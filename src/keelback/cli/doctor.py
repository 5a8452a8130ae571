"""`keel doctor`: say what is missing on this machine, and how to get it."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from keelback.cli.common import Subparsers

PYTHON_LEAST = (3, 11)
QEMU = "qemu-system-aarch64"
QEMU_LEAST = (7, 0)


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is all right, what was found, and what to do if not."""

    name: str
    good: bool
    found: str
    remedy: str


def add_parser(subparsers: Subparsers) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser("doctor", help="say what is missing on this machine")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Print every finding; status 1 if something is missing."""
    findings = examine()
    for finding in findings:
        print(f"{'ok     ' if finding.good else 'MISSING'}  {finding.name}: {finding.found}")
        if not finding.good:
            print(f"         {finding.remedy}")
    missing = sum(not finding.good for finding in findings)
    print("everything is there" if missing == 0 else f"{missing} to mend")
    return 0 if missing == 0 else 1


def examine() -> list[Finding]:
    """Look at Python, the packages, the emulator, and what fetches the guest's files."""
    return [
        check_python(sys.version_info[:2]),
        check_package("llvmlite", "llvmlite", "generates machine code"),
        check_package("ziglang", "ziglang", "links; compiles C and Zig"),
        check_package("libfdt", "pylibfdt", "writes guests' device trees"),
        check_package("elftools", "pyelftools", "reads linked programs"),
        check_emulator(emulator_version),
        check_program("apt-get", "fetches Debian's kernel for a guest", "only on Debian and its relatives"),
        check_program("dpkg-deb", "unpacks Debian's kernel", "apt-get install dpkg"),
    ]


def check_python(version: tuple[int, int]) -> Finding:
    """Python is new enough."""
    found, wanted = ".".join(map(str, version)), ".".join(map(str, PYTHON_LEAST))
    return Finding("Python", version >= PYTHON_LEAST, found, f"Keelback needs Python {wanted} or newer")


def check_package(module: str, package: str, use: str) -> Finding:
    """A Python package can be imported."""
    good = importlib.util.find_spec(module) is not None
    return Finding(package, good, use if good else f"not installed ({use})", f"pip install {package}")


def emulator_version() -> str | None:
    """What QEMU says of itself, or None when it is not installed."""
    if shutil.which(QEMU) is None:
        return None
    return subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=False).stdout


def check_emulator(read_version: Callable[[], str | None]) -> Finding:
    """QEMU is there and new enough."""
    remedy = "apt-get install qemu-system-arm   (or: dnf install qemu-system-aarch64, brew install qemu)"
    text = read_version()
    if text is None:
        return Finding(QEMU, False, "not installed (emulates the board)", remedy)
    words = text.split()
    version = words[words.index("version") + 1] if "version" in words else "0.0"
    numbers = tuple(int(part) for part in version.split(".")[:2])
    return Finding(QEMU, numbers >= QEMU_LEAST, version, remedy)


def check_program(name: str, use: str, remedy: str) -> Finding:
    """A program is on the path."""
    path = shutil.which(name)
    return Finding(name, path is not None, path or f"not installed ({use})", remedy)

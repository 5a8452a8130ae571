"""What several subcommands need: finding a system, building it with progress, errors as messages."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from keelback.compiler import Diagnostics
from keelback.sdk import DescriptionError, InvalidSystem, System, load_system
from keelback.sdk.build import BuiltSystem, build_system
from keelback.sdk.guest import GuestFilesError
from keelback.sdk.image.components import ProgramErrors

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class UserError(Exception):
    """Something the user has to mend; the text is the whole message."""


def add_system_argument(parser: argparse.ArgumentParser) -> None:
    """SYSTEM: a description, or the folder it is in."""
    parser.add_argument(
        "system", nargs="?", type=Path, default=Path(), metavar="SYSTEM", help="a system.py or its folder (default: .)"
    )


@contextmanager
def user_errors() -> Generator[None]:
    """Turn what a description, a component or a missing file can cause into UserError."""
    try:
        yield
    except (DescriptionError, InvalidSystem, Diagnostics, ProgramErrors, GuestFilesError) as error:
        raise UserError(str(error)) from error


def load(path: Path) -> System:
    """The system a path describes."""
    with user_errors():
        return load_system(path)


def build(path: Path, *, quiet: bool = False, out: Path | None = None) -> BuiltSystem:
    """Build the system a path describes, saying on standard error what goes on."""
    started = time.monotonic()

    def show(text: str) -> None:
        print(f"keel: {time.monotonic() - started:5.1f} s  {text}", file=sys.stderr)

    progress: Callable[[str], None] = (lambda _: None) if quiet else show
    progress(f"reading {path}")
    system = load(path)
    with user_errors():
        return build_system(system, out, progress)

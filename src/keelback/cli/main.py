"""Reads the command line, runs one subcommand, and turns what users can cause into plain messages on standard error."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from keelback.cli import build, check, doctor, fuzz, new, prove, report, run
from keelback.cli.common import UserError

COMMANDS = (new, check, build, run, report, fuzz, prove, doctor)


def make_parser() -> argparse.ArgumentParser:
    """The parser with every subcommand."""
    parser = argparse.ArgumentParser(prog="keel", description="Compose, check, build and run Keelback systems.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `keel`; returns the exit status: 0 for success, 1 for what the user has to mend."""
    options = make_parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status

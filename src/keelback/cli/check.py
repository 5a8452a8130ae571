"""`keel check`: judge a description and type-check its components, build nothing."""

from __future__ import annotations

import argparse
import sys

from keelback.cli.common import Subparsers, UserError, add_system_argument, load, user_errors
from keelback.sdk import check_system
from keelback.sdk.programs import find_program_mistakes


def add_parser(subparsers: Subparsers) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser("check", help="check a system and its components without building")
    add_system_argument(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Report every mistake of the description, or else of the components."""
    system = load(options.system)
    with user_errors():
        check_system(system)
        mistakes = find_program_mistakes(system, lambda name: print(f"keel: checking {name}", file=sys.stderr))
    if mistakes:
        raise UserError("\n".join(mistakes))
    print(f"{system.name}: {len(system.domains)} domains, no mistakes found")
    return 0

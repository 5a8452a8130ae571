"""`keel build`: from a description to an image."""

from __future__ import annotations

import argparse
from pathlib import Path

from keelback.cli import common
from keelback.sdk.system.units import format_size


def add_parser(subparsers: common.Subparsers) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser("build", help="build a system's image and manifest")
    common.add_system_argument(parser)
    parser.add_argument("-o", "--out", type=Path, help="folder to build into (default: build/NAME beside SYSTEM)")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but the result")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Build and say where the image is."""
    built = common.build(options.system, quiet=options.quiet, out=options.out)
    needed = built.ram_end - built.board.ram_base
    size_bytes = built.image.stat().st_size
    print(f"{built.image}: {size_bytes >> 10} KiB for {built.board.name}, needs {format_size(needed)} of RAM")
    return 0

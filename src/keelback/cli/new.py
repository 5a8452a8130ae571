"""`keel new`: a folder with a small working system to start from."""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path

from keelback.cli.common import Subparsers, UserError

TEMPLATE = Path(__file__).parent / "template"
PLACE_OF_NAME = "greeter"
NAME = re.compile(r"[a-z][a-z0-9_]*")


def add_parser(subparsers: Subparsers) -> None:
    """Register the subcommand."""
    parser = subparsers.add_parser("new", help="make a small working system to start from")
    parser.add_argument("name", metavar="NAME", help="name of the folder and of its component")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Copy the template, with the component named as asked for."""
    folder = Path(options.name)
    name = folder.name
    if not NAME.fullmatch(name):
        raise UserError(f"`{name}` cannot name a component: use small letters, digits and `_`, a letter first")
    if folder.exists():
        raise UserError(f"{folder} exists already")
    folder.mkdir(parents=True)
    for path in sorted(TEMPLATE.iterdir()):
        if path.is_file():
            target = folder / path.name.replace(PLACE_OF_NAME, name).replace("README.txt", "README.md")
            target.write_text(path.read_text().replace(PLACE_OF_NAME, name))
    shutil.copystat(TEMPLATE, folder)
    print(f"made {folder}; try: keel run {folder}")
    return 0

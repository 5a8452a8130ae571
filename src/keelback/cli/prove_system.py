"""`keel prove SYSTEM`: who can ever affect whom in a system, and what its description claims of that."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from keelback.cli import common
from keelback.reports import effects


def find_system(names: list[str]) -> Path | None:
    """The description that is meant, if the arguments of `keel prove` are not names of goals."""
    if len(names) != 1 or "::" in names[0]:
        return None
    path = Path(names[0])
    return path if path.suffix == ".py" or (path / "system.py").is_file() or path.parent != Path() else None


def run(path: Path, options: argparse.Namespace) -> int:
    """Build if need be, which judges the boot state and the claims, and print the closure."""
    manifest = common.build(path, quiet=True).manifest
    if options.json:
        print(json.dumps(effects.to_data(manifest), indent=2))
    else:
        print(effects.render(manifest, paths=options.paths))
    return 0 if effects.all_hold(manifest) else 1

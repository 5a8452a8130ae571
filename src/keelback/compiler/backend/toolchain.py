"""Runs ziglang's compiler and linker. They come from PyPI with the package; no cross toolchain is looked for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from keelback.compiler.backend.cache import cache_folder


class ToolError(Exception):
    """A tool of the toolchain refused its input: the command and what it said."""


def run_zig(arguments: Sequence[str | Path]) -> str:
    """Run `zig ARGUMENTS`; returns what it printed. Raises ToolError with its messages when it fails."""
    command = [sys.executable, "-m", "ziglang", *map(str, arguments)]
    zig_cache = str(cache_folder() / "zig")
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": zig_cache, "ZIG_LOCAL_CACHE_DIR": zig_cache}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise ToolError(f"zig {' '.join(map(str, arguments))}\nexited with {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout

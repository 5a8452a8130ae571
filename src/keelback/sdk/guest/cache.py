"""Where guest files are kept between builds, and how two builds at once stay out of each other's way.

Does not decide what is stale: whoever writes a file here names it by what it was made from.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


def guest_cache() -> Path:
    """The folder for fetched and generated guest files: `guest` in $KEELBACK_CACHE, or in ~/.cache/keelback."""
    chosen = os.environ.get("KEELBACK_CACHE")
    folder = (Path(chosen) if chosen else Path.home() / ".cache" / "keelback") / "guest"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Hold the folder's lock: another process that wants the same files waits."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_bytes(data)
    partial.replace(path)

"""Results kept by content: the same inputs are never compiled twice. It does not know what the files mean."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

COMPILER_FOLDER = Path(__file__).resolve().parents[1]
LANGUAGE_FOLDER = COMPILER_FOLDER.parent / "lang"


def cache_folder() -> Path:
    """Where results are kept: $KEELBACK_CACHE, or ~/.cache/keelback."""
    chosen = os.environ.get("KEELBACK_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "keelback"


def content_key(parts: Iterable[str | bytes]) -> str:
    """A name for these parts: equal parts in equal order, and nothing else, give the same one."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


@cache
def compiler_fingerprint() -> str:
    """Changes whenever the compiler's or the language's own sources or tools do: no result outlives its maker."""
    paths = sorted([*COMPILER_FOLDER.rglob("*.py"), *LANGUAGE_FOLDER.rglob("*.py")])
    sources = [part for path in paths for part in (path.name, path.read_bytes())]
    return content_key([sys.version, *(version(tool) for tool in ("llvmlite", "ziglang")), *sources])


class ContentCache:
    """Files by key below one folder of the cache."""

    def __init__(self, kind: str) -> None:
        self.folder = cache_folder() / kind

    def find(self, key: str, suffix: str) -> Path | None:
        """The kept file, if there is one."""
        path = self.path(key, suffix)
        return path if path.is_file() else None

    def path(self, key: str, suffix: str) -> Path:
        return self.folder / key[:2] / f"{key}{suffix}"

    def keep(self, key: str, suffix: str, data: bytes) -> Path:
        """Store `data`; a reader never sees half a file, and a full disk leaves no entry behind."""
        path = self.path(key, suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".incomplete-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return path
